#include "apps/svm/class_weights.h"

#include <strads/error.h>
#include <strads/labelled_rows.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <numeric>
#include <optional>
#include <sstream>

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
    std::istringstream words(line.substr(0, line.find('#')));
    std::string label, weight, more;
    if (!(words >> label)) continue;
    words >> weight >> more;
    const std::optional<double> value = NumberOfLabel(weight);
    const std::string place = path_ + ":" + std::to_string(number) + ": ";
    if (!value || *value <= 0 || !more.empty())
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
