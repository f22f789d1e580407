#include "strads/dense_columns.h"

#include <algorithm>
#include <vector>

#include "strads/parallel.h"
#include "worker/kernels.h"

namespace strads {

void AddAndDot(const ColumnMatrix& x,
               std::span<const int32_t> added,
               std::span<const double> scales,
               std::span<const int32_t> asked,
               double* r,
               double* dots,
               ThreadPool& pool) {
  constexpr int64_t kRows = 512;  // 4 KB of r
  const int64_t parts = (x.num_rows() + kRows - 1) / kRows;
  std::vector<double> sums(static_cast<size_t>(parts) * asked.size());
  pool.ParallelFor(parts, [&](int64_t begin, int64_t end) {
    for (int64_t part = begin; part < end; ++part) {
      const int64_t first = kRows * part, rows = std::min(kRows, x.num_rows() - first);
      double* const own = r + first;
      size_t c = 0;
      for (; c + 4 <= added.size(); c += 4) {
        const double* columns[4];
        for (size_t k = 0; k < 4; ++k) columns[k] = x.DenseColumn(added[c + k]) + first;
        kernels::DenseAxpy4(&scales[c], columns, own, rows);
      }
      for (; c < added.size(); ++c)
        kernels::DenseAxpy(scales[c], x.DenseColumn(added[c]) + first, own, rows);
      for (size_t k = 0; k < asked.size(); ++k) {
        const size_t next = std::min(k + 1, asked.size() - 1);
        sums[static_cast<size_t>(part) * asked.size() + k] = kernels::DenseDotAhead(
            x.DenseColumn(asked[k]) + first, own, rows, x.DenseColumn(asked[next]) + first);
      }
    }
  });
  std::fill_n(dots, asked.size(), 0.0);
  for (size_t at = 0; at < sums.size(); ++at) dots[at % asked.size()] += sums[at];
}

}  // namespace strads
