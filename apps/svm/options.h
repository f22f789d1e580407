#pragma once

#include <strads/dataset.h>
#include <strads/fields.h>
#include <strads/hold_out.h>

#include <cstdint>
#include <string>

namespace strads::svm {

// Linear support vector machines: minimise over w
//
//   P(w) = 1/2 |w|^2 + C sum_i c_i loss(y_i w.x_i)
//
// with loss(m) = max(0, 1 - m) (hinge) or its square (squared_hinge), y_i = 1 for the positive
// class and -1 for the other, and c_i the weight of the row times that of its class. Two classes:
// the positive one is the larger label, as a number if all labels are numbers. More of them:
// one-against-all minimises P for each class against all others, crammer_singer the one problem of
// apps/svm/crammer_singer_solver.h. With a bias, x_i has one more feature, constant 1 (liblinear's
// -B 1): its weight b is part of w and of |w|^2.
//
// A run ends when the duality gap (P - D) / P of every problem is at most the tolerance.
struct Options {
  std::string data;
  std::string target;
  std::string weights;
  int64_t num_features = 0;
  double C = 1;  // NOLINT(readability-identifier-naming): as everybody calls it
  std::string loss = "hinge";
  bool bias = false;
  std::string class_weights;
  std::string multiclass = "one_against_all";
  std::string divide = "auto";
  std::string scale = "none";
  double validation_share = 0;
  int validation_fold = 0;
  std::string solver = "cocoa";
  int workers = 1;
  double tolerance = 1e-4;
  int64_t seed = 1;

  STRADS_FIELDS(data,
                target,
                weights,
                num_features,
                C,
                loss,
                bias,
                class_weights,
                multiclass,
                divide,
                scale,
                validation_share,
                validation_fold,
                solver,
                workers,
                tolerance,
                seed)
  STRADS_HELP(
      "data: libsvm, Matrix Market or CSV file (.gz, .xz, .zst too), one sample a row",
      "target: file of the labels, for Matrix Market; name of their column, for CSV (without: the "
      "first)",
      "weights: file of the weights of the samples, one a line; empty: all are 1",
      "num_features: number of features; 0: the largest index in the data",
      "C: weight of the losses, in 1/2|w|^2 + C sum of losses",
      "loss: hinge: max(0, 1 - m), or squared_hinge: its square",
      "bias: add a constant feature of 1, whose weight is penalised as all are",
      "class_weights: file of a label and its weight a line (without one: 1), or balanced: n / "
      "(classes times rows of the class)",
      "multiclass: of more than two classes: one_against_all or crammer_singer",
      "divide: what workers divide: rows; classes (of more than two, one_against_all; every worker "
      "reads all rows); or auto: classes where weights of many features would take longer to send "
      "than to improve, there are as many classes as workers, and all rows take at most 1 GB",
      "scale: divide features by: none (1), max_abs (their largest absolute value), standard "
      "(their standard deviation; they are not centred)",
      "validation_share: share of the rows that is held out, drawn by the seed, "
      "as much of each class",
      "validation_fold: which share of that size: 0 to 1 / validation_share - 1, rounded down",
      "solver: cocoa (coordinate ascent on the dual, CoCoA+ over workers, with a certified gap) or "
      "sgd (stochastic gradient descent at any --consistency, which has flags of its own: see "
      "--solver=sgd --help)",
      "workers: number of workers (part of the answer where they divide rows)",
      "tolerance: the run has converged once the gap of every problem is at most this",
      "seed: of the order of visits, and what is held out")

  HoldOut hold_out() const { return {.share = validation_share, .fold = validation_fold}; }
  bool IsSquared() const { return loss == "squared_hinge"; }
  bool IsCrammerSinger() const { return multiclass == "crammer_singer"; }
  ReadOptions reading() const {
    return {.target = target, .num_features = num_features, .weights = weights};
  }

  // Throws UsageError, naming the option, if one is out of range or two contradict each other.
  void Validate() const;
};

}  // namespace strads::svm
