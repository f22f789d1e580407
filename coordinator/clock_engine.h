#pragma once

#include <strads/data_parallel_role.h>
#include <strads/staleness.h>

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "coordinator/consistency.h"
#include "coordinator/engine_state.h"
#include "coordinator/wire/clock.h"

namespace strads {

// Leave to push: clocks first .. last, from the newest parameters that the worker has. It skips
// those below `first` that it has not begun.
struct Grant {
  int64_t first = 0;
  int64_t last = -1;
  int64_t version = 0;  // of the parameters: how many pulls are in them
};

// Data-parallel training: decides, from the gradients that have arrived, what is pulled and who may
// go on from which parameters. Knows clocks and ranks, and neither transports nor apps.
class ClockEngine final : public EngineState {
 public:
  // Where the engine's decisions go.
  class Outlet {
   public:
    virtual ~Outlet() = default;
    virtual void Send(int rank, const Grant& grant, const Bytes& parameters) = 0;
    // The slowest worker has completed `clock`, or under backup the clock has been pulled. Return
    // true to end the run here.
    virtual bool OnClock(int64_t clock) = 0;
    // As many gradients have been pulled as there are workers, and still `clock` is not complete.
    // Return true to end the run here.
    virtual bool OnPulls(int64_t clock) = 0;
  };

  // All must outlive it; `model` has begun. `max_clocks` of each worker; 0: no bound.
  ClockEngine(DataParallelModelRole& model,
              const Consistency& consistency,
              int workers,
              int64_t max_clocks,
              const wire::Clock& clock,
              Outlet& outlet);

  // Sends the first grants. Once, before OnGradient.
  void Start();
  // Worker `rank` has pushed `clock`, from the parameters of `version`. Throws ProtocolError if it
  // had no leave to, or was never sent those parameters.
  void OnGradient(int rank, int64_t clock, int64_t version, Bytes gradient);

  // It will not push `clock`, as other holders have granted later ones. Throws ProtocolError if it
  // had no leave to, or if it may not skip any.
  void OnSkip(int rank, int64_t clock);

  // Nothing is pulled or sent from now on.
  void Stop();

  // The newest parameters, packed once for each pull.
  const Bytes& Parameters();

  bool stopped() const { return stopped_; }
  int64_t pulls() const { return version_; }
  // Gradients that came when their clock had been pulled without them.
  int64_t late() const { return late_; }
  const Staleness& staleness() const { return staleness_; }
  // How long workers had nothing to do until it stopped, all workers together.
  wire::Time waited() const;

  int64_t rounds() const override { return completed_; }
  bool HasOpenRound() const override { return Longest() >= 0; }
  wire::Time OldestPush() const override { return WorkerAt(Longest()).since; }
  // The one that has not pushed for longest.
  std::vector<int> MissingRanks() const;
  wire::Time idle() const override { return idle_; }

 private:
  // Parameters that a worker may read from now on.
  struct Sent {
    int64_t version = 0;
    std::vector<int64_t> held;
  };
  struct Worker {
    int64_t next = 0;    // after the last clock that it has pushed
    int64_t bound = -1;  // the last clock that the policy allows
    int64_t last = -1;   // that it may push: there may be no more than that
    std::deque<Sent> sent;
    wire::Time since{0};  // it has had leave to push, or none, without a push
    bool busy() const { return next <= last; }
  };

  // Whether clocks are closed without those that are late.
  bool skips() const { return consistency_.pulled_together() > 0; }
  // The worker has done with `clock`.
  Worker& EndClock(int rank, int64_t clock);
  void PullTogether(int rank, int64_t clock, Bytes gradient);
  void Pull(std::span<const Bytes> gradients);
  void SendGrants();
  void Observe(int rank, int64_t clock);
  // The busy worker that has not pushed for longest; -1: none is busy.
  int Longest() const;
  const Worker& WorkerAt(int rank) const { return workers_[static_cast<size_t>(rank)]; }

  DataParallelModelRole& model_;
  const Consistency& consistency_;
  const int64_t max_clocks_;
  const wire::Clock& clock_;
  Outlet& outlet_;

  std::vector<Worker> workers_;
  std::vector<int64_t> held_;  // clocks of each worker in the newest parameters
  int64_t version_ = 0;
  int64_t completed_ = 0;                      // the least of held_
  int64_t pulls_within_ = 0;                   // the clock completed_, since the last OnPulls
  std::vector<std::optional<Bytes>> partial_;  // of clock completed_, if pulled together
  int collected_ = 0;                          // of them
  std::optional<Bytes> parameters_;            // of version_, once someone wants them
  Staleness staleness_;
  int64_t late_ = 0;
  bool stopped_ = false;
  wire::Time waited_{0};
  wire::Time idle_since_ = wire::kNever;
  wire::Time idle_{0};
};

}  // namespace strads
