#pragma once

#include <strads/app.h>
#include <strads/parallel.h>

#include <cstdint>
#include <span>
#include <vector>

#include "apps/regression/options.h"
#include "apps/regression/training_rows.h"

namespace strads::regression {

// Of the rows of a shard, at a point.
struct Evaluation {
  double loss = 0;
  double loss_ahead = 0;       // at the point ahead
  std::vector<double> slopes;  // of loss_ahead, by each weight
};

// Goes through the rows once for the losses of a linear model and their slopes. The weights are K
// numbers for each feature, one after the other, of K outputs, and K more for the constant 1.
//
// The fitted values f are linear in the weights: those of a point ahead, on the line through the
// model's point and this one, follow from both points' without going through the rows again.
class Evaluator {
 public:
  // `rows` outlives this. Keeps 16 K bytes a row if `keeps` says that points ahead or products are
  // asked for.
  Evaluator(const Options& options, const TrainingRows& rows, int64_t outputs, bool keeps);

  // At the point, and at (1 + ahead) times it less `ahead` times the model's. O(entries K), over
  // the threads; the same bytes for any number of them.
  Evaluation Evaluate(std::span<const double> weights, double ahead, ThreadPool& pool);

  // Of 1/2 sum c_i q_i (d.x_i)^2 at the direction d, q_i the second derivative of the row's loss at
  // the model's point (1 of the squared loss): the slopes are X'C Q X d. Logistic or squared loss,
  // one output. O(entries), and an exponential for each row after an Accept.
  Evaluation Product(std::span<const double> direction, ThreadPool& pool);

  // c_i q_i of each row, q_i as of Product. Logistic loss. O(rows) after an Accept.
  std::span<const double> Bends();

  // The point of the last Evaluate becomes the model's.
  void Accept();

  // The model's point goes `step` times the direction of the last Product. O(rows).
  void Step(double step);

  // At the model's point.
  double loss() const { return loss_; }

 private:
  template <class Loss>
  Evaluation Run(const Loss& loss,
                 std::span<const double> row_weights,
                 std::span<const double> weights,
                 double ahead,
                 ThreadPool& pool);
  template <class Loss, class Rows>
  void RunBlock(const Loss& loss,
                const Rows& x,
                std::span<const double> row_weights,
                std::span<const double> weights,
                double ahead,
                int64_t begin,
                int64_t end,
                Evaluation& sum);
  template <class Rows>
  void RunSoftmax(const Rows& x,
                  std::span<const double> weights,
                  double ahead,
                  int64_t begin,
                  int64_t end,
                  Evaluation& sum);

  const Options& options_;
  const TrainingRows& rows_;
  const int64_t outputs_;
  const bool keeps_;
  std::vector<double> fitted_;  // at the model's point: outputs_ for each row
  std::vector<double> newest_;  // at the point of the last call
  std::vector<double> bends_;   // c_i q_i at the model's point; empty: not known
  double newest_loss_ = 0;
  double loss_ = kUnknownLoss;
};

}  // namespace strads::regression
