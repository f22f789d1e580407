#pragma once

#include <cstdint>
#include <string>

#include "apps/regression/options.h"

namespace strads::regression::sgd {

// Regression as strads::regression::Options has it, with an L2 penalty, by stochastic gradient
// descent on shards of the data, at any --consistency: minimises over w and b
//
//   P(w, b) = sum_i c_i loss(y_i, b + w.x_i) + lambda/2 sum_j (d_j w_j)^2,     lambda > 0
//
// with the divisors d_j of --scale; the logistic loss of K > 2 classes has w_k and b_k for each,
// and the penalty is on all w_k.
struct Options {
  std::string data;
  std::string target;
  std::string weights;
  int64_t num_features = 0;
  std::string loss = "squared";
  double delta = 1.35;
  double lambda = 1;
  bool intercept = true;
  std::string scale = "none";
  double validation_share = 0;
  int validation_fold = 0;
  int batch = 1;
  int epochs = 20;
  double local_epochs = 0.1;
  double step = 0;
  bool average = true;
  bool hogwild = false;
  int64_t seed = 1;
  std::string solver = "sgd";

  STRADS_FIELDS(data,
                target,
                weights,
                num_features,
                loss,
                delta,
                lambda,
                intercept,
                scale,
                validation_share,
                validation_fold,
                batch,
                epochs,
                local_epochs,
                step,
                average,
                hogwild,
                seed,
                solver)
  STRADS_HELP(
      "data: libsvm, Matrix Market or CSV file (.gz, .xz, .zst too), one sample a row",
      "target: file of the targets, for Matrix Market; name of their column, for CSV (without: the "
      "first)",
      "weights: file of the weights of the samples, one a line; empty: all are 1",
      "num_features: number of features; 0: the largest index in the data",
      "loss: squared: 1/2(y - f)^2; huber: the same, but beyond delta only linear; logistic: of "
      "classes, two or more",
      "delta: of the Huber loss, in units of y",
      "lambda: weight of the penalty, in sum of losses + lambda/2 |w|^2, above 0",
      "intercept: add a constant to the model, which is not penalised",
      "scale: penalise features as if divided by: none (1), max_abs (their largest absolute "
      "value), standard (their standard deviation)",
      "validation_share: share of the rows that is held out, drawn by the seed",
      "validation_fold: which share of that size: 0 to 1 / validation_share - 1, rounded down",
      "batch: rows of a step",
      "epochs: end after so many passes over all rows, whoever made them; 0: no bound",
      "local_epochs: passes over its rows that a worker makes in a clock; 0.1: a tenth of them",
      "step: of the first rows, s in s / (1 + l s t), l = lambda / rows; 0: 1 / (the largest "
      "c_i (|x_i|^2 + 1) of a worker's rows, scaled and centred, times the loss's curvature: 1, "
      "logistic of two classes 1/4, of more 1/2)",
      "average: the model is the average of the parameters after all pulls, late ones counting "
      "more",
      "hogwild: let the --threads of a worker update its weights without locks, one row a step; "
      "such runs are not repeatable",
      "seed: of the order in which rows are visited, and what is held out",
      "solver: sgd; regression has others")

  // What regression's own options say of the same problem.
  regression::Options problem() const;

  // Throws UsageError, naming the option, if one is out of range or two contradict each other.
  void Validate() const;
};

}  // namespace strads::regression::sgd
