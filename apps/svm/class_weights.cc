#include "apps/svm/class_weights.h"

#include <strads/error.h>
#include <strads/labelled_rows.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <numeric>
#include <optional>

namespace strads::svm {

ClassWeights::ClassWeights(const std::string& option) {
  if (option.empty()) return;
  is_balanced_ = option == "balanced";
  if (is_balanced_) return;
  path_ = option;
  std::ifstream file(path_);
  if (!file) throw DataError(path_ + ": cannot be opened (--class_weights is a file or balanced)");
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    constexpr char kBlanks[] = " \t\r";
    line.erase(std::min(line.size(), line.find('#')));
    line.erase(line.find_last_not_of(kBlanks) + 1);
    line.erase(0, std::min(line.size(), line.find_first_not_of(kBlanks)));
    if (line.empty()) continue;
    // Labels may have blanks in them.
    const size_t blank = line.find_last_of(kBlanks);
    const bool has_two = blank != std::string::npos;
    std::string label = has_two ? line.substr(0, blank) : "";
    label.erase(label.find_last_not_of(kBlanks) + 1);
    const std::optional<double> value = NumberOfLabel(has_two ? line.substr(blank + 1) : "");
    const std::string place = path_ + ":" + std::to_string(number) + ": ";
    if (!value || *value <= 0)
      throw DataError(place + "no label and weight, expected LABEL WEIGHT with a weight above 0");
    const std::optional<double> name = NumberOfLabel(label);
    if (!weights_.emplace(name ? LabelOfNumber(*name) : label, Given{*value, number}).second)
      throw DataError(place + "a second weight of '" + label + "', expected one");
  }
}

std::vector<double> ClassWeights::Of(const std::vector<std::string>& labels,
                                     std::span<const int64_t> rows) const {
  std::vector<double> weights(labels.size(), 1.0);
  const auto total = static_cast<double>(std::accumulate(rows.begin(), rows.end(), int64_t{0}));
  for (size_t k = 0; is_balanced_ && k < labels.size(); ++k)
    weights[k] = total / (static_cast<double>(labels.size()) * static_cast<double>(rows[k]));
  for (const auto& [label, given] : weights_) {
    const auto found = std::ranges::find(labels, label);
    if (found == labels.end())
      throw DataError(path_ + ":" + std::to_string(given.line) + ": no row has the label '" +
                      label + "', expected one of the data's");
    weights[static_cast<size_t>(found - labels.begin())] = given.weight;
  }
  return weights;
}

}  // namespace strads::svm
