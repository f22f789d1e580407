#include "strads/weight_average.h"

#include <string>
#include <vector>

#include "strads/error.h"
#include "strads/index.h"
#include "worker/output_weights.h"

namespace strads {

void WeightAverage::Pull(std::span<const LocalSteps> steps, SharedWeights& weights) {
  const std::span<double> w(weights.w.data(), Index(weights.w.size()));
  double factor = 1;
  std::vector<double> shares;
  for (const LocalSteps& own : steps) {
    if (!own.Fit(weights)) throw ProtocolError("a gradient does not fit the weights");
    shares.push_back(static_cast<double>(own.shard_rows) / static_cast<double>(rows_));
    factor += shares.back() * (own.shrink - 1);
    visits_ += own.visits;
    heard_.insert(own.rank);
  }
  weights.w *= factor;
  for (size_t p = 0; p < steps.size(); ++p) {
    const LocalSteps& own = steps[p];
    own.change.AddTo(w, shares[p]);
    weights.constants += shares[p] * own.constant_changes;
    if (centre_.size() > 0 && own.centre_changes.size() > 0)
      AddToEach(-shares[p] * own.centre_changes, centre_, w.data());
  }
  weights.pulls += std::ssize(steps);
  if (!averages_) return;
  if (average_.pulls == 0) {
    average_.w.setZero(weights.w.size());
    average_.constants.setZero(weights.outputs());
  }
  const double by = 2 / static_cast<double>(++average_.pulls + 1);
  average_.w += by * (weights.w - average_.w);
  average_.constants += by * (weights.constants - average_.constants);
}

void WeightAverage::Tell(int epochs, Report& report) const {
  report.updates = visits_;
  const double made = static_cast<double>(visits_) / static_cast<double>(rows_);
  report.extra["epochs"] = made;
  if (epochs == 0 || !(made >= epochs)) return;
  report.done = "made the " + std::to_string(epochs) + " passes of --epochs";
  report.converged = false;
}

}  // namespace strads
