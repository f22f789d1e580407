#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <string>

#include "tests/numerics/solve.h"
#include "tests/support/family.h"

// Different ways to say the same thing give the same model.
namespace strads::testing {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

class Identities : public ::testing::TestWithParam<bool> {
 protected:
  Identities() {
    dense_ = DrawProblem({.rows = 50, .cols = 20, .correlation = 0.5, .seed = 31});
    sparse_ = DrawProblem({.rows = 80, .cols = 30, .density = 0.2, .seed = 32});
    for (Problem* problem : {&dense_, &sparse_}) {
      if (GetParam())
        problem->y = problem->y.unaryExpr([](double y) { return y > 0 ? 1.0 : -1.0; });
    }
  }
  Member Of(Member member) const {
    member.logistic = GetParam();
    return member;
  }
  static Solution Train(const Problem& problem, const Member& member, double lambda = 2) {
    lasso::Options options;
    options.lambda = lambda;
    return SolveMember(problem, member, options, To(1e-12, 2));
  }
  static void ExpectSame(const Solution& a, const Solution& b) {
    EXPECT_NEAR(a.summary.objective, b.summary.objective, 1e-9 * b.summary.objective);
    EXPECT_NEAR(a.intercept, b.intercept, 1e-5);
    ASSERT_EQ(a.b.size(), b.b.size());
    EXPECT_GT(b.b.lpNorm<Eigen::Infinity>(), 0.01) << "nothing to compare";
    EXPECT_LE((a.b - b.b).lpNorm<Eigen::Infinity>(), 1e-5);
  }

  Problem dense_, sparse_;
};

TEST_P(Identities, GroupsOfOneAreVariables) {
  std::vector<int> groups(30);
  std::iota(groups.begin(), groups.end(), 5);
  ExpectSame(Train(sparse_, Of({.l1_ratio = 0.8, .standardize = true, .groups = groups})),
             Train(sparse_, Of({.l1_ratio = 0.8, .standardize = true})));
}

// What is screened does not depend on whether a scale is the variable's or its group's.
TEST_P(Identities, GroupsOfOneAreVariablesOfAnyScale) {
  const Problem wide = DrawProblem({.rows = 30, .cols = 200, .correlation = 0.5, .seed = 33});
  Eigen::MatrixXd x = wide.x;
  for (Eigen::Index j = 0; j < x.cols(); ++j) x.col(j) *= std::pow(10.0, j % 9 - 4);
  Eigen::VectorXd y = wide.y;
  if (GetParam()) y = y.unaryExpr([](double value) { return value > 0 ? 1.0 : -1.0; });
  std::vector<int> groups(200);
  std::iota(groups.begin(), groups.end(), 0);
  lasso::Options options;
  options.lambda_ratio = 0.05;
  const Problem problem{x, y};
  const Solution grouped =
      SolveMember(problem, Of({.standardize = true, .groups = groups}), options, To(1e-10));
  const Solution single = SolveMember(problem, Of({.standardize = true}), options, To(1e-10));
  for (const Solution* solution : {&grouped, &single})
    EXPECT_EQ(solution->summary.termination, Termination::kConverged);
  EXPECT_NEAR(grouped.summary.objective, single.summary.objective, 1e-9 * single.summary.objective);
}

// Rounding, too, is about what varies, not about a mean of many times that.
TEST_P(Identities, WithAnInterceptAColumnMayBeMoved) {
  constexpr double kFar = 1 << 26, kGrid = 1 << 12;  // so that moving rounds nothing
  for (const Problem* problem : {&dense_, &sparse_}) {
    const Eigen::MatrixXd x = Eigen::MatrixXd(problem->x).unaryExpr([](double v) {
      return std::round(v * kGrid) / kGrid;
    });
    Eigen::MatrixXd moved = x;
    for (const int j : {1, 3}) moved.col(j).array() += kFar;
    // And so may the target, of the squared loss.
    Eigen::VectorXd y = problem->y, far_y = y;
    if (!GetParam()) {
      y = y.unaryExpr([](double v) { return std::round(v * kGrid) / kGrid; });
      far_y = y.array() - kFar;
    }
    for (const std::string schedule : {"working_set", "priority"}) {
      for (const bool weighted : {false, true}) {
        Member member = Of({.intercept = true, .standardize = weighted});
        if (weighted) member.weights = 1.5 + Eigen::ArrayXd::LinSpaced(x.rows(), 0, 40).sin();
        lasso::Options options;
        options.lambda = 2;
        options.schedule = schedule;
        const Solution expected = SolveMember({x, y}, member, options, To(1e-11));
        for (const int workers : {1, 2, 3}) {
          Solution found = SolveMember({moved, far_y}, member, options, To(1e-11, workers));
          EXPECT_EQ(found.summary.termination, Termination::kConverged)
              << found.summary.FullReport();
          found.intercept += kFar * (found.b[1] + found.b[3]) + (GetParam() ? 0 : kFar);
          ExpectSame(found, expected);
        }
      }
    }
  }
}

TEST_P(Identities, AVariableOfAGroupThatDoesNotVaryIsNoVariable) {
  Eigen::MatrixXd x = dense_.x;
  for (const int j : {2, 9, 10, 11}) x.col(j).setConstant(3.5);
  std::vector<int> groups;
  for (int j = 0; j < 20; ++j) groups.push_back(j / 3);  // 9, 10, 11 are one
  Member member = Of({.standardize = true, .groups = groups});
  member.factors = Eigen::VectorXd::Ones(7);
  const Solution found = Train({x, dense_.y}, member);
  for (const int j : {2, 9, 10, 11}) EXPECT_EQ(found.b[j], 0);
  std::vector<int> left;
  Member expected = Of({.standardize = true});
  for (int j = 0; j < 20; ++j) {
    if (j == 2 || (j >= 9 && j <= 11)) continue;
    left.push_back(j);
    expected.groups.push_back(j / 3);
  }
  expected.factors = Eigen::VectorXd::Ones(6);
  const Solution without = Train({Eigen::MatrixXd(x(Eigen::all, left)), dense_.y}, expected);
  ExpectSame({found.summary, found.b(left), found.lambda, found.lambda_max, found.intercept},
             without);
}

// Whatever has ended it.
TEST_P(Identities, TheObjectiveIsThatOfTheModelWritten) {
  for (const std::string schedule : {"working_set", "priority", "dependency", "cyclic"}) {
    for (const int64_t rounds : {2, 3, 4, 5, 8}) {
      Member member = Of({.intercept = true});
      member.weights = 1.5 + Eigen::ArrayXd::LinSpaced(80, 0, 40).sin();
      lasso::Options options;
      options.lambda = 2;
      options.schedule = schedule;
      options.parallelism = 3;
      RunOptions run = To(1e-12, 2);
      run.max_rounds = rounds;
      Eigen::MatrixXd x = sparse_.x;
      x.col(1).array() += 1000;
      const Problem problem(x, sparse_.y);
      const Solution solution = SolveMember(problem, member, options, run);
      const double lambda = solution.lambda > 0 ? 2 : 0;
      EXPECT_NEAR(solution.summary.objective,
                  FamilyObjective(problem, member, lambda, {solution.intercept, solution.b}),
                  1e-9 * solution.summary.objective)
          << schedule << ", " << rounds << " rounds";
    }
  }
}

TEST_P(Identities, AWeightOfTwoIsARowThatIsThereTwice) {
  Eigen::MatrixXd x(sparse_.x.rows() + 10, sparse_.x.cols());
  x << Eigen::MatrixXd(sparse_.x), Eigen::MatrixXd(sparse_.x).topRows(10);
  Eigen::VectorXd y(x.rows()), weights = Eigen::VectorXd::Ones(sparse_.x.rows());
  y << sparse_.y, sparse_.y.head(10);
  weights.head(10).setConstant(2);
  ExpectSame(Train(sparse_, Of({.intercept = true, .standardize = true, .weights = weights})),
             Train({x, y}, Of({.intercept = true, .standardize = true})));
}

TEST_P(Identities, AWeightOfZeroIsNoRow) {
  Eigen::VectorXd weights = Eigen::VectorXd::Ones(dense_.x.rows());
  weights.tail(20).setZero();
  const Problem part{Eigen::MatrixXd(dense_.x).topRows(30), dense_.y.head(30)};
  ExpectSame(Train(dense_, Of({.intercept = true, .standardize = true, .weights = weights})),
             Train(part, Of({.intercept = true, .standardize = true})));
}

TEST_P(Identities, AnInfiniteFactorIsNoVariable) {
  Eigen::VectorXd factors = Eigen::VectorXd::Ones(20);
  factors.tail(10).setConstant(kInfinity);
  Solution all = Train(dense_, Of({.factors = factors}));
  EXPECT_TRUE(all.b.tail(10).isZero(0));
  all.b.conservativeResize(10);
  ExpectSame(all, Train({Eigen::MatrixXd(dense_.x).leftCols(10), dense_.y}, Of({})));
}

TEST_P(Identities, AFactorIsAScaleOfItsVariable) {
  Eigen::MatrixXd x = dense_.x;
  x.leftCols(5) /= 3;
  Eigen::VectorXd factors = Eigen::VectorXd::Ones(20);
  factors.head(5).setConstant(3);
  Solution scaled = Train({x, dense_.y}, Of({.intercept = true}));
  scaled.b.head(5) /= 3;
  ExpectSame(Train(dense_, Of({.intercept = true, .factors = factors})), scaled);
}

TEST_P(Identities, AFactorOfZeroOnAColumnOfOnesIsTheIntercept) {
  Eigen::MatrixXd x(dense_.x.rows(), 21);
  x << Eigen::MatrixXd(dense_.x), Eigen::VectorXd::Ones(dense_.x.rows());
  Eigen::VectorXd factors = Eigen::VectorXd::Ones(21);
  factors[20] = 0;
  Solution column = Train({x, dense_.y}, Of({.factors = factors}));
  column.intercept = column.b[20];
  column.b.conservativeResize(20);
  ExpectSame(column, Train(dense_, Of({.intercept = true})));
}

// Of variables that are not penalised only what they span matters, however they span it.
TEST_P(Identities, FreeVariablesMayBeNearlyCollinear) {
  const Eigen::MatrixXd x = dense_.x;
  Eigen::MatrixXd collinear = x;
  for (const int j : {1, 2}) collinear.col(j) = x.col(0) + 1e-3 * x.col(j);
  Member member = Of({.intercept = true});
  member.factors = Eigen::VectorXd::Ones(20);
  member.factors.head(3).setZero();
  lasso::Options options;
  options.lambda = 0.5;
  RunOptions run = To(1e-5, 2);
  run.max_rounds = 100;
  const Solution expected = SolveMember({x, dense_.y}, member, options, run);
  const Solution found = SolveMember({collinear, dense_.y}, member, options, run);
  for (const Solution* solution : {&expected, &found})
    EXPECT_EQ(solution->summary.termination, Termination::kConverged)
        << solution->summary.FullReport();
  EXPECT_NEAR(found.summary.objective, expected.summary.objective,
              1e-6 * expected.summary.objective);
  EXPECT_NEAR(found.lambda_max, expected.lambda_max, 1e-5 * expected.lambda_max);
}

// A group that is not penalised is nothing but its variables.
TEST_P(Identities, AFreeGroupIsItsVariables) {
  std::vector<int> groups(20);
  for (size_t j = 0; j < groups.size(); ++j) groups[j] = j % 4 == 0 ? 0 : static_cast<int>(j);
  Eigen::VectorXd of_groups = Eigen::VectorXd::Ones(16), of_variables = Eigen::VectorXd::Ones(20);
  of_groups[0] = 0;
  for (Eigen::Index j = 0; j < 20; j += 4) of_variables[j] = 0;
  ExpectSame(Train(dense_, Of({.intercept = true, .factors = of_groups, .groups = groups})),
             Train(dense_, Of({.intercept = true, .factors = of_variables})));
}

// Of columns that do not vary the intercept leaves nothing but rounding.
TEST_P(Identities, ConstantColumnsHaveNoLambda) {
  Eigen::MatrixXd x = Eigen::MatrixXd::Constant(50, 3, 0.1);
  x.col(1).array() *= 3e5;
  x.col(2).array() *= -7;
  for (const int workers : {1, 2, 3}) {
    const Solution solution =
        SolveMember({x, dense_.y}, Of({.intercept = true}), lasso::Options(), To(1e-9, workers));
    EXPECT_EQ(solution.summary.termination, Termination::kConverged) << solution.summary.message;
    EXPECT_EQ(solution.lambda_max, 0);
    EXPECT_TRUE(solution.b.isZero(0));
  }
}

TEST_P(Identities, StandardizingIsDividingByTheDeviation) {
  Eigen::MatrixXd x = dense_.x;
  Eigen::RowVectorXd deviation =
      ((x.rowwise() - x.colwise().mean()).colwise().squaredNorm() / static_cast<double>(x.rows()))
          .cwiseSqrt();
  x.array().rowwise() /= deviation.array();
  Solution scaled = Train({x, dense_.y}, Of({.intercept = true}));
  scaled.b.array() /= deviation.transpose().array();
  ExpectSame(Train(dense_, Of({.intercept = true, .standardize = true})), scaled);
}

TEST_P(Identities, TheInterceptTakesUpWhereTheColumnsAre) {
  Eigen::MatrixXd x = dense_.x;
  for (Eigen::Index j = 0; j < x.cols(); ++j) x.col(j).array() += 10 * static_cast<double>(j % 4);
  Solution shifted = Train({x, dense_.y}, Of({.intercept = true, .standardize = true}));
  for (Eigen::Index j = 0; j < x.cols(); ++j)
    shifted.intercept += shifted.b[j] * 10 * static_cast<double>(j % 4);
  ExpectSame(shifted, Train(dense_, Of({.intercept = true, .standardize = true})));
}

TEST_P(Identities, ABoundThatDoesNotBindIsNone) {
  const Solution free = Train(dense_, Of({}));
  Eigen::MatrixXd x = dense_.x;
  for (Eigen::Index j = 0; j < x.cols(); ++j) {
    if (free.b[j] < 0) x.col(j) *= -1;
  }
  Solution bounded = Train({x, dense_.y}, Of({.nonnegative = true}));
  for (Eigen::Index j = 0; j < x.cols(); ++j) {
    if (free.b[j] < 0) bounded.b[j] *= -1;
  }
  ExpectSame(bounded, free);
}

INSTANTIATE_TEST_SUITE_P(Of, Identities, ::testing::Bool(), [](const auto& of) {
  return std::string(of.param ? "Logistic" : "Squared");
});

}  // namespace
}  // namespace strads::testing
