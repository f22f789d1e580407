#pragma once

#include <strads/fields.h>

#include <cstdint>
#include <string>

namespace strads::lasso {

// The lasso family: minimise over b and the intercept b0
//
//   P(b0, b) = sum_i w_i loss(y_i, b0 + x_i b)
//            + lambda sum_u v_u (l1_ratio |D b_u|_2 + (1 - l1_ratio)/2 |D b_u|_2^2)
//
// by coordinate descent on a schedule (Lee et al., NIPS 2014). X is n x p; its rows, y and w are
// split over the workers. loss(y, f) is 1/2 (y - f)^2, or log(1 + exp(-s f)) with s = 1 if y > 0
// and s = -1 if not. u runs over the variables, |b_u|_2 = |b_u|, or over groups of them. D is 1, or
// the variables' standard deviations; b is on the scale of the data either way. scikit-learn and
// glmnet divide the first sum by n (glmnet: by sum_i w_i): their lambda is this one divided by n.
//
// The run stops on the duality gap relative to P of the model of b0 and the variables that are not
// penalised alone.
struct Options {
  std::string data;
  std::string target;
  std::string weights;
  int64_t num_features = 0;
  std::string loss = "squared";
  double lambda = 0;
  double lambda_ratio = 0.1;
  double l1_ratio = 1;
  bool intercept = false;
  bool standardize = false;
  bool nonnegative = false;
  std::string penalty_factors;
  std::string groups;
  std::string warm_start;
  std::string schedule = "working_set";
  int parallelism = 64;
  int blocks = 0;
  double max_coupling = 0.3;
  double candidates = 2;
  int coupling_cache = 4096;
  int block_memory = 1024;
  bool divergence_guard = true;
  int64_t seed = 1;

  STRADS_FIELDS(data,
                target,
                weights,
                num_features,
                loss,
                lambda,
                lambda_ratio,
                l1_ratio,
                intercept,
                standardize,
                nonnegative,
                penalty_factors,
                groups,
                warm_start,
                schedule,
                parallelism,
                blocks,
                max_coupling,
                candidates,
                coupling_cache,
                block_memory,
                divergence_guard,
                seed)
  STRADS_HELP(
      "data: libsvm or Matrix Market file (.gz, .xz, .zst too), one sample a row",
      "target: file of the target vector, for Matrix Market data",
      "weights: file of the weights of the samples, one a line; empty: all are 1",
      "num_features: number of variables; 0: the largest index in the data",
      "loss: squared: 1/2(y - f)^2, or logistic: log(1 + exp(-f)) for targets above 0, "
      "log(1 + exp(f)) for the others",
      "lambda: weight of the penalty, in sum of losses + lambda|b|_1 (scikit-learn's and glmnet's "
      "times the number of samples); 0: use lambda_ratio",
      "lambda_ratio: lambda as a share of lambda_max, from which on all variables are zero",
      "l1_ratio: elastic net: lambda (l1_ratio |b|_1 + (1 - l1_ratio)/2 |b|^2)",
      "intercept: add a constant to the model, which is not penalised",
      "standardize: penalise b_j times the standard deviation of variable j",
      "nonnegative: only coefficients of at least 0",
      "penalty_factors: file of numbers that multiply lambda, one for each variable (each group, "
      "in "
      "order of their first variables); 0: not penalised, inf: left out; empty: all are 1 (square "
      "roots of the groups' sizes)",
      "groups: file of the number of the group of each variable, for the group lasso; empty: none",
      "warm_start: file of a model to start from, as of yesterday's data; empty: zero",
      "schedule: which variables are updated next: cyclic, shuffled, random (Shotgun), priority, "
      "dependency (priority with dependency check, STRADS), block_greedy (of blocks that are "
      "coupled little, the one that gains most), or working_set (those that matter, solved as one "
      "block)",
      "parallelism: variables (groups) updated in one round, at most",
      "blocks: block_greedy: blocks that the variables are divided into; 0: as many as parallelism",
      "max_coupling: dependency: largest |cos(x_j, x_k)| of two variables of a round",
      "candidates: dependency: variables drawn for each that may be kept",
      "coupling_cache: dependency: variables whose couplings with each other a scheduler remembers",
      "block_memory: working_set: megabytes that the coordinator may use for what it solves as one "
      "block: inner products, or columns where these are smaller; beyond, priority goes on",
      "divergence_guard: halve the parallelism when the objective rises, and start again from zero "
      "if it is worse than zero")

  bool IsLogistic() const { return loss == "logistic"; }
};

// Throws UsageError for the first option that is out of range, whatever the data are.
void Validate(const Options& options);

}  // namespace strads::lasso
