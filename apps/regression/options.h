#pragma once

#include <strads/dataset.h>
#include <strads/fields.h>
#include <strads/hold_out.h>

#include <cstdint>
#include <string>

namespace strads::regression {

// Linear and logistic regression: minimise over w and the intercept b
//
//   P(w, b) = sum_i c_i loss(y_i, b + w.x_i) + lambda sum_j (l1_ratio |w_j| + (1 - l1_ratio)/2
//   w_j^2)
//
// and lower <= w_j <= upper. c_i is the weight of row i. With f = b + w.x_i the loss is
//
//   squared   1/2 (y - f)^2
//   huber     1/2 (y - f)^2 if |y - f| <= delta, else delta |y - f| - delta^2/2
//   logistic  log(1 + exp(-s f)), s = 1 for the positive class and -1 for the other; of K > 2
//             classes log sum_k exp(f_k) - f_y, with w_k and b_k for each
//
// Features may be scaled, x_ij / d_j: the penalty is then on d_j w_j, while w, and its bounds, are
// on the scale of the data. b is not penalised. The same P as the lasso's (apps/lasso/options.h).
//
// A run ends when no optimality condition is violated by more than the tolerance times the largest
// slope of the losses at w = 0, all features on the scale of their standard deviations.
struct Options {
  std::string data;
  std::string target;
  std::string weights;
  int64_t num_features = 0;
  std::string loss = "squared";
  double delta = 1.35;
  double lambda = 0;
  double l1_ratio = 0;
  std::string lower;
  std::string upper;
  bool intercept = true;
  std::string scale = "none";
  double validation_share = 0;
  int validation_fold = 0;
  std::string solver = "auto";
  double alpha = 0;
  int memory = 10;
  double tolerance = 1e-6;
  int64_t seed = 1;

  STRADS_FIELDS(data,
                target,
                weights,
                num_features,
                loss,
                delta,
                lambda,
                l1_ratio,
                lower,
                upper,
                intercept,
                scale,
                validation_share,
                validation_fold,
                solver,
                alpha,
                memory,
                tolerance,
                seed)
  STRADS_HELP(
      "data: libsvm, Matrix Market or CSV file (.gz, .xz, .zst too), one sample a row",
      "target: file of the targets, for Matrix Market; name of their column, for CSV (without: the "
      "first)",
      "weights: file of the weights of the samples, one a line; empty: all are 1",
      "num_features: number of features; 0: the largest index in the data",
      "loss: squared: 1/2(y - f)^2; huber: the same, but beyond delta only linear; logistic: of "
      "classes, two or more",
      "delta: of the Huber loss, in units of y",
      "lambda: weight of the penalty, in sum of losses + lambda (l1_ratio |w|_1 + (1 - "
      "l1_ratio)/2 |w|^2)",
      "l1_ratio: 0: ridge, 1: lasso, between: elastic net",
      "lower: least value of a coefficient (without: no bound), as 0 for none below zero",
      "upper: largest value of a coefficient (without: no bound)",
      "intercept: add a constant to the model, which is not penalised",
      "scale: penalise features as if divided by: none (1), max_abs (their largest absolute "
      "value), "
      "standard (their standard deviation)",
      "validation_share: share of the rows that is held out, drawn by the seed, "
      "for --loss=logistic as much of each class",
      "validation_fold: which share of that size: 0 to 1 / validation_share - 1, rounded down",
      "solver: auto, normal (normal equations), coordinate (descent on their matrix), "
      "cg (conjugate gradient), lbfgs, newton, fista, ista, "
      "gd (gradient descent with the step alpha/(n sqrt(t))), sgd (stochastic, data-parallel, with "
      "flags of its own: see --solver=sgd --help)",
      "alpha: of gd; 0: 1 over the sum of the features' mean squares (and the curvature of the "
      "loss)",
      "memory: of lbfgs, how many steps it remembers",
      "tolerance: the run has converged once no optimality condition is violated by more than this "
      "times the largest slope at w = 0",
      "seed: of what is held out")

  HoldOut hold_out() const { return {.share = validation_share, .fold = validation_fold}; }
  bool IsLogistic() const { return loss == "logistic"; }
  double l1() const { return lambda * l1_ratio; }
  double l2() const { return lambda * (1 - l1_ratio); }
  // -infinity and infinity without a bound.
  double LowerBound() const;
  double UpperBound() const;
  // Whether the penalty or the bounds have kinks.
  bool IsSmooth() const { return l1() == 0 && lower.empty() && upper.empty(); }
  ReadOptions reading() const {
    return {.target = target,
            .num_features = num_features,
            .weights = weights,
            .wants_first_row = validation_share > 0};
  }

  // Throws UsageError, naming the option, if one is out of range or two contradict each other.
  void Validate() const;
  // Throws UsageError, if an option that is not at its default says nothing about this problem.
  void RefuseWithoutEffect() const;
};

}  // namespace strads::regression
