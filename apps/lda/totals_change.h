#pragma once

#include <strads/fields.h>

#include <cstdint>
#include <span>
#include <vector>

namespace strads::lda {

// A change of the totals n_k. A message: 8 bytes for each of K topics, or 12 for each topic that
// changes where that is less.
struct TotalsChange {
  TotalsChange() = default;
  // after - before.
  TotalsChange(std::span<const int64_t> before, std::span<const int64_t> after);

  void AddTo(std::span<int64_t> totals) const { Add(totals, 1); }
  void SubtractFrom(std::span<int64_t> totals) const { Add(totals, -1); }

  std::vector<int32_t> topics = {};   // of each change; none: all, in order
  std::vector<int64_t> changes = {};  // none: there is no change
  STRADS_FIELDS(topics, changes)

 private:
  void Add(std::span<int64_t> totals, int64_t sign) const;
};

}  // namespace strads::lda
