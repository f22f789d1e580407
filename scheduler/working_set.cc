#include "strads/working_set.h"

#include <algorithm>
#include <stdexcept>
#include <string>

#include "strads/error.h"

namespace strads {

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
  struct Violator {
    double score;
    int32_t variable;
  };
  std::vector<Violator> violators;
  violators.reserve(candidates.size());
  for (size_t i = 0; i < candidates.size(); ++i) {
    if (scores[i] > 0 && !Has(candidates[i])) violators.push_back({scores[i], candidates[i]});
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
  const int64_t count =
      std::min({std::max<int64_t>({target - size_, first_size_, num_nonzeros / 4}),
                std::max<int64_t>(at_most, 0), std::ssize(violators)});

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
