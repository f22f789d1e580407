#include <gtest/gtest.h>

#include <Eigen/Dense>
#include <memory>
#include <tuple>
#include <vector>

#include "apps/svm/binary_solver.h"
#include "apps/svm/crammer_singer_solver.h"
#include "apps/svm/proximal.h"
#include "tests/support/svm_problems.h"

namespace strads::testing {
namespace {

enum class Kind { kHinge, kSquaredHinge, kCrammerSinger };

std::vector<double> Along(std::vector<double> w, double t, const std::vector<double>& direction) {
  for (size_t j = 0; j < w.size(); ++j) w[j] += t * direction[j];
  return w;
}

double Dot(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (size_t j = 0; j < a.size(); ++j) sum += a[j] * b[j];
  return sum;
}

// One shard, its dual variables and weights after a few passes.
class ProximalPoint : public ::testing::TestWithParam<Kind> {
 protected:
  static constexpr int kRows = 60, kFeatures = 7;
  static constexpr double kProximity = 0.7;

  ProximalPoint() {
    rows_.x = &x_;
    rows_.bias = 0.5;
    for (int i = 0; i < kRows; ++i) {
      rows_.rows.push_back(i);
      rows_.label.push_back(problem_.label[static_cast<size_t>(i)]);
      rows_.cost.push_back(0.2 + 0.01 * i);
    }
    solver_ = MakeSolver();
    w_.resize(static_cast<size_t>((kFeatures + 1) * (is_joint() ? classes() : 1)), 0.0);
    w_ = Along(w_, 1, solver_->Solve(w_, {.accuracy = 0, .passes = 2}).change);
    // Not where the dual variables have put them.
    for (double& w : w_) w += 0.2 * (random_.Uniform() - 0.5);
    for (size_t j = 0; j < w_.size(); ++j) direction_.push_back(random_.Uniform() - 0.5);
  }

  std::unique_ptr<svm::LocalSolver> MakeSolver() const {
    if (is_joint()) return std::make_unique<svm::CrammerSingerSolver>(rows_, classes(), Random(1));
    const bool hinge = GetParam() == Kind::kHinge;
    return std::make_unique<svm::BinarySolver>(
        rows_, 1, hinge ? svm::Loss::kHinge : svm::Loss::kSquaredHinge, Random(1));
  }
  bool is_joint() const { return GetParam() == Kind::kCrammerSinger; }
  int classes() const { return is_joint() ? 4 : 2; }
  std::vector<double> VectorAt(const std::vector<double>& w) {
    return solver_->Points(w, kProximity).vector;
  }

  const SvmProblem problem_ =
      RandomSvm(51, kRows, kFeatures, GetParam() == Kind::kCrammerSinger ? 4 : 2);
  const RowMatrix x_ = RowsOf(problem_.x);
  svm::TrainingRows rows_;
  std::unique_ptr<svm::LocalSolver> solver_;
  std::vector<double> w_, direction_;
  Random random_{9};
};

TEST_P(ProximalPoint, KnowsTheLossesOfWTimesEachScale) {
  const svm::ScaledLosses of_points = solver_->Points(w_, kProximity).losses;
  ThreadPool pool(2);
  const svm::ScaledLosses measured = solver_->Measure(w_, pool).losses;
  for (size_t k = 0; k < svm::kScales; ++k) {
    std::vector<double> longer = w_;
    for (double& w : longer) w *= svm::kScale[k];
    const double expected = solver_->Measure(longer, pool).losses[0];
    EXPECT_NEAR(of_points[k], expected, 1e-12 * expected);
    EXPECT_NEAR(measured[k], expected, 1e-12 * expected);
  }
}

// With l(a) - |a - a_k|^2 / (2 s) - w'X'a at its largest, for which no feasible point is better.
TEST_P(ProximalPoint, IsTheBestFeasibleOne) {
  const std::vector<double> before(solver_->dual_variables().begin(),
                                   solver_->dual_variables().end());
  const svm::ProximalSums sums = solver_->Points(w_, kProximity);
  solver_->Commit();
  const std::span<const double> points = solver_->dual_variables();
  const size_t of_row = is_joint() ? static_cast<size_t>(classes()) : 1;
  const auto margin = [&](size_t i, size_t k) {
    Eigen::VectorXd x(kFeatures + 1);
    x << problem_.x.row(static_cast<Eigen::Index>(i)).transpose(), 0.5;
    double dot = 0;
    for (size_t j = 0; j <= kFeatures; ++j)
      dot += x[static_cast<Eigen::Index>(j)] * w_[j * of_row + k];
    return is_joint() ? dot + (k != static_cast<size_t>(rows_.label[i])) : dot;
  };
  const auto value = [&](size_t i, const std::vector<double>& a) {
    double sum = 0;
    for (size_t k = 0; k < of_row; ++k) {
      const double moved = a[k] - before[i * of_row + k];
      sum -= moved * moved / (2 * kProximity);
      if (is_joint()) {
        sum -= a[k] * margin(i, k);
        continue;
      }
      const double sign = rows_.label[i] == 1 ? 1 : -1;
      sum += a[k] * (1 - sign * margin(i, k));
      if (GetParam() == Kind::kSquaredHinge) sum -= a[k] * a[k] / (4 * rows_.cost[i]);
    }
    return sum;
  };
  double dual = 0;
  for (size_t i = 0; i < kRows; ++i) {
    const std::vector<double> point(points.begin() + static_cast<std::ptrdiff_t>(i * of_row),
                                    points.begin() + static_cast<std::ptrdiff_t>((i + 1) * of_row));
    const auto label = static_cast<size_t>(is_joint() ? rows_.label[i] : 0);
    const auto upper = [&](size_t k) {
      if (GetParam() == Kind::kSquaredHinge) return 1e9;
      return k == label ? rows_.cost[i] : 0;
    };
    double sum = 0;
    for (size_t k = 0; k < of_row; ++k) {
      EXPECT_LE(point[k], upper(k));
      sum += point[k];
    }
    if (is_joint()) {
      EXPECT_NEAR(sum, 0, 1e-12);
    } else {
      EXPECT_GE(point[0], 0);
    }
    dual += point[label];
    if (GetParam() == Kind::kSquaredHinge) dual -= point[0] * point[0] / (4 * rows_.cost[i]);
    for (int trial = 0; trial < 20; ++trial) {
      std::vector<double> other = point;
      const double by = 0.02 * (random_.Uniform() - 0.5);
      if (is_joint()) {
        const size_t from = random_.Below(of_row), to = random_.Below(of_row);
        other[from] -= by;
        other[to] += by;
        if (other[from] > upper(from) || other[to] > upper(to)) continue;
      } else {
        other[0] = std::clamp(point[0] + by, 0.0, upper(0));
      }
      EXPECT_LE(value(i, other), value(i, point) + 1e-12) << "row " << i;
    }
  }
  EXPECT_NEAR(sums.dual, dual, 1e-12 * std::abs(dual));
}

TEST_P(ProximalPoint, CurveIsTheDerivativeOfTheSumOverPoints) {
  constexpr double kStep = 1e-7;
  const std::vector<double> here = VectorAt(w_);
  const std::vector<double> there = VectorAt(Along(w_, kStep, direction_));
  const svm::ProximalSums sums = solver_->Points(w_, kProximity);
  const std::vector<double> image = solver_->Curve(direction_);
  double size = 0;
  for (const double value : image) size = std::max(size, std::abs(value));
  ASSERT_GT(size, 0);
  for (size_t j = 0; j < w_.size(); ++j)
    EXPECT_NEAR(image[j], (here[j] - there[j]) / kStep, 1e-5 * size);
  for (size_t j = 0; j < w_.size(); ++j) {
    std::vector<double> unit(w_.size(), 0.0);
    unit[j] = 1;
    EXPECT_NEAR(sums.diagonal[j], solver_->Curve(unit)[j], 1e-12 * (1 + sums.diagonal[j]));
  }
}

TEST_P(ProximalPoint, BlocksAreTheDerivativeWithinAClass) {
  solver_->Points(w_, kProximity);
  const auto of_class = static_cast<size_t>(is_joint() ? classes() : 1);
  const std::vector<double> blocks = solver_->Blocks();
  ASSERT_EQ(blocks.size(), svm::BlockNumbers(kFeatures + 1, static_cast<int64_t>(of_class)));
  size_t next = 0;
  for (size_t k = 0; k < of_class; ++k) {
    for (size_t j = 0; j <= kFeatures; ++j) {
      std::vector<double> unit(w_.size(), 0.0);
      unit[j * of_class + k] = 1;
      const std::vector<double> image = solver_->Curve(unit);
      for (size_t i = 0; i <= j; ++i, ++next)
        EXPECT_NEAR(blocks[next], image[i * of_class + k], 1e-12 * (1 + std::abs(blocks[next])));
    }
  }
}

TEST_P(ProximalPoint, SlopesAreThoseOfTheSumOverPoints) {
  std::vector<double> expected;
  for (int k = 0; k < svm::kStepLengths; ++k)
    expected.push_back(Dot(VectorAt(Along(w_, svm::StepLength(k), direction_)), direction_));
  VectorAt(w_);
  const std::vector<double> slopes = solver_->Slopes(direction_);
  ASSERT_EQ(slopes.size(), expected.size());
  for (size_t k = 0; k < slopes.size(); ++k) EXPECT_NEAR(slopes[k], expected[k], 1e-11);
}

TEST_P(ProximalPoint, IsTheSameAfterAdvancesAsFromScratch) {
  const std::unique_ptr<svm::LocalSolver> carrying = MakeSolver();
  carrying->Solve(std::vector<double>(w_.size(), 0.0), {.accuracy = 0, .passes = 2});
  double proximity = kProximity;
  for (int step = 0; step < 20; ++step) {
    SCOPED_TRACE(step);
    const svm::ProximalSums carried = carrying->Points(w_, proximity);
    const svm::ProximalSums expected = solver_->Points(w_, proximity);
    EXPECT_NEAR(carried.dual, expected.dual, 1e-12 * std::abs(expected.dual));
    for (size_t k = 0; k < svm::kScales; ++k)
      EXPECT_NEAR(carried.losses[k], expected.losses[k], 1e-12 * expected.losses[k]);
    for (size_t j = 0; j < w_.size(); ++j) {
      EXPECT_NEAR(carried.vector[j], expected.vector[j], 1e-11);
      EXPECT_NEAR(carried.diagonal[j], expected.diagonal[j], 1e-11);
    }
    if (step % 4 == 3) {
      carrying->Commit();
      solver_->Commit();
      proximity *= 1.5;
      carrying->Advance(0);
      continue;
    }
    for (double& of : direction_) of = random_.Uniform() - 0.5;
    carrying->Slopes(direction_);
    const double length = 0.3 * random_.Uniform();
    w_ = Along(w_, length, direction_);
    carrying->Advance(length);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Of, ProximalPoint, ::testing::Values(Kind::kHinge, Kind::kSquaredHinge, Kind::kCrammerSinger));

// Rows that are many more than features of sizes that differ, each worker's of one class only: what
// ascent by passes does not finish.
class HardSvm : public ::testing::TestWithParam<std::tuple<Kind, int>> {};

TEST_P(HardSvm, IsSolvedHoweverRowsAreDivided) {
  const auto [kind, workers] = GetParam();
  SvmProblem problem = RandomSvm(61, 400, 6, kind == Kind::kCrammerSinger ? 3 : 2, 1);
  for (int j = 0; j < problem.x.cols(); ++j) problem.x.col(j) *= std::pow(4, j);
  std::vector<int> order(problem.label.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = static_cast<int>(i);
  std::ranges::stable_sort(order, {}, [&](int i) { return problem.label[static_cast<size_t>(i)]; });
  SvmProblem sorted{problem.x(order, Eigen::all), {}};
  for (const int i : order) sorted.label.push_back(problem.label[static_cast<size_t>(i)]);
  svm::Options options;
  options.tolerance = 1e-9;
  options.loss = kind == Kind::kSquaredHinge ? "squared_hinge" : "hinge";
  options.multiclass = kind == Kind::kCrammerSinger ? "crammer_singer" : "one_against_all";
  options.bias = true;
  const SvmSolution solution = SolveSvm(sorted, options, workers);
  EXPECT_EQ(solution.summary.termination, Termination::kConverged) << solution.summary.message;
  if (kind == Kind::kCrammerSinger) {
    const double alone = SolveSvm(problem, options, 1).summary.objective;
    EXPECT_NEAR(solution.summary.objective, alone, 1e-9 * alone);
    return;
  }
  const Eigen::MatrixXd x = WithConstant(sorted.x, true);
  const std::vector<double> costs(sorted.label.size(), 1.0);
  const double objective =
      BinaryObjective(x, sorted.label, 1, kind == Kind::kSquaredHinge, costs, solution.w.col(0));
  EXPECT_NEAR(solution.summary.objective, objective, 1e-12 * objective);
}

INSTANTIATE_TEST_SUITE_P(
    Of,
    HardSvm,
    ::testing::Combine(::testing::Values(Kind::kHinge, Kind::kSquaredHinge, Kind::kCrammerSinger),
                       ::testing::Values(1, 2, 3)));

// Each worker's variables may be as good as rounding allows while the gap is not.
TEST(ProximalPoints, GoOnWherePassesComeToAnEnd) {
  svm::Options options;
  options.C = 0.03;
  options.tolerance = 1e-9;
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    const SvmProblem problem = RandomSvm(seed, 460, 2, 2, 1);
    EXPECT_EQ(SolveSvm(problem, options, 3).summary.termination, Termination::kConverged)
        << "seed " << seed;
  }
}

}  // namespace
}  // namespace strads::testing
