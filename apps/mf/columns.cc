#include "apps/mf/columns.h"

namespace strads::mf {

Columns::Columns(int64_t rows, int rank)
    : rows_(rows), rank_(rank), values_(static_cast<size_t>(rows * rank), 0.0F) {}

Columns::Columns(const Factors& factors) : Columns(factors.rows(), factors.rank()) {
  for (int64_t row = 0; row < rows_; ++row) {
    const std::span<const float> from = factors.Row(row);
    for (int t = 0; t < rank_; ++t)
      Column(t)[static_cast<size_t>(row)] = from[static_cast<size_t>(t)];
  }
}

Factors Columns::ToFactors() const {
  Factors factors(rows_, rank_);
  for (int64_t row = 0; row < rows_; ++row) {
    const std::span<float> to = factors.Row(row);
    for (int t = 0; t < rank_; ++t)
      to[static_cast<size_t>(t)] = Column(t)[static_cast<size_t>(row)];
  }
  return factors;
}

}  // namespace strads::mf
