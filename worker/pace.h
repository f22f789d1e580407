#pragma once

#include <random>

#include "coordinator/wire/clock.h"
#include "coordinator/wire/control.h"

namespace strads {

// How long pushes take for others than they do: for experiments with stragglers.
class Pace {
 public:
  // `least`: what a push takes at least.
  Pace(const wire::Welcome& welcome, wire::Time least);

  // When a push that has taken from `start` until `end` is over:
  //
  //   start + max(least, slowdown (end - start)) + an exponential draw of mean delay_mean
  wire::Time DueAfter(wire::Time start, wire::Time end);

 private:
  const double slowdown_;
  const double delay_mean_;
  const wire::Time least_;
  std::mt19937_64 random_;
};

}  // namespace strads
