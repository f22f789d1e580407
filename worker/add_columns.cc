#include <algorithm>
#include <numeric>

#include "strads/column_matrix.h"
#include "strads/parallel.h"
#include "worker/kernels.h"

namespace strads {
namespace {

constexpr int64_t kBlockRows = 2048;  // 16 KB of r: stays in the first cache for all columns

}  // namespace

double ColumnMatrix::AddColumnsTracked(std::span<const int32_t> columns,
                                       std::span<const double> scales,
                                       double* r,
                                       ThreadPool& pool) const {
  if (!is_dense_) {
    // Rows of different columns interleave, so that threads would share what they write.
    double change = 0;
    for (size_t c = 0; c < columns.size(); ++c)
      change += AddColumnTracked(columns[c], scales[c], r);
    return change;
  }
  // The blocks do not depend on the number of threads, and so neither does any sum.
  std::vector<double> changes(Index(static_cast<int>((num_rows_ + kBlockRows - 1) / kBlockRows)),
                              0.0);
  pool.ParallelFor(static_cast<int64_t>(changes.size()), [&](int64_t begin, int64_t end) {
    for (int64_t block = begin; block < end; ++block) {
      const int64_t first = block * kBlockRows;
      const int64_t count = std::min(kBlockRows, num_rows_ - first);
      double change = 0;
      for (size_t c = 0; c < columns.size(); ++c) {
        change +=
            kernels::DenseAxpyTracked(scales[c], DenseColumn(columns[c]) + first, r + first, count);
      }
      changes[static_cast<size_t>(block)] = change;
    }
  });
  return std::accumulate(changes.begin(), changes.end(), 0.0);
}

}  // namespace strads
