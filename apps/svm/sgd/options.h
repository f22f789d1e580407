#pragma once

#include <strads/dataset.h>
#include <strads/fields.h>
#include <strads/hold_out.h>

#include <cstdint>
#include <string>

namespace strads::sgd {

// Linear classifiers by stochastic gradient descent on shards of the data, at any --consistency:
// minimises over w
//
//   P(w) = 1/2 |w|^2 + C sum_i c_i loss(y_i w.x_i)
//
// with loss(m) = max(0, 1 - m) (hinge), its square (squared_hinge) or log(1 + exp(-m)) (logistic),
// y_i = 1 for the larger label (as a number if all are numbers), else -1, and c_i the weight of the
// row times that of its class. Of K > 2 classes the sum of K such problems, each with weights of
// its own: y_i = 1 for the rows of class k, -1 for those of all others, and c_i the same in all of
// them (as strads svm has it of one_against_all). All see the same visits of rows. With a bias, x_i
// has one more feature, constant 1, whose weight is part of w and of |w|^2.
struct Options {
  std::string data;
  std::string target;
  std::string weights;
  int64_t num_features = 0;
  double C = 1;  // NOLINT(readability-identifier-naming): as everybody calls it
  std::string loss = "hinge";
  bool bias = false;
  std::string class_weights;
  std::string scale = "none";
  double validation_share = 0;
  int validation_fold = 0;
  int epochs = 20;
  double local_epochs = 0.1;
  double step = 0;
  bool average = false;
  bool hogwild = false;
  int64_t seed = 1;
  std::string solver = "sgd";

  STRADS_FIELDS(data,
                target,
                weights,
                num_features,
                C,
                loss,
                bias,
                class_weights,
                scale,
                validation_share,
                validation_fold,
                epochs,
                local_epochs,
                step,
                average,
                hogwild,
                seed,
                solver)
  STRADS_HELP(
      "data: libsvm, Matrix Market or CSV file (.gz, .xz, .zst too), one sample a row",
      "target: file of the labels, for Matrix Market; name of their column, for CSV (without: the "
      "first)",
      "weights: file of the weights of the samples, one a line; empty: all are 1",
      "num_features: number of features; 0: the largest index in the data",
      "C: weight of the losses, in 1/2|w|^2 + C sum of losses",
      "loss: hinge: max(0, 1 - m), squared_hinge: its square, or logistic: log(1 + exp(-m)); "
      "summed over each class against all others, if there are more than two",
      "bias: add a constant feature of 1, whose weight is penalised as all are",
      "class_weights: file of a label and its weight a line (without one: 1), or balanced: n / "
      "(classes times rows of the class)",
      "scale: divide features by: none (1), max_abs (their largest absolute value), standard "
      "(their standard deviation; they are not centred)",
      "validation_share: share of the rows that is held out, drawn by the seed",
      "validation_fold: which share of that size: 0 to 1 / validation_share - 1, rounded down",
      "epochs: end after so many passes over all rows, whoever made them; 0: no bound",
      "local_epochs: passes over its rows that a worker makes in a clock; 0.1: a tenth of them",
      "step: of the first rows, s in s / (1 + lambda s t), lambda = 1 / (C rows); 0: 1 / (the mean "
      "of |x|^2 times the loss's curvature), of squared_hinge the largest c_i |x_i|^2 of a "
      "worker's rows in place of the mean",
      "average: the model is the average of the parameters after all pulls, late ones counting "
      "more",
      "hogwild: let the --threads of a worker update its weights without locks; such runs are not "
      "repeatable",
      "seed: of the order in which rows are visited, and what is held out",
      "solver: sgd; svm has others")

  HoldOut hold_out() const { return {.share = validation_share, .fold = validation_fold}; }
  ReadOptions reading() const {
    return {.target = target,
            .num_features = num_features,
            .weights = weights,
            .wants_first_row = validation_share > 0};
  }

  // Throws UsageError, naming the option, if one is out of range or two contradict each other.
  void Validate() const;
};

}  // namespace strads::sgd
