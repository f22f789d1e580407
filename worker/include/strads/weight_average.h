#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <set>
#include <span>
#include <utility>

#include "strads/local_steps.h"
#include "strads/report.h"

namespace strads {

// The coordinator's side of LocalSgd (strads/local_sgd.h): steps (shrink_p, change_p) that are
// pulled together count by their shards' shares of the rows, s_p = n_p / n:
//
//   w_k = w_k + sum_p s_p ((shrink_p - 1) w_k + change_pk - centre_change_pk centre)
//
// If all workers started from this w (bsp) that is the average of their weights (McDonald et al.,
// HLT 2010); with a single clock of all passes, that of Zinkevich et al. (NIPS 2010).
class WeightAverage {
 public:
  WeightAverage() = default;
  // The answer is, if it `averages`, the average of w after pull k = 1, 2, ..., each counted k
  // times (Lacoste-Julien, Schmidt and Bach, 2012); else w.
  // `centre` as the workers' rows have it, if they do, of the features of the weights that are
  // pulled into.
  WeightAverage(int64_t rows, bool averages, Eigen::VectorXd centre = {})
      : rows_(rows), averages_(averages), centre_(std::move(centre)) {}

  // Throws ProtocolError if steps do not fit w. O(size) for each.
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
