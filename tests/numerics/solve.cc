#include "tests/numerics/solve.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/reference.h"
#include "tests/support/temp_files.h"

namespace strads::testing {
namespace {

template <class Numbers>
std::string Lines(const Numbers& numbers) {
  std::string text;
  bool is_short = false;
  for (const auto number : numbers) {
    const auto value = static_cast<double>(number);
    if (std::isinf(value)) is_short = !is_short;
    text += std::isinf(value) ? (is_short ? "inf" : "+Infinity") : internal::FormatOption(value);
    text += "\n";
  }
  return text;
}

}  // namespace

Solution SolveFile(const lasso::Options& options, const RunOptions& run, const RunHooks& hooks) {
  const auto result = Run<lasso::Lasso>(options, run, hooks);
  const std::vector<double>& b = result.model.coefficients().values();
  return {result.summary,
          Eigen::Map<const Eigen::VectorXd>(b.data(), static_cast<Eigen::Index>(b.size())),
          result.model.lambda(), result.summary.extra.at("lambda_max"), result.model.intercept()};
}

Solution Solve(const Problem& problem,
               lasso::Options options,
               const RunOptions& run,
               const RunHooks& hooks) {
  const TempDir dir;
  options.data = dir.Write("data.libsvm", ToLibsvm(problem));
  options.num_features = static_cast<int64_t>(problem.x.cols());  // the last may be empty
  return SolveFile(options, run, hooks);
}

Solution SolveMember(const Problem& problem,
                     const Member& member,
                     lasso::Options options,
                     const RunOptions& run) {
  const TempDir dir;
  options.data = dir.Write("data.libsvm", ToLibsvm(problem));
  options.num_features = problem.x.cols();
  options.loss = member.logistic ? "logistic" : "squared";
  options.l1_ratio = member.l1_ratio;
  options.intercept = member.intercept;
  options.standardize = member.standardize;
  options.nonnegative = member.nonnegative;
  if (member.weights.size() > 0) options.weights = dir.Write("weights", Lines(member.weights));
  if (member.factors.size() > 0)
    options.penalty_factors = dir.Write("factors", Lines(member.factors));
  if (!member.groups.empty()) options.groups = dir.Write("groups", Lines(member.groups));
  return SolveFile(options, run);
}

void ExpectOptimal(const Problem& problem, const Solution& solution, double tolerance) {
  const Summary& summary = solution.summary;
  EXPECT_EQ(summary.termination, Termination::kConverged) << summary.message;
  EXPECT_LE(summary.gap, tolerance);
  ASSERT_EQ(solution.b.size(), problem.x.cols());
  EXPECT_EQ(summary.nonzeros, (solution.b.array() != 0).count());

  const double null_objective = NullObjective(problem);
  const double objective = Objective(problem, solution.b, solution.lambda);
  EXPECT_NEAR(summary.objective, objective, 1e-11 * null_objective);
  if (null_objective == 0) return;

  // The run keeps the best dual point it has seen; that of the last residual may be a worse one.
  EXPECT_LE(RelativeGap(problem, solution.b, solution.lambda), 100 * tolerance + 1e-14);
  const double best = OptimalObjective(problem, solution.lambda, 0.01 * tolerance);
  EXPECT_LE(objective - best, (tolerance + 1e-13) * null_objective);
  EXPECT_GE(objective - best, -(0.01 * tolerance + 1e-13) * null_objective);

  // A step of coordinate descent from b gains violation^2 / 2|x_j|^2, or at least |b_j| violation/2
  // if it ends at zero before; and there is no more than the gap to gain.
  const double reach = std::sqrt(2 * (tolerance + 1e-13) * null_objective);
  EXPECT_LE(KktViolation(problem, solution.b, solution.lambda, reach), reach);
}

}  // namespace strads::testing
