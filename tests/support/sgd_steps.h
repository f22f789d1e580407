#pragma once

#include <strads/local_sgd.h>
#include <strads/output_losses.h>

#include <Eigen/Core>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace strads::testing {

inline double LossOfRow(const std::string& loss, double y, Eigen::VectorXd f) {
  return output_loss::With(loss, 0.8, f.size(), [&](auto of) { return of.Value(y, f.data()); });
}

inline Eigen::VectorXd SlopesOfRow(const std::string& loss, double y, Eigen::VectorXd f) {
  output_loss::With(loss, 0.8, f.size(), [&](auto of) { of.ToSlopes(y, f.data()); });
  return f;
}

// Weights of K outputs: a row for each, as they lie in memory.
struct DenseWeights {
  Eigen::MatrixXd w;
  Eigen::VectorXd constants;
};

inline Eigen::VectorXd Flat(const Eigen::MatrixXd& w) {
  return Eigen::Map<const Eigen::VectorXd>(w.data(), w.size());
}

// Steps first + 1, ... on batches of the rows in this order, by the definition of LocalSgd.
inline DenseWeights StepsByDefinition(const Eigen::MatrixXd& x,
                                      const SgdRows& rows,
                                      const SgdSteps& steps,
                                      const std::vector<int>& order,
                                      int64_t first,
                                      DenseWeights at) {
  const auto batch = static_cast<std::size_t>(steps.batch);
  for (std::size_t n = 0; n < order.size(); n += batch) {
    const auto t = static_cast<double>(first + static_cast<int64_t>(n / batch) + 1);
    const double eta = steps.step / (1 + steps.lambda * steps.step * t);
    Eigen::MatrixXd slope = Eigen::MatrixXd::Zero(at.w.rows(), at.w.cols());
    Eigen::VectorXd constant_slope = Eigen::VectorXd::Zero(at.w.rows());
    for (std::size_t m = n; m < n + batch; ++m) {
      const auto i = static_cast<std::size_t>(order[m]);
      Eigen::VectorXd z(at.w.cols());
      z.head(x.cols()) = x.row(order[m]);
      if (rows.bias != 0) z[x.cols()] = rows.bias;
      if (rows.centre.size() > 0) z -= rows.centre;
      const Eigen::VectorXd own =
          SlopesOfRow(steps.loss, rows.y[i], at.w * z + at.constants) * rows.cost[i];
      slope += own * z.transpose();
      constant_slope += own;
    }
    at.w = (1 - eta * steps.lambda) * at.w - eta / static_cast<double>(steps.batch) * slope;
    if (rows.has_constant) at.constants -= eta / static_cast<double>(steps.batch) * constant_slope;
  }
  return at;
}

// What steps have made of weights.
inline DenseWeights After(const LocalSteps& steps, const SgdRows& rows, DenseWeights at) {
  const Eigen::Index outputs = at.w.rows();
  Eigen::VectorXd w = steps.shrink * Flat(at.w);
  steps.change.AddTo({w.data(), static_cast<std::size_t>(w.size())});
  at.w = Eigen::Map<const Eigen::MatrixXd>(w.data(), outputs, w.size() / outputs);
  if (steps.centre_changes.size() > 0) at.w -= steps.centre_changes * rows.centre.transpose();
  at.constants += steps.constant_changes;
  return at;
}

// The third clock, from these weights, of a worker that made two from `start`, of which weights may
// lack those that are not settled.
inline LocalSteps ThirdClock(const SgdRows& rows,
                             const SgdSteps& steps,
                             const SharedWeights& start,
                             const SharedWeights& weights,
                             const std::vector<int64_t>& settled) {
  LocalSgd sgd(rows, 9, 0);
  for (const int64_t clock : {0, 1})
    sgd.Push(start, clock, {.settled = {0}, .may_lack = true}, 3, steps);
  return sgd.Push(weights, 2, {.settled = settled, .may_lack = true}, 3, steps);
}

}  // namespace strads::testing
