#include "apps/svm/block_inverse.h"

#include <strads/parallel.h>

#include <Eigen/Core>
#include <algorithm>
#include <utility>

namespace strads::svm {

void BlockInverse::Take(std::vector<double> blocks, int64_t features, int64_t classes) {
  blocks_ = std::move(blocks);
  features_ = features;
  classes_ = classes;
  scale_ = 0;
}

void BlockInverse::Scale(double s) {
  if (s == scale_) return;
  scale_ = s;
  factors_.resize(static_cast<size_t>(classes_));
  ThreadPool pool(1);
  const double* block = blocks_.data();
  for (Cholesky& factor : factors_) {
    const auto fill = [&](int64_t j, double* to) {
      std::transform(block + j * (j + 1) / 2, block + (j + 1) * (j + 2) / 2, to,
                     [s](double value) { return s * value; });
      to[j] += 1;
    };
    factor.Keep(0);
    if (!factor.Extend(features_, fill, pool)) {
      blocks_.clear();
      return;
    }
    block += BlockNumbers(features_, 1);
  }
}

std::vector<double> BlockInverse::Times(std::span<const double> x) const {
  std::vector<double> result(x.size());
  const Eigen::Map<const Eigen::MatrixXd> from(x.data(), classes_, features_);
  Eigen::Map<Eigen::MatrixXd> to(result.data(), classes_, features_);
  for (int64_t k = 0; k < classes_; ++k)
    to.row(k) = factors_[static_cast<size_t>(k)].Solve(from.row(k).transpose()).transpose();
  return result;
}

}  // namespace strads::svm
