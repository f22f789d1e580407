#include "apps/regression/gram.h"

#include <strads/error.h>

namespace strads::regression {

Gram GramOf(const std::vector<double>& triangle, const Variables& variables) {
  const auto count = static_cast<Eigen::Index>(variables.num_features());
  if (std::ssize(triangle) != (count + 1) * (count + 2) / 2)
    throw ProtocolError("a partial does not fit the features");
  const Eigen::Map<const Eigen::VectorXd> inverse(variables.inverses().data(), count);
  Gram gram{.features = Eigen::MatrixXd(count, count), .with_last = {}};
  const double* from = triangle.data();
  for (Eigen::Index b = 0; b < count; from += ++b) {
    gram.features.col(b).head(b + 1) =
        Eigen::Map<const Eigen::VectorXd>(from, b + 1).cwiseProduct(inverse.head(b + 1)) *
        inverse[b];
    gram.features.row(b).head(b) = gram.features.col(b).head(b);
  }
  gram.with_last = Eigen::Map<const Eigen::VectorXd>(from, count).cwiseProduct(inverse);
  gram.last = from[count];
  return gram;
}

}  // namespace strads::regression
