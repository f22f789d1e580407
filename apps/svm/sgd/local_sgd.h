#pragma once

#include <strads/parallel.h>

#include <cstdint>
#include <string>
#include <vector>

#include "apps/svm/sgd/local_weights.h"
#include "apps/svm/sgd/training_rows.h"

namespace strads::sgd {

// Steps of stochastic gradient descent on the rows of one shard for
//
//   lambda/2 |w|^2 + 1/n sum_i c_i loss(y_i w.x_i)
//
// The t-th step (t = 1, 2, ...) visits one row i, at a rate that decays as Bottou's (COMPSTAT 2010)
// and, once lambda step t is large, Pegasos's (Shalev-Shwartz et al., ICML 2007):
//
//   w = (1 - eta_t lambda) w - eta_t c_i loss'(y_i w.x_i) y_i x_i,  eta_t = step/(1 + lambda step
//   t)
//
// Rows are visited in an order that is drawn anew for each pass. Shrinking telescopes: after steps
// a+1 .. b it has multiplied w by (1 + lambda step a) / (1 + lambda step b), whatever the rows.
class LocalSgd {
 public:
  // `rows` must outlive it. `seed` and `stream` give the order of the rows.
  LocalSgd(const TrainingRows& rows, std::string loss, uint64_t seed, uint64_t stream);

  // Steps first+1 .. first+count from `weights`, which have begun. O(entries of the rows visited).
  void Run(int64_t first, int64_t count, double lambda, double step, LocalWeights& weights);
  // The same by the threads of a pool, each every so many steps, that update the weights without
  // locks (Hogwild: Niu et al., NIPS 2011). Not repeatable with more than one.
  void RunHogwild(int64_t first,
                  int64_t count,
                  double lambda,
                  double step,
                  LocalWeights& weights,
                  ThreadPool& pool);

  // sum_i c_i loss(y_i w.x_i). The same for any number of threads.
  double Loss(const Eigen::VectorXd& w, ThreadPool& pool) const;

 private:
  // Of step t, t = 0, 1, ... O(rows) where a pass begins.
  int32_t RowOf(int64_t t);

  const TrainingRows& rows_;
  const std::string loss_;
  const uint64_t seed_;
  const uint64_t stream_;
  int64_t pass_ = -1;
  std::vector<int32_t> order_;  // of that pass
};

}  // namespace strads::sgd
