#pragma once

#include <strads/bytes.h>
#include <strads/report.h>
#include <strads/staleness.h>

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "coordinator/engine_state.h"
#include "coordinator/membership.h"
#include "coordinator/wire/reliable_endpoint.h"

namespace strads {

// What became of the gradients of a run, and who waited.
struct ClockTally {
  Staleness staleness;
  int64_t late = 0;      // that did not count
  wire::Time waited{0};  // that workers had nothing to do, all together
};

// Where a data-parallel run has its parameters, as its coordinator sees it.
class ParameterStore {
 public:
  // Clock `clock` of the slowest worker is complete, or the run may end within it; -1: before the
  // first. With the answer so far, in parts, if it is one of --trace. Returns true to end the run
  // here.
  using OnClock =
      std::function<bool(int64_t clock, const Report& report, std::vector<Bytes> snapshot)>;

  virtual ~ParameterStore() = default;
  // All workers are ready; `starts` is what they told of their shards, in rank order.
  virtual void Start(std::vector<Bytes> starts, OnClock on_clock) = 0;
  // A frame of this pattern. Throws ProtocolError if it is none that it waits for.
  virtual void OnFrame(Member& member, wire::Delivery& delivery) = 0;
  // Has OnClock called within a clock. False if it cannot be.
  virtual bool TellOfOpenClock() = 0;
  // Whether there was any gradient; there may have been while it is not known here.
  virtual bool HasPulled() const = 0;
  // The run is over: no gradient counts from now on. Brings what is elsewhere into the model,
  // and finishes it.
  virtual void Collect() = 0;
  virtual bool collected() const = 0;
  // Once collected: the parameters whose loss is the run's, in parts.
  virtual std::vector<Bytes> Answer() = 0;
  // Those that must answer next for the run to go on.
  virtual std::vector<Member*> Missing() = 0;

  // Once started.
  virtual const EngineState& state() const = 0;
  virtual ClockTally Tally() const = 0;
};

}  // namespace strads
