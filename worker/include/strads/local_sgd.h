#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <deque>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "strads/data_parallel.h"
#include "strads/fields.h"
#include "strads/local_weights.h"
#include "strads/parallel.h"
#include "strads/report.h"
#include "strads/row_matrix.h"
#include "strads/weight_change.h"

namespace strads {

// The rows of a shard, with f_i = w.(x_i - centre) + constant.
struct SgdRows {
  const RowMatrix* x = nullptr;    // outlives this
  std::vector<int64_t> rows = {};  // of x, to learn from; y and cost are of all of x's
  std::vector<double> y = {};      // 1 or -1 for losses of classes
  std::vector<double> cost = {};   // c_i
  // A feature that follows those of x, the same in all rows; 0: none. Its weight is one of w.
  double bias = 0;
  // Whether there is a constant that is learned and not penalised; else it stays what it is. With
  // one, features may be centred, which it does better for; empty: they are not. Costs nothing more
  // in a row, however sparse.
  bool has_constant = false;
  Eigen::VectorXd centre = {};

  int64_t size() const { return static_cast<int64_t>(rows.size()); }
};

// What is minimised, by steps how long.
struct SgdSteps {
  std::string loss;   // hinge, squared_hinge, logistic, squared or huber: strads/row_losses.h
  double delta = 1;   // of huber
  int64_t batch = 1;  // rows of a step
  double lambda = 0;  // at least 0
  double step = 1;    // of the first rows
};

// Weights as workers read them.
struct SharedWeights {
  Eigen::VectorXd w;
  double constant = 0;
  int64_t pulls = 0;  // LocalSteps that are in them; of joined parts, the sum

  // The `weights` of parts that holders have. Each has a constant of its own: that of the first is
  // taken.
  template <class Parameters>
  static SharedWeights Join(std::span<const Parameters> parts) {
    SharedWeights whole;
    whole.w = JoinParts(
        parts, [](const Parameters& part) -> const Eigen::VectorXd& { return part.weights.w; });
    whole.constant = parts.front().weights.constant;
    for (const Parameters& part : parts) whole.pulls += part.weights.pulls;
    return whole;
  }

  STRADS_FIELDS(w, constant, pulls)
};

// What some steps have made of a worker's weights: shrink w + change - centre_change centre, and
// constant + constant_change.
struct LocalSteps {
  int32_t rank = 0;
  int64_t shard_rows = 0;
  int64_t visits = 0;  // of rows
  double shrink = 1;
  double constant_change = 0;
  double centre_change = 0;
  WeightChange change;  // sparse where few features were met

  // For a holder of a part of the weights.
  LocalSteps PartOf(Slice slice) const;

  STRADS_FIELDS(rank, shard_rows, visits, shrink, constant_change, centre_change, change)
};

// The bound on the second derivative of the loss of that name.
double CurvatureOf(const std::string& loss);

// Stochastic gradient descent on the rows of one shard for
//
//   lambda/2 |w|^2 + 1/n sum_i c_i loss(y_i, f_i),      f_i as of SgdRows
//
// The t-th step (t = 1, 2, ...) visits a batch B of rows, at a rate that decays as Bottou's
// (COMPSTAT 2010) and, once lambda step t is large, Pegasos's (Shalev-Shwartz et al., ICML 2007):
//
//   w = (1 - eta_t lambda) w - eta_t / |B| sum_B c_i loss'(y_i, f_i) (x_i - centre),
//   eta_t = step/(1 + lambda step t),       constant likewise, without lambda
//
// Rows are visited in an order that is drawn anew for each pass. Shrinking telescopes: after steps
// a+1 .. b it has multiplied w by (1 + lambda step a) / (1 + lambda step b), whatever the rows.
class LocalSgd {
 public:
  // `rows` must outlive it. `seed` and `rank` give the order of the rows. O(entries).
  LocalSgd(const SgdRows& rows, uint64_t seed, int rank);

  // Steps first+1 .. first+count from `weights`, which have begun. O(entries of the rows visited).
  void Run(int64_t first, int64_t count, const SgdSteps& steps, LocalWeights& weights);
  // The same, with batches of one row, no constant and no centre, by the threads of a pool, each
  // every so many steps, that update the weights without locks (Hogwild: Niu et al., NIPS 2011).
  // Not repeatable with more than one.
  void RunHogwild(
      int64_t first, int64_t count, const SgdSteps& steps, LocalWeights& weights, ThreadPool& pool);

  // A clock of a data-parallel worker: steps clock * count + 1 .. (clock + 1) * count, from the
  // weights it is given, with its own steps that are not in them, or, as long as there are none
  // newer, from its own: it reads its own writes. With a pool by RunHogwild. Valid until the next.
  const LocalSteps& Push(const SharedWeights& shared,
                         int64_t clock,
                         const OwnClocks& own,
                         int64_t count,
                         const SgdSteps& steps,
                         ThreadPool* hogwild = nullptr);

  // sum_i c_i loss(y_i, f_i). The same for any number of threads.
  double Loss(const SgdSteps& steps, const SharedWeights& shared, ThreadPool& pool) const;
  // f_i of these rows of x, to learn from or not. O(their entries).
  std::vector<double> Fitted(std::span<const int64_t> rows, const SharedWeights& shared) const;

 private:
  // The t-th row visited, t = 0, 1, ... O(rows) where a pass begins.
  int32_t RowOf(int64_t t);
  // Of rows that are not centred.
  double ConstantOf(const SharedWeights& shared) const;
  void Restart(const SharedWeights& shared, const OwnClocks& own);

  const SgdRows& rows_;
  const uint64_t seed_;
  const int rank_;
  std::vector<double> centre_dots_;  // x_i.centre
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

// The coordinator's side: steps (shrink_p, change_p) that are pulled together count by their
// shards' shares of the rows, s_p = n_p / n:
//
//   w = w + sum_p s_p ((shrink_p - 1) w + change_p - centre_change_p centre)
//
// If all workers started from this w (bsp) that is the average of their weights (McDonald et al.,
// HLT 2010); with a single clock of all passes, that of Zinkevich et al. (NIPS 2010).
class WeightAverage {
 public:
  WeightAverage() = default;
  // The answer is, if it `averages`, the average of w after pull k = 1, 2, ..., each counted k
  // times (Lacoste-Julien, Schmidt and Bach, 2012); else w.
  // `centre` as the workers' rows have it, if they do, of the weights that are pulled into.
  WeightAverage(int64_t rows, bool averages, Eigen::VectorXd centre = {})
      : rows_(rows), averages_(averages), centre_(std::move(centre)) {}

  // Throws ProtocolError if steps do not fit w.
  void Pull(std::span<const LocalSteps> steps, SharedWeights& weights);
  // Of the weights that were pulled into.
  const SharedWeights& Answer(const SharedWeights& weights) const {
    return averages_ && average_.pulls > 0 ? average_ : weights;
  }
  // How many workers' steps have been pulled.
  int64_t workers_heard() const { return std::ssize(heard_); }
  // Says how many rows were visited and, after so many passes (0: no bound), that they are done.
  void Tell(int epochs, Report& report) const;

 private:
  int64_t rows_ = 0;
  bool averages_ = false;
  Eigen::VectorXd centre_;
  int64_t visits_ = 0;
  std::set<int32_t> heard_;
  SharedWeights average_;
};

}  // namespace strads
