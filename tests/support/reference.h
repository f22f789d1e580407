#pragma once

#include <Eigen/Core>
#include <string>

#include "tests/support/lasso_problems.h"

namespace strads::testing {

// 1/2 |y - X b|^2 + lambda |b|_1, by the definition.
double Objective(const Problem& problem, const Eigen::VectorXd& b, double lambda);

// The objective of b = 0.
double NullObjective(const Problem& problem);

// max_j |x_j'y|: from this lambda on the solution is zero.
double LambdaMax(const Problem& problem);

// How far b is from the optimum at most, relative to the objective of zero: the duality gap, with
// the best feasible multiple of the residual as the dual point.
double RelativeGap(const Problem& problem, const Eigen::VectorXd& b, double lambda);

// The optimality conditions: x_j'r = lambda sign(b_j) where b_j is not zero, |x_j'r| <= lambda
// elsewhere. The largest violation of |x_j| > 0, divided by |x_j|. Variables with |b_j||x_j| <=
// negligible count as zero.
double KktViolation(const Problem& problem,
                    const Eigen::VectorXd& b,
                    double lambda,
                    double negligible);

// The least objective, by coordinate descent in the order of the columns to this relative gap.
// Throws if it does not come to it.
double OptimalObjective(const Problem& problem, double lambda, double gap);

// The text of a file that xz has packed, or of a plain one.
std::string ReadMaybePacked(const std::string& path);

}  // namespace strads::testing
