#include "apps/lasso/block_sweep.h"

#include <strads/dense_columns.h>

#include <algorithm>
#include <array>

namespace strads::lasso {
namespace {

constexpr size_t kWidth = 32;  // columns of a block
constexpr int kPasses = 4;     // over a block

}  // namespace

BlockSweep::BlockSweep(const ProjectedColumns& columns,
                       const Penalty& penalty,
                       std::span<const int32_t> variables,
                       std::span<const int> units,
                       ThreadPool& pool)
    : columns_(columns), penalty_(penalty), variables_(variables), units_(units) {
  products_.resize((variables.size() + kWidth - 1) / kWidth * kWidth * kWidth);
  const auto blocks = static_cast<int64_t>(products_.size() / (kWidth * kWidth));
  pool.ParallelFor(blocks, [&](int64_t begin, int64_t end) {
    ThreadPool alone(1);
    std::vector<double> pairs;
    for (auto block = static_cast<size_t>(begin); block < static_cast<size_t>(end); ++block) {
      const size_t count = std::min(kWidth, variables.size() - block * kWidth);
      const auto own = variables.subspan(block * kWidth, count);
      columns.GramBlock(own, 0, pairs, alone);
      double* const products = &products_[block * kWidth * kWidth];
      const double* pair = pairs.data();
      for (size_t k = 0; k < count; ++k) {
        for (size_t i = 0; i < k; ++i, ++pair)
          products[k * kWidth + i] = products[i * kWidth + k] = *pair;
        products[k * kWidth + k] = columns.squared_norms[static_cast<size_t>(own[k])];
      }
    }
  });
}

void BlockSweep::Descend(
    size_t first, size_t count, const double* b, double* q, double* change) const {
  const double* const products = &products_[first * kWidth];
  for (int pass = 0; pass < kPasses; ++pass) {
    for (size_t k = 0; k < count; ++k) {
      const auto i = static_cast<size_t>(variables_[first + k]);
      const double xx = columns_.squared_norms[i], before = b[i] + change[k];
      const Penalty::Unit unit = penalty_.unit(units_[first + k]);
      const double after = xx > 0 ? penalty_.Minimise(unit, q[k] + xx * before, xx) : 0;
      const double step = after - before;
      if (step == 0) continue;
      change[k] = after - b[i];
      for (size_t a = 0; a < kWidth; ++a) q[a] -= step * products[k * kWidth + a];
    }
  }
}

int64_t BlockSweep::Run(double* b, Eigen::VectorXd& r, double& mean_r, ThreadPool& pool) {
  int64_t changes = 0;
  std::array<double, kWidth> q;
  std::vector<int32_t> moved;  // of the block before, which r does not know yet
  std::vector<double> scales;
  for (size_t first = 0; first < variables_.size(); first += kWidth) {
    const size_t count = std::min(kWidth, variables_.size() - first);
    const auto own = variables_.subspan(first, count);
    AddAndDot(columns_.x, moved, scales, own, r.data(), q.data(), pool);
    std::fill(q.begin() + static_cast<ptrdiff_t>(count), q.end(), 0.0);
    moved.clear();
    scales.clear();
    if (!columns_.sums.empty()) {
      for (size_t k = 0; k < count; ++k)
        q[k] -= columns_.sums[static_cast<size_t>(own[k])] * mean_r;
    }
    std::array<double, kWidth> change{};
    Descend(first, count, b, q.data(), change.data());
    for (size_t k = 0; k < count; ++k) {
      if (change[k] == 0) continue;
      const auto i = static_cast<size_t>(own[k]);
      b[i] += change[k];
      moved.push_back(own[k]);
      scales.push_back(-change[k]);
      if (!columns_.sums.empty()) mean_r -= change[k] * columns_.sums[i] / columns_.weight;
      ++changes;
    }
  }
  AddAndDot(columns_.x, moved, scales, {}, r.data(), nullptr, pool);
  return changes;
}

}  // namespace strads::lasso
