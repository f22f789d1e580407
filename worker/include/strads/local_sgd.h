#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "strads/data_parallel.h"
#include "strads/local_steps.h"
#include "strads/local_weights.h"
#include "strads/parallel.h"
#include "strads/row_matrix.h"

namespace strads {

// The rows of a shard, with K fitted values f_ik = w_k.(x_i - centre) + constant_k each.
struct SgdRows {
  const RowMatrix* x = nullptr;    // outlives this
  std::vector<int64_t> rows = {};  // of x, to learn from; y and cost are of all of x's
  std::vector<double> y = {};      // as the loss has it: see TakeClasses
  std::vector<double> cost = {};   // c_i
  int64_t outputs = 1;             // K
  // A feature that follows those of x, the same in all rows; 0: none. Its weights are some of w.
  double bias = 0;
  // Whether there are constants that are learned and not penalised; else they stay what they are.
  // With them, features may be centred, which they do better for; empty: they are not. Costs
  // nothing more in a row, however sparse.
  bool has_constant = false;
  Eigen::VectorXd centre = {};

  int64_t size() const { return static_cast<int64_t>(rows.size()); }
  // y and outputs, given the number of each row's class. Of two classes there is one output, and y
  // is 1 (the second) or -1; of more there is one for each, and y is the number.
  void TakeClasses(std::span<const int32_t> classes, int64_t num_classes);
  // The most c_i (|x_i - centre|^2 + bias^2, and 1 if there are constants) of the rows to learn
  // from; 0 without any. O(entries).
  double LargestSquare() const;
};

// What is minimised, by steps how long.
struct SgdSteps {
  // hinge, squared_hinge, logistic, squared or huber (strads/row_losses.h); of more than one output
  // one of the first three, one against all, or softmax (strads/output_losses.h).
  std::string loss;
  double delta = 1;   // of huber
  int64_t batch = 1;  // rows of a step
  double lambda = 0;  // at least 0
  double step = 1;    // of the first rows
};

// The bound on the second derivatives of the loss of that name by its fitted values, q. Those by
// the weights and constants of a row's loss are at most q c_i (|x_i - centre|^2 + bias^2, and 1
// with constants), for any number of outputs: steps of up to 1 over that overshoot no row, and apps
// take it by default. One against all it is that of one output; of softmax 1/2.
double CurvatureOf(const std::string& loss, int64_t outputs);

// Stochastic gradient descent on the rows of one shard for
//
//   lambda/2 sum_k |w_k|^2 + 1/n sum_i c_i loss(y_i, f_i),      f_i = (f_i1, ..., f_iK) of SgdRows
//
// The t-th step (t = 1, 2, ...) visits a batch B of rows, at a rate that decays as Bottou's
// (COMPSTAT 2010) and, once lambda step t is large, Pegasos's (Shalev-Shwartz et al., ICML 2007):
//
//   w_k = (1 - eta_t lambda) w_k - eta_t / |B| sum_B c_i dloss/df_k(y_i, f_i) (x_i - centre),
//   eta_t = step/(1 + lambda step t),       constant_k likewise, without lambda
//
// Rows are visited in an order that is drawn anew for each pass: of losses of classes one against
// all, K problems see the same visits as each would alone. Shrinking telescopes: after steps a+1 ..
// b it has multiplied w by (1 + lambda step a) / (1 + lambda step b), whatever the rows. A step
// costs O(K entries of its rows).
class LocalSgd {
 public:
  // `rows` must outlive it. `seed` and `rank` give the order of the rows. O(entries).
  LocalSgd(const SgdRows& rows, uint64_t seed, int rank);

  // Steps first+1 .. first+count from `weights`, which have begun. O(K entries of the rows
  // visited).
  void Run(int64_t first, int64_t count, const SgdSteps& steps, LocalWeights& weights);
  // The same, with batches of one row, by the threads of a pool, each every so many steps, that
  // update the weights without locks (Hogwild: Niu et al., NIPS 2011). Not repeatable with more
  // than one. Touches all features.
  void RunHogwild(
      int64_t first, int64_t count, const SgdSteps& steps, LocalWeights& weights, ThreadPool& pool);

  // A clock of a data-parallel worker: steps clock * count + 1 .. (clock + 1) * count, from the
  // weights it is given, with its own steps that are not in them, or, as long as there are none
  // newer, from its own: it reads its own writes. With a pool by RunHogwild. Valid until the next.
  // Throws ProtocolError if the weights do not fit the rows.
  const LocalSteps& Push(const SharedWeights& shared,
                         int64_t clock,
                         const OwnClocks& own,
                         int64_t count,
                         const SgdSteps& steps,
                         ThreadPool* hogwild = nullptr);

  // sum_i c_i loss(y_i, f_i). The same for any number of threads.
  double Loss(const SgdSteps& steps, const SharedWeights& shared, ThreadPool& pool) const;
  // The same where all weights and constants are zero. O(K rows).
  double EmptyLoss(const SgdSteps& steps) const;
  // The K values f_i of each of these rows of x, to learn from or not. O(K their entries).
  std::vector<double> Fitted(std::span<const int64_t> rows, const SharedWeights& shared) const;

 private:
  // The centre as threads that update weights without locks need it: an addition that is lost must
  // not be larger than what a step is about. Features that most rows have, whose means may be many
  // times what they vary by, are centred one by one; they are no more than two for each entry of a
  // row. The mean of another is at most its standard deviation, if rows weigh the same, and goes by
  // the shift.
  struct SplitCentre {
    std::vector<int32_t> common;    // features that most rows have, in order
    Eigen::VectorXd rest;           // the centre, zero at those
    std::vector<double> rest_dots;  // x_i.rest; empty: all are 0
  };

  // The t-th row visited, t = 0, 1, ... O(rows) where a pass begins.
  int32_t RowOf(int64_t t);
  template <class LossOfRow, class Rows>
  void Descend(const LossOfRow& loss,
               const Rows& x,
               int64_t first,
               int64_t count,
               const SgdSteps& steps,
               LocalWeights& weights);
  template <class LossOfRow, class Rows>
  void DescendHogwild(const LossOfRow& loss,
                      const Rows& x,
                      int64_t first,
                      std::span<const int32_t> visited,
                      const SgdSteps& steps,
                      LocalWeights& weights,
                      ThreadPool& pool) const;
  std::vector<double> DotsWith(const Eigen::VectorXd& centre) const;
  SplitCentre Split() const;
  void Restart(const SharedWeights& shared, const OwnClocks& own);

  const SgdRows& rows_;
  const uint64_t seed_;
  const int rank_;
  std::vector<double> centre_dots_;   // x_i.centre
  std::optional<SplitCentre> split_;  // once it was needed
  int64_t pass_ = -1;
  std::vector<int32_t> order_;  // of that pass
  LocalWeights weights_;
  struct Made {
    int64_t clock = 0;
    LocalSteps steps;
  };
  std::deque<Made> made_;  // the last, and those before it that weights to come may lack
  int64_t read_ = -1;      // pulls in the weights that it goes on from
};

}  // namespace strads
