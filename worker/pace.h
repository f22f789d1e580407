#pragma once

#include <random>

#include "coordinator/wire/clock.h"
#include "coordinator/wire/control.h"

namespace strads {

// How long what a worker does takes for others than it does: for experiments with stragglers, and
// for simulations, in which nothing takes time by itself.
class Pace {
 public:
  Pace() = default;
  // As --slow_rank, --slow_factor and --delay_mean say.
  explicit Pace(const wire::Welcome& welcome);

  // When something that has taken from `start` until `end`, and takes `least` at least, is over:
  //
  //   start + max(least, slowdown (end - start))
  wire::Time DueAfter(wire::Time start, wire::Time end, wire::Time least) const;
  // An exponential draw of mean delay_mean. A worker's draws depend on its rank and the seed.
  wire::Time DrawDelay();

 private:
  double slowdown_ = 1;
  double delay_mean_ = 0;
  std::mt19937_64 random_;
};

}  // namespace strads
