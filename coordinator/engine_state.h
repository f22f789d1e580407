#pragma once

#include <cstdint>
#include <vector>

#include "coordinator/wire/clock.h"

namespace strads {

// What a node has to know of an engine, whatever the pattern: how far the run is, and who is waited
// for.
class EngineState {
 public:
  virtual ~EngineState() = default;
  // Rounds (clocks of the slowest worker) that are complete.
  virtual int64_t rounds() const = 0;
  // The oldest push that workers are at, since when, and who has not answered it.
  virtual bool HasOpenRound() const = 0;
  virtual wire::Time OldestPush() const = 0;
  virtual std::vector<int> MissingRanks() const = 0;
  // How long all workers had nothing to do.
  virtual wire::Time idle() const = 0;
};

}  // namespace strads
