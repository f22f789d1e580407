#pragma once

#include <cstdint>

#include "coordinator/wire/clock.h"

namespace strads {

// What a node has to know of an engine, whatever the pattern.
class EngineState {
 public:
  virtual ~EngineState() = default;
  // Rounds (clocks of the slowest worker) that are complete.
  virtual int64_t rounds() const = 0;
  // Whether workers are at a push, and since when at the oldest.
  virtual bool HasOpenRound() const = 0;
  virtual wire::Time OldestPush() const = 0;
  // How long all workers had nothing to do.
  virtual wire::Time idle() const = 0;
};

}  // namespace strads
