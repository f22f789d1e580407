#pragma once

#include <strads/program.h>
#include <strads/run.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "coordinator/coordinator_node.h"
#include "coordinator/wire/faulty_transport.h"
#include "coordinator/wire/inproc_transport.h"
#include "coordinator/wire/member_node.h"
#include "strads/random.h"

namespace strads::testing {

// A whole cluster in one thread under a virtual clock: every role at an endpoint that loses,
// repeats, delays and reorders frames by a seed. The order in which roles take their turns is drawn
// from the seed too.
class SimCluster {
 public:
  struct Config {
    RunOptions run;
    OptionValues values;  // of the app
    wire::Faults faults;
    uint64_t seed = 1;
    RunHooks hooks;
  };
  // One role: a process of its own.
  struct Actor {
    std::string name;
    wire::Time starts_at{0};
    bool started = false;
    bool crashed = false;
    std::unique_ptr<wire::InprocTransport> inner;
    std::unique_ptr<wire::FaultyTransport> transport;
    std::unique_ptr<wire::Node> node;
    wire::MemberNode* member = nullptr;
    std::optional<Error> error;  // why it ended, once it has
    wire::Time left_at{0};       // then
    bool gone() const { return transport == nullptr; }
  };

  // The coordinator alone. Throws what it throws.
  SimCluster(const Program& program, const Config& config);

  // Named worker-0, worker-1, ..., scheduler-0, ... and holder-0, ... in the order they are added.
  Actor& AddWorker(wire::Time starts_at = wire::Time{0}, const wire::MemberOptions& options = {});
  Actor& AddScheduler(wire::Time starts_at = wire::Time{0},
                      const wire::MemberOptions& options = {});
  Actor& AddHolder(wire::Time starts_at = wire::Time{0}, const wire::MemberOptions& options = {});
  // All workers, schedulers and holders of config.run.
  void AddAll();

  // Does `what` once the clock is at `time`.
  void At(wire::Time time, std::function<void()> what) { script_.emplace(time, std::move(what)); }
  // The host falls silent: no connection is seen to break.
  void Crash(Actor& actor);
  // The process dies: its connections break.
  void Kill(Actor& actor);
  // Separates the two from each other, as both can tell.
  void Cut(Actor& a, Actor& b);
  void Heal(Actor& a, Actor& b);

  // Until every role has left or crashed. Throws std::runtime_error for a hang: no end within a day
  // of virtual time or within a bound on steps.
  void Run();

  // Of the coordinator, once it has ended. Throws the Error that ended the run, if one did.
  const RunResult& Result() const;
  RunResult TakeResult();

  Actor& coordinator() { return *actors_.front(); }
  Actor& actor(const std::string& name);
  wire::Time Now() const { return clock_.Now(); }
  // Whose turn it is computes for so long, and no one else gets one meanwhile.
  void Compute(wire::Time duration) { clock_.AdvanceTo(clock_.Now() + duration); }
  wire::InprocNetwork& network() { return network_; }

 private:
  Actor& Add(const std::string& name, wire::Time starts_at);
  template <class NodeType>
  Actor& AddMember(const std::string& name, wire::Time starts_at, wire::MemberOptions options);
  wire::MemberOptions Complete(wire::MemberOptions options) const;
  bool Poll(Actor& actor);
  void Leave(Actor& actor);
  wire::Time NextTime() const;

  const Config config_;
  const std::vector<Program> programs_;
  wire::VirtualClock clock_;
  wire::InprocNetwork network_{clock_};
  wire::Doorbell bell_;
  Random random_;
  std::vector<std::unique_ptr<Actor>> actors_;
  std::multimap<wire::Time, std::function<void()>> script_;
  CoordinatorNode* coordinator_node_ = nullptr;
  std::optional<RunResult> result_;
  std::optional<Error> error_;
  int workers_ = 0;
  int schedulers_ = 0;
  int holders_ = 0;
};

}  // namespace strads::testing
