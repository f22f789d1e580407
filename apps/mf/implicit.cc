#include "apps/mf/implicit.h"

namespace strads::mf {
namespace {

using FloatColumn = Eigen::Map<const Eigen::VectorXf>;

FloatColumn Column(const Columns& x, int t) {
  return {x.Column(t).data(), static_cast<Eigen::Index>(x.rows())};
}

}  // namespace

Eigen::VectorXd GramColumn(const Columns& x, int t) {
  Eigen::VectorXd column(x.rank());
  for (int k = 0; k < x.rank(); ++k)
    column[k] = Column(x, k).cast<double>().dot(Column(x, t).cast<double>());
  return column;
}

Eigen::MatrixXd Gram(const Columns& x) {
  Eigen::MatrixXd gram(x.rank(), x.rank());
  for (int t = 0; t < x.rank(); ++t) gram.col(t) = GramColumn(x, t);
  return gram;
}

AllCells OverAllCells(const Columns& x, const Eigen::VectorXd& gram_column, int t) {
  AllCells all;
  Eigen::VectorXd cross = Eigen::VectorXd::Zero(static_cast<Eigen::Index>(x.rows()));
  for (int k = 0; k < x.rank(); ++k) {
    if (k != t) cross += gram_column[k] * Column(x, k).cast<double>();
  }
  all.cross.assign(cross.begin(), cross.end());
  all.gram = gram_column[t];
  return all;
}

double AllCellsLoss(const Eigen::MatrixXd& user_gram, const Eigen::MatrixXd& item_gram) {
  return user_gram.cwiseProduct(item_gram).sum();
}

}  // namespace strads::mf
