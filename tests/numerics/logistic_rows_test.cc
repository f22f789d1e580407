#include <gtest/gtest.h>
#include <strads/log1p.h>

#include <Eigen/Core>
#include <cmath>
#include <limits>
#include <vector>

#include "apps/lasso/logistic.h"

namespace strads::testing {
namespace {

constexpr double kUlps = 8 * std::numeric_limits<double>::epsilon();

// From far below the rounding of 1 to far above.
std::vector<double> Magnitudes() {
  std::vector<double> magnitudes = {0, 0.5, 1};
  for (double x = 1e-300; x < 1e3; x *= 7.3) magnitudes.push_back(x);
  return magnitudes;
}

TEST(Log1p, IsThatOfTheStandard) {
  for (const double x : Magnitudes()) {
    const Eigen::Array4d found = Log1p(Eigen::Array4d(Eigen::Array4d::Constant(x)));
    EXPECT_NEAR(found[0], std::log1p(x), kUlps * std::log1p(x)) << x;
    EXPECT_EQ(found[3], found[0]);
  }
}

// Some more than a batch, and a last one that is not full.
TEST(LogisticRows, SeveralAtOnceAreWhatEachIsAlone) {
  std::vector<double> etas;
  for (const double x : Magnitudes()) etas.insert(etas.end(), {x, -x});
  const auto rows = std::ssize(etas);
  ASSERT_NE(rows % lasso::LogisticRows::kRows, 0);
  const Eigen::VectorXd eta = Eigen::Map<const Eigen::VectorXd>(etas.data(), rows);
  Eigen::VectorXd y(rows), weights(rows);
  for (Eigen::Index i = 0; i < rows; ++i) {
    y[i] = i % 3 == 0 ? 1 : 0;
    weights[i] = i % 5 == 0 ? 0 : 0.3 * static_cast<double>(i % 4 + 1);
  }
  for (const Eigen::VectorXd& own : {weights, Eigen::VectorXd()}) {
    Eigen::Index next = 0;
    lasso::ForEachLogistic(y, own, eta, [&](Eigen::Index i, const lasso::LogisticRow& row) {
      EXPECT_EQ(i, next++);
      const double weight = own.size() > 0 ? own[i] : 1;
      const lasso::LogisticRow alone = lasso::LogisticAt(y[i] > 0, weight, eta[i]);
      const auto is_near = [&](double found, double expected, const char* what) {
        EXPECT_NEAR(found, expected, kUlps * std::abs(expected)) << what << " at " << eta[i];
      };
      is_near(row.loss, alone.loss, "loss");
      is_near(row.r, alone.r, "r");
      is_near(row.curvature, alone.curvature, "curvature");
      is_near(row.entropy, alone.entropy, "entropy");
    });
    EXPECT_EQ(next, rows);
  }
}

}  // namespace
}  // namespace strads::testing
