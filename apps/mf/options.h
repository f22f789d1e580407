#pragma once

#include <strads/fields.h>
#include <strads/hold_out.h>
#include <strads/ratings.h>

#include <cstdint>
#include <string>

namespace strads::mf {

// What is factorized and how. The objective, over observed ratings (u, i), is
//
//   sum of e_ui^2 + penalty,  e = r - (mean + b_u + c_i + w_u.h_i)
//   penalty  weighted: lambda sum over ratings of (|w_u|^2 + |h_i|^2 [+ b_u^2 + c_i^2])
//            plain:    lambda (|W|^2 + |H|^2 [+ |b|^2 + |c|^2])
//
// and with implicit feedback, over all cells, that of apps/mf/implicit.h.
struct Options {
  std::string data;
  std::string validation;
  double validation_share = 0;
  int validation_fold = 0;
  std::string solver = "sgd";
  int rank = 32;
  double lambda = 0.05;
  std::string penalty = "weighted";
  int epochs = 0;
  double change = 1e-4;
  int patience = 0;
  double rate = 0.1;
  int inner = 5;
  int blocks = 0;
  bool fugue = false;
  double extra_decay = 0.7;
  bool center = true;
  bool biases = false;
  bool nonnegative = false;
  bool implicit = false;
  double alpha = 1;
  std::string duplicates = "refuse";
  std::string model;
  int workers = 1;
  int64_t seed = 1;

  STRADS_FIELDS(data,
                validation,
                validation_share,
                validation_fold,
                solver,
                rank,
                lambda,
                penalty,
                epochs,
                change,
                patience,
                rate,
                inner,
                blocks,
                fugue,
                extra_decay,
                center,
                biases,
                nonnegative,
                implicit,
                alpha,
                duplicates,
                model,
                workers,
                seed)
  STRADS_HELP(
      "data: file of ratings: user, item, rating a line, between them ::, tabs, commas or blanks; "
      "or Matrix Market; plain, .gz, .xz or .zst",
      "validation: file of ratings that are predicted after each epoch, and not trained on",
      "validation_share: share of the ratings that is held out instead, drawn by the seed",
      "validation_fold: which share of that size: 0 to 1 / validation_share - 1, rounded down",
      "solver: sgd (stochastic gradient descent over blocks that travel) or ccd (cyclic coordinate "
      "descent, CCD++)",
      "rank: number of factors of each user and item",
      "lambda: weight of the penalty",
      "penalty: weighted (each row by its number of ratings) or plain",
      "epochs: passes over the ratings at most; 0: 40 for sgd, 15 for ccd",
      "change: converged once an epoch changes the objective by at most this share; 0: never",
      "patience: end after so many epochs in which the validation RMSE has not fallen; 0: go on",
      "rate: of learning, for sgd: free of the ratings' units, which lambda has",
      "inner: passes over one factor before the next, for ccd",
      "blocks: parts of the items that travel from worker to worker, for sgd; 0: twice the "
      "workers, "
      "one worker: 1",
      "fugue: workers that have done their share of a round go on until the slowest has, for sgd",
      "extra_decay: with fugue, the step of each further pass over a block relative to the last",
      "center: predictions start from the mean rating",
      "biases: learn a bias of each user and item",
      "nonnegative: factors are at least 0",
      "implicit: ratings are strengths of what was observed, everything else is a weak 0; ccd only",
      "alpha: with implicit, the weight of an observation is 1 + alpha rating",
      "duplicates: a second rating of an item by the same user: refuse, or last: it counts",
      "model: file of the model; the factors lie beside it in FILE.users.npy and FILE.items.npy",
      "workers: number of workers, each with its own users (part of the answer of sgd)",
      "seed: of the initial factors, the order of blocks and cells, and what is held out")

  // Throws UsageError, naming the option, if one is out of range or two contradict each other.
  void Validate() const;

  bool uses_blocks() const { return solver == "sgd"; }
  int num_blocks() const;
  int num_epochs() const;
  HoldOut hold_out() const { return {.share = validation_share, .fold = validation_fold}; }
  bool validates() const { return !validation.empty() || validation_share > 0; }
  RatingsOptions ratings() const;
};

}  // namespace strads::mf
