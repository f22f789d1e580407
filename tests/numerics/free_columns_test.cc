#include <gtest/gtest.h>
#include <strads/random.h>

#include <Eigen/Cholesky>
#include <Eigen/QR>
#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "tests/numerics/solve.h"
#include "tests/support/family.h"
#include "tests/support/temp_files.h"

// Beside columns that are not penalised. Those of large means stand for an intercept that there is
// not, and those that penalised ones are nearly combinations of stand for these: how far the
// coefficients have to go is not to be seen from any column alone, and gaps that went by that were
// thousands of times too small.
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
// differ. Of some, columns are combinations of free ones but for 10^-3 to 10^-5 of their length.
FreeCase Draw(uint64_t seed) {
  Random random(seed);
  const auto upto = [&](int n) { return static_cast<int>(random.Uniform() * n); };
  const int n = 20 + upto(60), p = 3 + upto(10);
  FreeCase drawn;
  drawn.num_free = 1 + upto(std::min(3, p - 1));
  drawn.member = {.logistic = seed % 2 == 0, .intercept = seed / 2 % 2 == 0};
  const bool has_collinear = seed / 4 % 3 != 0;
  const double common = upto(2) * 3;  // what columns share
  Eigen::MatrixXd z(n, p), x(n, p);
  for (int i = 0; i < n; ++i) {
    const double shared = common * Normal(random);
    for (int j = 0; j < p; ++j) z(i, j) = Normal(random) + shared;
  }
  Eigen::VectorXd fitted = Eigen::VectorXd::Zero(n);
  for (int j = 0; j < p; ++j) {
    const bool is_free = j < drawn.num_free;
    double mean = 5 * std::pow(20, random.Uniform());
    if (!is_free && seed / 4 % 2 == 1) mean *= upto(2) * 10;
    const double scale = std::pow(10, upto(4) - 2);
    if (random.Uniform() < 0.4) fitted += Normal(random) * z.col(j);
    x.col(j) = scale * (z.col(j).array() + mean * std::sqrt(1 + common * common));
    if (!has_collinear || j == 0 || random.Uniform() < 0.5) continue;
    Eigen::VectorXd combination = x.col(0);
    for (int k = 1; k < std::min(j, drawn.num_free); ++k) combination += Normal(random) * x.col(k);
    const Eigen::VectorXd centred = combination.array() - combination.mean();
    const double length = (drawn.member.intercept ? centred : combination).norm() / std::sqrt(n);
    x.col(j) =
        scale * combination + scale * length * std::pow(10, -3 - 2 * random.Uniform()) * z.col(j);
  }
  fitted /= std::sqrt(fitted.squaredNorm() / n) + 1e-9;
  Eigen::VectorXd y(n);
  for (int i = 0; i < n; ++i) y[i] = 0.6 * fitted[i] + 1.5 * Normal(random) - 0.3;
  if (drawn.member.logistic) y = (y.array() > 0).select(Eigen::VectorXd::Ones(n), -1);
  drawn.problem = Problem(x, y);
  drawn.member.standardize = upto(2) == 1;
  drawn.member.factors = Eigen::VectorXd::Ones(p);
  drawn.member.factors.head(drawn.num_free).setZero();
  if (upto(3) == 0) drawn.member.l1_ratio = 0.8;
  if (upto(3) == 0) {
    drawn.member.weights = Eigen::VectorXd::Ones(n);
    for (double& weight : drawn.member.weights) weight = 0.5 + 1.5 * random.Uniform();
  }
  return drawn;
}

// The best models by Newton's method, with |b| smoothed to sqrt(b^2 + e^2), e from large to
// nothing. An orthonormal basis of the free columns stands for them, and what it leaves of the
// others for those, which changes no coefficient of theirs: indifferent to how nearly collinear
// columns are.
class Reference {
 public:
  explicit Reference(const FreeCase& drawn) : member_(drawn.member), y_(drawn.problem.y) {
    const Eigen::MatrixXd x = drawn.problem.x;
    const Eigen::Index n = x.rows(), ones = member_.intercept ? 1 : 0;
    num_free_ = drawn.num_free + ones;
    num_penalised_ = x.cols() - drawn.num_free;
    w_ = member_.weights.size() > 0 ? member_.weights : Eigen::VectorXd(Eigen::VectorXd::Ones(n));
    Eigen::MatrixXd free(n, num_free_);
    free << Eigen::MatrixXd::Ones(n, ones), x.leftCols(drawn.num_free);
    const Eigen::HouseholderQR<Eigen::MatrixXd> factor(free);
    const Eigen::MatrixXd basis = factor.householderQ() * Eigen::MatrixXd::Identity(n, num_free_);
    Eigen::MatrixXd rest = x.rightCols(num_penalised_);
    const Eigen::RowVectorXd mean = w_.transpose() * rest / w_.sum();
    factors_ = Eigen::ArrayXd::Ones(num_penalised_);
    if (member_.standardize)
      factors_ = (w_.transpose() * (rest.rowwise() - mean).cwiseAbs2() / w_.sum()).cwiseSqrt();
    for (int k = 0; k < 2; ++k) rest -= basis * (basis.transpose() * rest);
    lengths_ = rest.colwise().norm().transpose();
    x_.resize(n, num_free_ + num_penalised_);
    x_ << basis, rest * lengths_.inverse().matrix().asDiagonal();
    const Eigen::ArrayXd null = Minimise(x_.leftCols(num_free_), Eigen::ArrayXd::Zero(num_free_),
                                         Eigen::ArrayXd::Zero(num_free_));
    Eigen::ArrayXd slope, curvature;
    null_objective_ = Loss((x_.leftCols(num_free_) * null.matrix()).array(), slope, curvature);
    const Eigen::ArrayXd of_rest = (rest.transpose() * slope.matrix()).array().abs();
    lambda_max_ = (of_rest / factors_).maxCoeff() / member_.l1_ratio;
  }

  double null_objective() const { return null_objective_; }
  double lambda_max() const { return lambda_max_; }

  double LeastObjective(double lambda) const {
    Eigen::ArrayXd l1 = Eigen::ArrayXd::Zero(x_.cols()), l2 = l1;
    l1.tail(num_penalised_) = lambda * member_.l1_ratio * factors_ / lengths_;
    l2.tail(num_penalised_) = lambda * (1 - member_.l1_ratio) * (factors_ / lengths_).square();
    const Eigen::ArrayXd b = Minimise(x_, l1, l2);
    Eigen::ArrayXd slope, curvature;
    return Loss((x_ * b.matrix()).array(), slope, curvature) + (l1 * b.abs()).sum() +
           (l2 * b.square()).sum() / 2;
  }

 private:
  double Loss(const Eigen::ArrayXd& fitted,
              Eigen::ArrayXd& slope,
              Eigen::ArrayXd& curvature) const {
    if (!member_.logistic) {
      curvature = w_;
      slope = w_.array() * (y_.array() - fitted);
      return (slope * (y_.array() - fitted)).sum() / 2;
    }
    const Eigen::ArrayXd margin = y_.array() * fitted, off = 1 / (1 + margin.exp());
    slope = w_.array() * y_.array() * off;
    curvature = w_.array() * off * (1 - off);
    return (w_.array() * ((-margin.abs()).exp().log1p() + (-margin).max(0.0))).sum();
  }

  Eigen::ArrayXd Minimise(const Eigen::MatrixXd& x,
                          const Eigen::ArrayXd& l1,
                          const Eigen::ArrayXd& l2) const {
    Eigen::ArrayXd b = Eigen::ArrayXd::Zero(x.cols()), slopes, curvature, unused;
    for (double e = 100; e > 1e-9; e /= 10) {
      const auto value = [&](const Eigen::ArrayXd& at) {
        return Loss((x * at.matrix()).array(), slopes, unused) +
               (l1 * (at.square() + e * e).sqrt()).sum() + (l2 * at.square()).sum() / 2;
      };
      for (int step = 0; step < 100; ++step) {
        (void)Loss((x * b.matrix()).array(), slopes, curvature);
        const Eigen::ArrayXd root = (b.square() + e * e).sqrt();
        const Eigen::VectorXd slope =
            x.transpose() * slopes.matrix() - (l1 * b / root + l2 * b).matrix();
        Eigen::MatrixXd hessian = x.transpose() * curvature.matrix().asDiagonal() * x;
        hessian.diagonal().array() += l1 * e * e / root.cube() + l2 + 1e-14;
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
    return b;
  }

  const Member& member_;
  const Eigen::VectorXd& y_;
  Eigen::VectorXd w_;
  Eigen::MatrixXd x_;
  Eigen::Index num_free_ = 0, num_penalised_ = 0;
  Eigen::ArrayXd lengths_, factors_;
  double null_objective_ = 0, lambda_max_ = 0;
};

TEST(FreeColumns, ARunThatSaysItHasConvergedHas) {
  constexpr uint64_t kFirst = 120, kProblems = 34;
  for (uint64_t seed = kFirst; seed < kFirst + kProblems; ++seed) {
    const FreeCase drawn = Draw(seed);
    const Reference reference(drawn);
    const double null_objective = reference.null_objective();
    lasso::Options options;
    options.lambda_ratio = std::vector<double>{0.5, 0.1, 0.01}[seed % 3];
    options.parallelism = 2;
    const std::vector<std::string> others = {"dependency", "priority", "cyclic"};
    const std::vector<std::pair<std::string, int>> ways = {
        {"working_set", 1},
        {"working_set", 2},
        {others[seed % 3], static_cast<int>(seed / 3 % 2) + 1}};
    for (const auto& [schedule, workers] : ways) {
      const bool solves_all = schedule == "working_set";
      SCOPED_TRACE("problem " + std::to_string(seed) + " by " + schedule + ", " +
                   std::to_string(workers) + " workers");
      options.schedule = schedule;
      RunOptions run = To(seed % 5 == 0 ? 1e-2 : seed % 5 == 1 ? 1e-6 : 1e-4, workers);
      run.max_rounds = solves_all ? 200 : 2000;
      const Solution found = SolveMember(drawn.problem, drawn.member, options, run);
      const bool has_converged = found.summary.termination == Termination::kConverged;
      EXPECT_TRUE(has_converged || !solves_all)
          << found.summary.message << " " << found.summary.gap;
      if (!has_converged) continue;
      EXPECT_NEAR(found.lambda_max, reference.lambda_max(), 1e-6 * reference.lambda_max());
      const double objective =
          FamilyObjective(drawn.problem, drawn.member, found.lambda, {found.intercept, found.b});
      const double least = reference.LeastObjective(found.lambda);
      EXPECT_LE(objective - least, 3 * run.tolerance * null_objective);
      EXPECT_GE(objective - least, -1e-6 * null_objective);
    }
  }
}

// One line is most of the file, so that of three shards one has no rows.
TEST(FreeColumns, AShardWithoutRowsAddsNothing) {
  const TempDir directory;
  const std::string rows = "1 1:1 2:2 3:-1" + std::string(400, ' ') +
                           "\n-1 1:2 2:1\n1 1:-1 3:1\n-1 1:1 2:1 3:2\n"
                           "1 1:2 2:1 3:-1\n-1 1:-1 3:-2\n1 1:1 2:1\n";
  lasso::Options options;
  options.data = directory.Write("data.svm", rows);
  options.penalty_factors = directory.Write("factors.txt", "0\n1\n1\n");
  options.intercept = true;
  options.lambda_ratio = 0.1;
  for (const char* loss : {"squared", "logistic"}) {
    options.loss = loss;
    const Solution one = SolveFile(options, To(1e-9)), three = SolveFile(options, To(1e-9, 3));
    EXPECT_EQ(three.summary.termination, Termination::kConverged) << three.summary.message;
    EXPECT_NEAR(three.summary.objective, one.summary.objective, 1e-8 * one.summary.objective);
    EXPECT_TRUE(three.b.isApprox(one.b, 1e-3));
  }
}

}  // namespace
}  // namespace strads::testing
