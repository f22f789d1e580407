#include <algorithm>
#include <numeric>

#include "coordinator/flags.h"

namespace strads {
namespace {

// The number of insertions, deletions, substitutions and swaps of neighbours that turn a into b.
size_t EditDistance(const std::string& a, const std::string& b) {
  std::vector<std::vector<size_t>> d(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
  for (size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    for (size_t j = 1; j <= b.size(); ++j) {
      d[i][j] =
          std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
    }
  }
  return d[a.size()][b.size()];
}

}  // namespace

std::vector<std::string> NearMisses(const std::string& name,
                                    const std::vector<std::string>& known) {
  std::vector<std::pair<size_t, std::string>> near;
  for (const std::string& candidate : known) {
    const size_t distance = EditDistance(name, candidate);
    const bool part =
        name.size() >= 3 && (candidate.starts_with(name) || name.starts_with(candidate));
    if (distance <= 1 + candidate.size() / 4 || part) near.emplace_back(distance, candidate);
  }
  std::sort(near.begin(), near.end());
  std::vector<std::string> names;
  for (size_t i = 0; i < std::min<size_t>(near.size(), 3); ++i) names.push_back(near[i].second);
  return names;
}

std::string UnknownOption(const std::string& name, const std::vector<std::string>& known) {
  std::string message = "unknown option '" + name + "'";
  const std::vector<std::string> near = NearMisses(name, known);
  for (size_t i = 0; i < near.size(); ++i)
    message += (i == 0 ? "; did you mean " : " or ") + near[i];
  return message + (near.empty() ? "; --help lists all" : "?");
}

}  // namespace strads
