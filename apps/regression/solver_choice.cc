#include "apps/regression/solver_choice.h"

#include <strads/column_matrix.h>
#include <strads/error.h>

#include <cmath>
#include <utility>

#include "apps/regression/conjugate_gradient.h"
#include "apps/regression/coordinate_descent.h"
#include "apps/regression/gradient_descent.h"
#include "apps/regression/lbfgs.h"
#include "apps/regression/newton.h"
#include "apps/regression/normal_equations.h"
#include "apps/regression/proximal_gradient.h"

namespace strads::regression {
namespace {

// Up to so many features the matrix of the normal equations is always cheap.
constexpr double kFewFeatures = 500;
constexpr double kMostFeatures = 4096;   // 134 MB
constexpr double kNeverBeyond = 20'000;  // 3.2 GB
// What conjugate gradient is taken to need.
constexpr double kRounds = 100;

// Products with the second derivatives that a step of Newton's method is taken to need.
constexpr double kProducts = 10;

// Multiplications for the products of all pairs of features and a factor of their matrix. Those of
// dense rows have four times the speed of those that wait for memory or for each other.
double CostOfGram(const Shape& shape) {
  const auto n = static_cast<double>(shape.rows), k = static_cast<double>(shape.features);
  const auto entries = static_cast<double>(shape.entries);
  return entries * entries / std::max(n, 1.0) / 2 + k * k * k / 3;
}

bool IsExact(const Shape& shape) {
  const auto n = static_cast<double>(shape.rows), k = static_cast<double>(shape.features);
  const auto entries = static_cast<double>(shape.entries);
  const double speed = entries >= kDenseFraction * n * k ? 4 : 1;
  return k <= kFewFeatures && CostOfGram(shape) <= speed * kProducts * 2 * entries;
}

std::string Features(const Shape& shape) { return std::to_string(shape.features) + " features"; }

// Whether products of all pairs of features cost little, and why.
struct Products {
  bool are_cheap = false;
  std::string reason;
};

Products ProductsOf(const Shape& shape) {
  const auto k = static_cast<double>(shape.features);
  if (k <= kFewFeatures) return {true, Features(shape) + " make a small matrix"};
  const double passes = kRounds * 2 * static_cast<double>(shape.entries);
  if (k <= kMostFeatures && CostOfGram(shape) / 4 <= passes)
    return {true, "products of " + Features(shape) + " cost less than about " +
                      std::to_string(std::lround(kRounds)) + " passes over the rows"};
  return {false, "products of " + Features(shape) + " cost more than passes over the rows"};
}

SolverChoice Fastest(const Options& options, const Shape& shape) {
  const auto n = static_cast<double>(shape.rows), k = static_cast<double>(shape.features);
  const std::string kinks = "as the penalty or the bounds have kinks";
  if (options.loss == "squared") {
    const Products products = ProductsOf(shape);
    if (options.IsSmooth()) return {products.are_cheap ? "normal" : "cg", "as " + products.reason};
    return {products.are_cheap ? "coordinate" : "fista", kinks + " and " + products.reason};
  }
  if (!options.IsSmooth()) return {"fista", kinks};
  // More features than rows mostly are a problem that the penalty conditions well.
  if (options.IsLogistic() && shape.outputs == 1 && k <= n)
    return {"newton", "as the loss is smooth and features are no more than rows"};
  return {"lbfgs", "as the " + options.loss + " loss is smooth"};
}

}  // namespace

SolverChoice ChooseSolver(const Options& options, const Shape& shape) {
  const auto k = static_cast<double>(shape.features);
  const bool holds_products = options.solver == "normal" || options.solver == "coordinate";
  if (holds_products && k > kNeverBeyond)
    throw UsageError("--solver=" + options.solver + " of " + Features(shape) + " needs " +
                     std::to_string(std::llround(8e-9 * k * k)) + " GB, expected " +
                     (options.solver == "normal" ? "cg" : "fista"));
  if (options.solver == "newton" && shape.outputs > 1)
    throw UsageError("--solver=newton knows two classes, " + std::to_string(shape.outputs) +
                     " are in the data, expected lbfgs");
  if (options.solver != "auto") return {options.solver, "as was asked for"};
  SolverChoice choice = Fastest(options, shape);
  Options chosen = options;
  chosen.solver = choice.solver;
  chosen.RefuseWithoutEffect();
  return choice;
}

double LossCurvature(const Options& options, const Shape& shape, double weight) {
  if (!options.IsLogistic()) return weight;
  return weight * (shape.outputs > 1 ? 0.5 : 0.25);
}

std::unique_ptr<Optimizer> MakeOptimizer(const std::string& solver,
                                         const Options& options,
                                         const Shape& shape,
                                         const Variables& variables,
                                         const Eigen::VectorXd& start) {
  const double curvature = LossCurvature(options, shape, variables.weight());
  if (solver == "normal") return std::make_unique<NormalEquations>(variables, start);
  if (solver == "coordinate")
    return std::make_unique<CoordinateDescent>(variables, start, options.tolerance);
  if (solver == "cg")
    return std::make_unique<ConjugateGradient>(variables, start, options.tolerance);
  if (solver == "newton")
    return std::make_unique<Newton>(variables, start, curvature, IsExact(shape));
  if (solver == "lbfgs")
    return std::make_unique<Lbfgs>(variables, start, curvature, options.memory, options.tolerance);
  if (solver == "gd") {
    const double most = curvature * variables.total_square() +
                        (variables.size() > 0 ? variables.l2().maxCoeff() : 0);
    const double alpha = options.alpha > 0 ? options.alpha : variables.weight() / most;
    return std::make_unique<GradientDescent>(variables, start, alpha);
  }
  return std::make_unique<ProximalGradient>(variables, start, curvature, solver == "fista",
                                            options.tolerance);
}

}  // namespace strads::regression
