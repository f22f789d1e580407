#include "apps/svm/block_inverse.h"

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
  Eigen::MatrixXd block(features_, features_);
  factors_.resize(static_cast<size_t>(classes_));
  const double* next = blocks_.data();
  for (auto& factor : factors_) {
    for (Eigen::Index j = 0; j < features_; next += ++j) {
      block.col(j).head(j + 1) = s * Eigen::Map<const Eigen::VectorXd>(next, j + 1);
      ++block(j, j);
    }
    factor.compute(block);
    if (factor.info() == Eigen::Success) continue;
    blocks_.clear();
    return;
  }
}

std::vector<double> BlockInverse::Times(std::span<const double> x) const {
  std::vector<double> result(x.size());
  const Eigen::Map<const Eigen::MatrixXd> from(x.data(), classes_, features_);
  Eigen::Map<Eigen::MatrixXd> to(result.data(), classes_, features_);
  for (int64_t k = 0; k < classes_; ++k)
    to.row(k) = factors_[static_cast<size_t>(k)].solve(from.row(k).transpose()).transpose();
  return result;
}

}  // namespace strads::svm
