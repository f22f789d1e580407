#include "apps/lda/totals_change.h"

#include <strads/error.h>

#include <string>

namespace strads::lda {

TotalsChange::TotalsChange(std::span<const int64_t> before, std::span<const int64_t> after) {
  for (size_t k = 0; k < after.size(); ++k) {
    if (after[k] == before[k]) continue;
    topics.push_back(static_cast<int32_t>(k));
    changes.push_back(after[k] - before[k]);
  }
  if (topics.size() * (sizeof(int32_t) + sizeof(int64_t)) < after.size() * sizeof(int64_t)) return;
  topics.clear();
  changes.clear();
  for (size_t k = 0; k < after.size(); ++k) changes.push_back(after[k] - before[k]);
}

void TotalsChange::Add(std::span<int64_t> totals, int64_t sign) const {
  const bool is_dense = topics.empty();
  if (changes.empty()) return;
  if (changes.size() != (is_dense ? totals.size() : topics.size()))
    throw ProtocolError("a change of " + std::to_string(changes.size()) +
                        " totals that does not fit its topics");
  for (size_t n = 0; n < changes.size(); ++n) {
    const size_t k = is_dense ? n : static_cast<size_t>(topics[n]);
    if (k >= totals.size()) throw ProtocolError("a change of a topic that there is not");
    totals[k] += sign * changes[n];
  }
}

}  // namespace strads::lda
