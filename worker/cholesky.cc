#include "strads/cholesky.h"

#include <Eigen/Cholesky>
#include <algorithm>

#include "strads/parallel.h"
#include "worker/kernels.h"
#include "worker/panels.h"

namespace strads {
namespace {

using kernels::kPanelColumns;

size_t Size(int64_t n) { return static_cast<size_t>(n); }

}  // namespace

int64_t Cholesky::Keep(int64_t columns) {
  size_ = std::min(size_, columns) / kBlock * kBlock;
  return size_;
}

void Cholesky::Reserve(int64_t columns) {
  if (columns <= stride_) return;
  // Columns a power of two apart would share lines of the cache.
  int64_t stride = std::max(columns, stride_ + stride_ / 4);
  stride = (stride + 7) / 8 * 8;
  if (stride % 64 == 0) stride += 8;
  AlignedVector<double> values(Size(stride * stride));
  for (int64_t j = 0; j < size_; ++j) std::copy_n(Column(j), j + 1, values.data() + stride * j);
  values_ = std::move(values);
  stride_ = stride;
}

// Columns and rows of one block, from what the blocks before have left of them.
bool Cholesky::FactorBlock(int64_t first, int64_t end) {
  using Block = Eigen::Map<Eigen::MatrixXd, 0, Eigen::OuterStride<>>;
  Block block(Column(first) + first, end - first, end - first, Eigen::OuterStride<>(stride_));
  const Eigen::LLT<Eigen::Ref<Eigen::MatrixXd>, Eigen::Upper> factor(block);  // in place
  // A pivot that is no number makes all after it such.
  return factor.info() == Eigen::Success && block(end - first - 1, end - first - 1) > 0;
}

bool Cholesky::Extend(int64_t columns,
                      const std::function<void(int64_t, double*)>& fill,
                      ThreadPool& pool) {
  const int64_t kept = Keep(size_);
  Reserve(columns);
  size_ = 0;
  pool.ParallelFor(columns - kept, [&](int64_t begin, int64_t end) {
    for (int64_t j = kept + begin; j < kept + end; ++j) fill(j, Column(j));
  });
  AlignedVector<double> panels;
  for (int64_t first = 0; first < columns; first += kBlock) {
    const int64_t end = std::min(first + kBlock, columns), rows = end - first;
    if (first >= kept && !FactorBlock(first, end)) return false;
    // The rows of this block, of all columns after it.
    const int64_t count = (columns - end + kPanelColumns - 1) / kPanelColumns;
    const int64_t first_new = std::max<int64_t>(kept - end, 0) / kPanelColumns;
    panels.resize(Size(count * kPanelColumns * rows));
    pool.ParallelFor(count, [&](int64_t begin, int64_t last) {
      for (int64_t p = begin; p < last; ++p) {
        double* part[kPanelColumns];
        const int64_t at = end + kPanelColumns * p;
        const int width = static_cast<int>(std::min<int64_t>(kPanelColumns, columns - at));
        for (int c = 0; c < width; ++c) part[c] = Column(at + c) + first;
        double* const panel = panels.data() + kPanelColumns * rows * p;
        kernels::PackPanel(part, width, rows, panel);
        if (p < first_new) continue;
        kernels::SolvePanel(Column(first) + first, stride_, rows, panel);
        kernels::UnpackPanel(panel, width, rows, part);
      }
    });
    kernels::MultiplyPairs(panels.data(), count, first_new, rows, pool,
                           [&](int64_t a, int64_t b, const double* products) {
                             const int64_t i = end + kPanelColumns * a, j = end + kPanelColumns * b;
                             for (int64_t c = 0; c < std::min<int64_t>(kPanelColumns, columns - j);
                                  ++c) {
                               double* const to = Column(j + c) + i;
                               const int64_t most = std::min<int64_t>(kPanelColumns, j + c - i + 1);
                               for (int64_t r = 0; r < most; ++r)
                                 to[r] -= products[kPanelColumns * r + c];
                             }
                           });
  }
  size_ = columns;
  return true;
}

Eigen::VectorXd Cholesky::Solve(Eigen::VectorXd x) const {
  for (int64_t j = 0; j < size_; ++j)
    x[j] = (x[j] - kernels::DenseDot(Column(j), x.data(), j)) / Column(j)[j];
  for (int64_t j = size_ - 1; j >= 0; --j) {
    x[j] /= Column(j)[j];
    kernels::DenseAxpy(-x[j], Column(j), x.data(), j);
  }
  return x;
}

}  // namespace strads
