#include "apps/lasso/penalty.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "apps/lasso/dual_bound.h"
#include "apps/lasso/penalty_terms.h"
#include "tests/support/lasso_problems.h"
#include "tests/support/temp_files.h"

namespace strads::testing {
namespace {

using lasso::BestDualBound;
using lasso::GroupStep;
using lasso::Penalty;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Two single variables, 2 and 0, and a group of 3 and 1.
Penalty Mixed() {
  return {{{.first = 0, .count = 1, .l1 = 2, .l2 = 0.5},
           {.first = 1, .count = 1, .l1 = 1, .l2 = 0},
           {.first = 2, .count = 2, .l1 = 3, .l2 = 4}},
          {2, 0, 3, 1},
          {1, 1, 2, 5},
          false};
}

TEST(Penalty, IsTheSumOverItsUnits) {
  const std::vector<double> b = {-3, 0.5, 4, 1};
  const double norm = std::hypot(2 * 1.0, 5 * 0.5);
  EXPECT_DOUBLE_EQ(Mixed().Value(b.data()), 2 * 4 + 0.25 * 16 + 1 * 3 + 3 * norm + 2 * norm * norm);
  EXPECT_EQ(Mixed().Value(std::vector<double>(4).data()), 0);
}

TEST(Penalty, OverSomeUnitsNumbersTheirVariablesAnew) {
  const Penalty part = Mixed().Over(std::vector<int>{2, 0});
  const std::vector<double> b = {1, 0.5, 4};
  const double norm = std::hypot(2 * 1.0, 5 * 0.5);
  EXPECT_DOUBLE_EQ(part.Value(b.data()), 3 * norm + 2 * norm * norm + 2 * 4 + 0.25 * 16);
}

TEST(Penalty, KeepsAUnitAtZeroWhileTheSlopeIsNoSteeperThanL1) {
  const Penalty penalty = Mixed();
  const std::vector<double> zero(4), xx(4, 1.0);
  std::vector<double> change(2), q = {0.999, 3, 1.999, 4.8};
  for (const Penalty::Unit unit : penalty.units()) {
    EXPECT_LE(penalty.Steepness(unit, q.data()), unit.l1);
    EXPECT_FALSE(penalty.Change(unit, zero.data(), q.data(), xx.data(), change.data()));
  }
  q = {1.001, 15.1, -2.001, 4.8};
  for (const Penalty::Unit unit : penalty.units()) {
    EXPECT_GT(penalty.Steepness(unit, q.data()), unit.l1);
    EXPECT_TRUE(penalty.Change(unit, zero.data(), q.data(), xx.data(), change.data()));
  }
}

TEST(Penalty, OfAnInfiniteWeightLeavesAVariableAtZero) {
  const Penalty penalty({{.first = 0, .count = 1, .l1 = kInfinity}}, {}, {}, false);
  const double zero = 0, q = 1e300, xx = 1;
  double change = 1;
  EXPECT_FALSE(penalty.Change(penalty.unit(0), &zero, &q, &xx, &change));
  EXPECT_EQ(penalty.Value(&zero), 0);
}

// The gradient of 1/2 b'A b - z'b + l1 |b| + l2/2 |b|^2 is zero at its least point, and that of
// the first two terms is in the ball of l1 if that is zero.
TEST(GroupStep, FindsThePointWithoutASlope) {
  for (const int size : {1, 2, 5, 20}) {
    for (const int rows : {1, 3, 40}) {
      const Eigen::MatrixXd x =
          DrawMatrix({.rows = rows, .cols = size, .correlation = 0.9, .seed = 7});
      const Eigen::MatrixXd a = x.transpose() * x;
      const Eigen::VectorXd any = DrawMatrix({.rows = size, .cols = 1, .seed = 8}).col(0);
      const GroupStep step(a);
      EXPECT_LE((step.Times(any) - a * any).norm(), 1e-12 * a.norm() * any.norm());
      for (const bool is_in_range : {true, false}) {
        const Eigen::VectorXd z = is_in_range ? a * any : any;
        for (const double l1 : {0.0, 1e-6 * z.norm(), 0.3 * z.norm(), 0.999 * z.norm()}) {
          for (const double l2 : {0.0, 0.5, 100.0}) {
            if (!is_in_range && l2 == 0) continue;  // there may be no such point
            SCOPED_TRACE(std::to_string(size) + " variables, " + std::to_string(rows) + " rows, " +
                         std::to_string(l1) + ", " + std::to_string(l2));
            const Eigen::VectorXd b = step.Minimise(z, l1, l2);
            ASSERT_GT(b.norm(), 0);
            const Eigen::VectorXd slope = a * b - z + (l1 / b.norm() + l2) * b;
            EXPECT_LE(slope.norm(), 1e-9 * z.norm());
          }
        }
        EXPECT_TRUE(step.Minimise(z, 1.001 * z.norm(), 0).isZero(0));
      }
    }
  }
  EXPECT_TRUE(
      GroupStep(Eigen::MatrixXd::Zero(2, 2)).Minimise(Eigen::Vector2d(1, 1), 0, 0).isZero(0));
}

// Their own steps are exact however nearly collinear they are.
TEST(PenaltyTerms, DivideGroupsThatAreNotPenalised) {
  const TempDir dir;
  lasso::Options options;
  options.groups = dir.Write("groups", "7\n8\n7\n8\n7\n");
  options.penalty_factors = dir.Write("factors", "0\n2\n");
  const lasso::PenaltyTerms terms(options, 5, {});
  const Penalty penalty = terms.At(3);
  std::vector<int32_t> free;
  for (const Penalty::Unit unit : penalty.units()) {
    EXPECT_EQ(unit.count, unit.IsFree() ? 1 : 2);
    EXPECT_EQ(unit.l1, unit.IsFree() ? 0 : 6);
    if (unit.IsFree()) free.push_back(penalty.Variable(unit.first));
  }
  EXPECT_EQ(free, (std::vector<int32_t>{0, 2, 4}));
  for (const int32_t j : free)
    EXPECT_EQ(std::ranges::count(terms.group_of(), terms.group_of()[static_cast<size_t>(j)]), 1);
}

class DualBoundTest : public ::testing::Test {
 protected:
  // The objective 1/2 |y - X b|^2 + penalty(b), and its bound at b.
  double Primal(const Penalty& penalty, const Eigen::VectorXd& b) const {
    return 0.5 * (problem_.y - problem_.x * b).squaredNorm() + penalty.Value(b.data());
  }
  double Bound(const Penalty& penalty, const Eigen::VectorXd& b) const {
    const Eigen::VectorXd r = problem_.y - problem_.x * b, q = problem_.x.transpose() * r;
    const Eigen::VectorXd xx = Eigen::MatrixXd(problem_.x).colwise().squaredNorm();
    return BestDualBound(penalty, b.data(), q.data(), xx.data(), problem_.y.dot(r), r.squaredNorm(),
                         kInfinity)
        .value;
  }
  // By steps of coordinate descent with the penalty's own minimiser.
  Eigen::VectorXd Descend(const Penalty& penalty, int sweeps) const {
    const Eigen::MatrixXd x = problem_.x;
    const Eigen::VectorXd xx = x.colwise().squaredNorm();
    Eigen::VectorXd b = Eigen::VectorXd::Zero(x.cols());
    for (int sweep = 0; sweep < sweeps; ++sweep) {
      for (const Penalty::Unit unit : penalty.units()) {
        const Eigen::VectorXd q = x.transpose() * (problem_.y - x * b);
        std::vector<double> change(static_cast<size_t>(unit.count));
        (void)penalty.Change(unit, b.data(), q.data(), xx.data(), change.data());
        for (int32_t k = 0; k < unit.count; ++k)
          b[penalty.Variable(unit.first + k)] += change[static_cast<size_t>(k)];
      }
    }
    return b;
  }

  const Problem problem_ = DrawProblem({.rows = 40, .cols = 4, .correlation = 0.5, .seed = 9});
};

TEST_F(DualBoundTest, IsBelowEveryObjectiveAndMeetsTheLeast) {
  const Penalty ridge({{.first = 0, .count = 4, .l1 = 0, .l2 = 3}}, {0, 1, 2, 3}, {1, 1, 1, 1},
                      false);
  const Penalty bounded({{.first = 0, .l1 = 1},
                         {.first = 1, .l1 = 2},
                         {.first = 2, .l1 = 1, .l2 = 9},
                         {.first = 3, .l1 = 5}},
                        {}, {}, true);
  for (const Penalty& penalty : {Penalty::Lasso(4, 3), Mixed(), ridge, bounded}) {
    const double least = Primal(penalty, Descend(penalty, 2000));
    for (const int sweeps : {0, 1, 2, 5, 20}) {
      const Eigen::VectorXd b = Descend(penalty, sweeps);
      EXPECT_LE(Bound(penalty, b), least * (1 + 1e-12));
      EXPECT_GE(Primal(penalty, b), least * (1 - 1e-12));
    }
    EXPECT_NEAR(Bound(penalty, Descend(penalty, 2000)), least, 1e-9 * least);
  }
}

// No other multiple of the residual gives a better bound.
TEST_F(DualBoundTest, IsTheBestOfAllMultiples) {
  const Penalty penalty = Mixed();
  const Eigen::VectorXd b = Descend(penalty, 1);
  const Eigen::VectorXd r = problem_.y - problem_.x * b, q = problem_.x.transpose() * r;
  const double best = Bound(penalty, b);
  for (double s = 0.001; s < 2; s += 0.001) {
    double value = s * problem_.y.dot(r) - 0.5 * s * s * r.squaredNorm();
    for (const Penalty::Unit unit : penalty.units()) {
      const double excess = s * penalty.Steepness(unit, q.data()) - unit.l1;
      if (excess > 0) value -= unit.l2 > 0 ? excess * excess / (2 * unit.l2) : kInfinity;
    }
    EXPECT_LE(value, best + 1e-9 * std::abs(best));
  }
}

}  // namespace
}  // namespace strads::testing
