#include <gtest/gtest.h>
#include <strads/random.h>

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "tests/numerics/solve.h"
#include "tests/support/family.h"

// The logistic loss beside columns that are not penalised, without an intercept: columns of large
// means stand for it together, so that how far the coefficients have to go is not to be seen from
// any column alone, and gaps that went by that were thousands of times too small.
namespace strads::testing {
namespace {

struct FreeCase {
  Problem problem;
  Member member;
  int num_free = 0;
};

double Normal(Random& random) {
  const double radius = std::sqrt(-2 * std::log(1 - random.Uniform()));
  return radius * std::cos(2 * 3.14159265358979323846 * random.Uniform());
}

// Means are 5 to 100 standard deviations, of penalised columns of some 0 or up to 1000, and scales
// differ.
FreeCase Draw(uint64_t seed) {
  Random random(seed);
  const auto upto = [&](int n) { return static_cast<int>(random.Uniform() * n); };
  const int n = 20 + upto(60), p = 3 + upto(10);
  FreeCase drawn;
  drawn.num_free = 1 + upto(std::min(3, p - 1));
  const double common = upto(2) * 3;  // what columns share
  Eigen::MatrixXd z(n, p), x(n, p);
  for (int i = 0; i < n; ++i) {
    const double shared = common * Normal(random);
    for (int j = 0; j < p; ++j) z(i, j) = Normal(random) + shared;
  }
  Eigen::VectorXd fitted = Eigen::VectorXd::Zero(n);
  for (int j = 0; j < p; ++j) {
    double mean = 5 * std::pow(20, random.Uniform());
    if (j >= drawn.num_free && seed % 2 == 1) mean *= upto(2) * 10;
    const double scale = std::pow(10, upto(4) - 2);
    if (random.Uniform() < 0.4) fitted += Normal(random) * z.col(j);
    x.col(j) = scale * (z.col(j).array() + mean * std::sqrt(1 + common * common));
  }
  fitted /= std::sqrt(fitted.squaredNorm() / n) + 1e-9;
  Eigen::VectorXd y(n);
  for (int i = 0; i < n; ++i) y[i] = 0.6 * fitted[i] + 1.5 * Normal(random) > 0.3 ? 1 : -1;
  drawn.problem = Problem(x, y);
  drawn.member = {.logistic = true, .standardize = upto(2) == 1};
  drawn.member.factors = Eigen::VectorXd::Ones(p);
  drawn.member.factors.head(drawn.num_free).setZero();
  return drawn;
}

// Newton's method, with |b| smoothed to sqrt(b^2 + e^2), e from large to nothing: indifferent to
// how nearly collinear columns are. `weights` are of |b|.
Eigen::VectorXd Optimum(const Eigen::MatrixXd& original,
                        const Eigen::VectorXd& y,
                        const Eigen::VectorXd& original_weights) {
  const Eigen::ArrayXd lengths = original.colwise().norm().transpose();
  const Eigen::MatrixXd x = original * lengths.inverse().matrix().asDiagonal();
  const Eigen::ArrayXd weights = original_weights.array() / lengths;
  Eigen::ArrayXd b = Eigen::ArrayXd::Zero(x.cols());
  for (double e = 100; e > 1e-9; e /= 10) {
    const auto value = [&](const Eigen::ArrayXd& at) {
      const Eigen::ArrayXd margin = y.array() * (x * at.matrix()).array();
      return ((-margin.abs()).exp().log1p() + (-margin).max(0.0)).sum() +
             (weights * (at.square() + e * e).sqrt()).sum();
    };
    for (int step = 0; step < 100; ++step) {
      const Eigen::ArrayXd margin = y.array() * (x * b.matrix()).array();
      const Eigen::ArrayXd off = 1 / (1 + margin.exp());
      const Eigen::ArrayXd root = (b.square() + e * e).sqrt();
      const Eigen::VectorXd slope =
          x.transpose() * (y.array() * off).matrix() - (weights * b / root).matrix();
      Eigen::MatrixXd hessian = x.transpose() * (off * (1 - off)).matrix().asDiagonal() * x;
      hessian.diagonal().array() += weights * e * e / root.cube() + 1e-14;
      const Eigen::VectorXd solved = hessian.ldlt().solve(slope);
      const Eigen::ArrayXd move = solved.array();
      const double gain = slope.dot(move.matrix()), before = value(b);
      double share = 1;
      // The last steps gain less than rounding shows, and are right whole.
      while (gain > 1e-10 * before && share > 1e-12 &&
             !(value(b + share * move) <= before - 1e-4 * share * gain))
        share /= 2;
      if (share <= 1e-12) break;
      b += share * move;
      if (gain <= 1e-22 * before) break;
    }
  }
  return b / lengths;
}

TEST(FreeColumns, ARunThatSaysItHasConvergedHas) {
  constexpr uint64_t kFirst = 41, kProblems = 30;
  for (uint64_t seed = kFirst; seed < kFirst + kProblems; ++seed) {
    const auto& [problem, member, num_free] = Draw(seed);
    const Eigen::MatrixXd x = problem.x;
    const auto p = x.cols();
    const Eigen::RowVectorXd mean = x.colwise().mean();
    Eigen::VectorXd weights = member.factors;
    const Eigen::VectorXd deviations =
        (x.rowwise() - mean).cwiseAbs2().colwise().mean().cwiseSqrt().transpose();
    if (member.standardize) weights = weights.cwiseProduct(deviations);
    Fit null{0, Eigen::VectorXd::Zero(p)};
    null.b.head(num_free) =
        Optimum(x.leftCols(num_free), problem.y, Eigen::VectorXd::Zero(num_free));
    const double null_objective = FamilyObjective(problem, member, 0, null);
    const Eigen::ArrayXd margin = problem.y.array() * (x * null.b).array();
    const Eigen::VectorXd slopes =
        x.transpose() * (problem.y.array() / (1 + margin.exp())).matrix();
    double lambda_max = 0;
    for (Eigen::Index j = num_free; j < p; ++j)
      lambda_max = std::max(lambda_max, std::abs(slopes[j]) / weights[j]);
    const double ratio = std::vector<double>{0.5, 0.1, 0.01}[seed % 3];
    const Fit best{0, Optimum(x, problem.y, ratio * lambda_max * weights)};
    const double least = FamilyObjective(problem, member, ratio * lambda_max, best);
    const std::vector<std::string> others = {"dependency", "priority", "cyclic"};
    const std::vector<std::pair<std::string, int>> ways = {
        {"working_set", 1},
        {"working_set", 2},
        {others[seed % 3], static_cast<int>(seed / 3 % 2) + 1}};
    for (const auto& [schedule, workers] : ways) {
      const bool solves_all = schedule == "working_set";
      SCOPED_TRACE("problem " + std::to_string(seed) + " by " + schedule + ", " +
                   std::to_string(workers) + " workers");
      lasso::Options options;
      options.lambda_ratio = ratio;
      options.schedule = schedule;
      options.parallelism = 2;
      RunOptions run = To(seed % 4 == 0 ? 1e-2 : 1e-4, workers);
      run.max_rounds = solves_all ? 200 : 2000;
      const Solution found = SolveMember(problem, member, options, run);
      const bool has_converged = found.summary.termination == Termination::kConverged;
      EXPECT_TRUE(has_converged || !solves_all)
          << found.summary.message << " " << found.summary.gap;
      if (!has_converged) continue;
      EXPECT_NEAR(found.lambda_max, lambda_max, 1e-6 * lambda_max);
      const double objective = FamilyObjective(problem, member, found.lambda, {0, found.b});
      EXPECT_LE(objective - least, 3 * run.tolerance * null_objective);
      EXPECT_GE(objective - least, -1e-6 * null_objective);
    }
  }
}

}  // namespace
}  // namespace strads::testing
