#include "strads/working_set.h"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <stdexcept>
#include <string>

#include "strads/error.h"

namespace strads {
namespace {

// A score that somewhat more than `count` of them come to, as far as a sample tells; 0: all do.
double ScoreOfMore(std::span<const double> scores, int64_t count) {
  constexpr size_t kSample = 512, kWorthwhile = 4096;
  if (scores.size() < kWorthwhile) return 0;
  const size_t stride = scores.size() / kSample;
  std::vector<double> sample;
  for (size_t i = 0; i < scores.size(); i += stride) {
    if (scores[i] > 0) sample.push_back(scores[i]);
  }
  const double rank = 1.5 * static_cast<double>(count) / static_cast<double>(stride) + 8;
  if (rank >= static_cast<double>(sample.size())) return 0;
  const auto at = sample.begin() + static_cast<std::ptrdiff_t>(rank);
  std::nth_element(sample.begin(), at, sample.end(), std::greater<>());
  return *at;
}

}  // namespace

WorkingSet::WorkingSet(int first_size, double growth) : first_size_(first_size), growth_(growth) {
  if (first_size < 1)
    throw UsageError("the first size of a working set is " + std::to_string(first_size) +
                     ", expected at least 1");
  if (!(growth >= 1))
    throw UsageError("the growth of a working set is " + std::to_string(growth) +
                     ", expected at least 1");
}

bool WorkingSet::Has(int32_t variable) const {
  const auto j = static_cast<size_t>(variable);
  return j < is_member_.size() && is_member_[j];
}

void WorkingSet::Join(std::span<const int32_t> variables) {
  for (const int32_t variable : variables) {
    if (Has(variable)) continue;
    const auto j = static_cast<size_t>(variable);
    if (j >= is_member_.size()) is_member_.resize(std::max(j + 1, 2 * is_member_.size()), false);
    is_member_[j] = true;
    ++size_;
  }
}

std::vector<int32_t> WorkingSet::Grow(std::span<const int32_t> candidates,
                                      std::span<const double> scores,
                                      int64_t num_nonzeros,
                                      int64_t at_most) {
  if (candidates.size() != scores.size()) {
    throw std::logic_error(std::to_string(candidates.size()) + " candidates with " +
                           std::to_string(scores.size()) + " scores");
  }
  const auto times = [&](int64_t n) {
    return static_cast<int64_t>(growth_ * static_cast<double>(n));
  };
  // Tripling and doubling, as it were, until the set has outgrown the model: few looks at all
  // variables, and few members too many. A violator at the optimum of the set must join, or nothing
  // would change.
  const int64_t most = 3 * num_nonzeros;
  const bool is_full = 10 * num_nonzeros >= 9 * size_;
  const int64_t target =
      std::max(times(num_nonzeros), is_full ? most : std::min(times(size_), most));
  const int64_t wanted =
      std::min(std::max<int64_t>({target - size_, first_size_, num_nonzeros / 4}),
               std::max<int64_t>(at_most, 0));

  struct Violator {
    double score;
    int32_t variable;
  };
  std::vector<Violator> violators;
  const auto find = [&](double least) {
    for (size_t i = 0; i < candidates.size(); ++i) {
      if (scores[i] >= least && scores[i] > 0 && !Has(candidates[i]))
        violators.push_back({scores[i], candidates[i]});
    }
  };
  const double least = ScoreOfMore(scores, wanted);
  find(least);
  if (least > 0 && std::ssize(violators) < wanted) {
    violators.clear();
    find(0);
  }
  const int64_t count = std::min(wanted, std::ssize(violators));
  const auto comes_first = [](const Violator& a, const Violator& b) {
    return a.score != b.score ? a.score > b.score : a.variable < b.variable;
  };
  std::nth_element(violators.begin(), violators.begin() + count, violators.end(), comes_first);
  std::sort(violators.begin(), violators.begin() + count, comes_first);
  std::vector<int32_t> joining;
  joining.reserve(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) joining.push_back(violators[static_cast<size_t>(i)].variable);
  Join(joining);
  return joining;
}

}  // namespace strads
