#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace strads {

// Chooses the variables of a block that is solved as one: those that matter, and few others.
//
// After each look at all variables those join that violate the optimality conditions most, so many
// that the set has `growth` times as many members as the model has non-zeros or, up to three times
// as many, as it had before (three times the non-zeros at once if nearly all members are); at least
// `first_size`, and a quarter of the non-zeros (Johnson and Guestrin, ICML 2015; Massias, Gramfort
// and Salmon, ICML 2018). Members stay: what is known of their couplings remains of use. A model of
// K non-zeros is found in about log(K / first_size) / log(growth) looks and a few more, however
// correlated the variables are.
class WorkingSet {
 public:
  // Throws UsageError unless first_size >= 1 and growth >= 1.
  WorkingSet(int first_size, double growth);

  // Those of `candidates`, not members yet, that are to join: the ones with the largest scores (at
  // least 0; those of 0 never join), in order of decreasing score, then increasing number, no more
  // than `at_most`.
  // They are members from now on. O(candidates).
  std::vector<int32_t> Grow(std::span<const int32_t> candidates,
                            std::span<const double> scores,
                            int64_t num_nonzeros,
                            int64_t at_most);
  // Those that others have chosen join as well.
  void Join(std::span<const int32_t> variables);

  bool Has(int32_t variable) const;
  int64_t size() const { return size_; }

 private:
  const int first_size_;
  const double growth_;
  std::vector<bool> is_member_;
  int64_t size_ = 0;
};

}  // namespace strads
