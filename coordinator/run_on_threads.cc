#include <strads/error.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <future>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "coordinator/coordinator_node.h"
#include "coordinator/holder_node.h"
#include "coordinator/run_modes.h"
#include "coordinator/wire/inproc_transport.h"
#include "coordinator/wire/thrown.h"
#include "scheduler/scheduler_node.h"
#include "worker/worker_node.h"

namespace strads {
namespace {

using wire::Doorbell;
using wire::InprocNetwork;
using wire::InprocTransport;

// How long others may take to leave once the coordinator has.
constexpr std::chrono::seconds kPatience{5};
constexpr std::chrono::milliseconds kTurn{1};

// A member with all that it stands on.
template <class NodeType>
struct LocalMember {
  LocalMember(wire::InprocNetwork& network,
              const std::string& name,
              Doorbell& bell,
              const std::vector<Program>& programs,
              const wire::MemberOptions& options)
      : transport(network, name, bell), node(transport, programs, options) {}
  InprocTransport transport;
  NodeType node;
};

// What all roles stand on, for as long as one of them is there.
struct Ground {
  explicit Ground(std::vector<Program> own) : programs(std::move(own)) {}

  const std::vector<Program> programs;
  const wire::SteadyClock clock = {};
  InprocNetwork network{clock};
};

// Polls all until all are done, or a while after the first is, and sleeps while none has anything
// to do, and `when_idle` has not either: it returns whether anything happened.
void TakeTurns(const std::vector<wire::Node*>& nodes,
               const wire::Clock& clock,
               Doorbell& bell,
               const std::function<bool()>& when_idle = {}) {
  wire::Time last = wire::kNever;
  while (clock.Now() < last &&
         !std::ranges::all_of(nodes, [](const wire::Node* node) { return node->done(); })) {
    bool happened = false;
    wire::Time next = last;
    if (last == wire::kNever && nodes.front()->done()) next = last = clock.Now() + kPatience;
    for (wire::Node* node : nodes) {
      if (node->done()) continue;
      happened = node->Poll(wire::Time{0}) || happened;
      if (!node->done()) next = std::min(next, node->NextTimer());
    }
    if (!happened && when_idle) happened = when_idle();
    if (!happened) bell.Wait(next);
  }
}

// A scheduler that its thread and the coordinator's poll, whoever comes to it first. So no plan is
// waited for that nobody makes: where other processes have the cores, or handing a plan over takes
// longer than making it, the coordinator does. It may hang in one, as without schedulers: so this
// is for where it has none by name.
class SharedScheduler {
 public:
  SharedScheduler(const std::shared_ptr<Ground>& ground,
                  const wire::MemberOptions& options,
                  bool spin)
      : ground_(ground),
        bell_(spin),
        member_(ground->network, "scheduler-0", bell_, ground->programs, options) {}

  // Of its thread.
  void Run() {
    {
      const std::lock_guard lock(turn_);
      member_.node.Start();
    }
    for (bool is_done = false; !is_done;) {
      bool happened = false;
      wire::Time next{0};
      {
        const std::lock_guard lock(turn_);
        happened = !member_.node.done() && member_.node.Poll(wire::Time{0});
        is_done = member_.node.done();
        if (!is_done) next = member_.node.NextTimer();
      }
      if (!happened && !is_done) bell_.Wait(next);
    }
  }

  // Of any other. Whether anything happened.
  bool Help() {
    const std::unique_lock lock(turn_, std::try_to_lock);
    if (!lock || member_.node.done()) return false;
    const bool happened = member_.node.Poll(wire::Time{0});
    if (member_.node.done()) bell_.Ring();
    return happened;
  }

 private:
  const std::shared_ptr<Ground> ground_;
  std::mutex turn_;
  Doorbell bell_;
  LocalMember<SchedulerNode> member_;
};

// The roles that are not on the thread of the coordinator.
class Threads {
 public:
  Threads(std::shared_ptr<Ground> ground, wire::MemberOptions options, bool spin)
      : ground_(std::move(ground)), options_(std::move(options)), spin_(spin) {}
  ~Threads() {
    for (std::thread& thread : threads_) thread.detach();
  }

  // One thread for all of `names`, which take turns.
  template <class NodeType>
  void Start(const std::vector<std::string>& names) {
    Start(names.front(), [ground = ground_, names, options = options_, spin = spin_] {
      Doorbell bell(spin);
      std::list<LocalMember<NodeType>> members;
      std::vector<wire::Node*> nodes;
      for (const std::string& name : names) {
        nodes.push_back(
            &members.emplace_back(ground->network, name, bell, ground->programs, options).node);
        nodes.back()->Start();
      }
      TakeTurns(nodes, ground->clock, bell);  // errors reach the coordinator as messages
    });
  }

  // Throws Error (kFailed) if there is no thread. `run` owns what it uses.
  void Start(const std::string& name, std::function<void()> run) {
    std::promise<void> ended;
    ended_.push_back(ended.get_future());
    try {
      threads_.emplace_back([run = std::move(run), ended = std::move(ended)]() mutable {
        run();
        run = {};
        ended.set_value();
      });
    } catch (const std::system_error& error) {
      throw FailedError("cannot start the thread of " + name + ": " + error.code().message() +
                        ": take fewer workers, or allow more threads (ulimit -u)");
    }
  }

  // Waits for them; `coordinator`, which is done or is to be, refuses those that come late. Whoever
  // computes for ever, which the coordinator has given up by now, is left to itself: false then.
  bool End(wire::Node& coordinator) {
    bool all_ended = true;
    const auto until = std::chrono::steady_clock::now() + kPatience;
    for (size_t i = 0; i < threads_.size(); ++i) {
      auto state = ended_[i].wait_for(kTurn);
      while (state != std::future_status::ready && std::chrono::steady_clock::now() < until) {
        coordinator.Poll(wire::Time{0});
        state = ended_[i].wait_for(kTurn);
      }
      if (state == std::future_status::ready) {
        threads_[i].join();
      } else {
        threads_[i].detach();
        all_ended = false;
      }
    }
    threads_.clear();
    return all_ended;
  }

 private:
  const std::shared_ptr<Ground> ground_;
  const wire::MemberOptions options_;
  const bool spin_;
  std::vector<std::thread> threads_;
  std::vector<std::future<void>> ended_;
};

// Whether the coordinator pulls gradients, and sends parameters, while worker 0 computes: it needs
// a thread of its own then.
bool PullsAtAnyTime(const Program& program, const RunOptions& options) {
  return program.is_data_parallel() && options.workers > 1 && options.consistency != "bsp" &&
         options.holders == 0;
}

}  // namespace

RunResult RunOnThreads(const Program& program,
                       const OptionValues& values,
                       const RunOptions& options,
                       const RunHooks& hooks,
                       bool shares_scheduler) {
  const auto ground = std::make_shared<Ground>(std::vector<Program>{program});
  const bool alone = PullsAtAnyTime(program, options);
  const int cores = static_cast<int>(std::thread::hardware_concurrency());
  const int beside = options.workers * options.threads + options.holders + (alone ? 1 : 0);
  // More threads than cores would wait for each other's time slices, of many rounds each.
  const int planning = std::min(options.schedulers, std::max(1, cores - beside));
  const int busy = beside + planning;
  const bool spin = busy > 1 && busy <= cores;
  Doorbell bell(spin);
  InprocTransport transport(ground->network, wire::kCoordinator, bell);
  CoordinatorNode coordinator(transport, program, values, options, hooks, NewRunId());

  wire::MemberOptions member_options;
  member_options.endpoint = "this process";
  member_options.link = LinkOptionsOf(options);
  member_options.join_timeout = wire::Seconds(options.join_timeout);
  coordinator.Start();
  std::vector<wire::Node*> on_this_thread = {&coordinator};
  // If worker 0 is on this thread it joins first and so is rank 0. Other ranks depend on timing,
  // but not what a rank does.
  std::optional<LocalMember<WorkerNode>> first;
  if (!alone) {
    first.emplace(ground->network, "worker-0", bell, ground->programs, member_options);
    on_this_thread.push_back(&first->node);
    first->node.Start();
    coordinator.Poll(wire::Time{0});
  }

  Threads threads(ground, member_options, spin);
  std::shared_ptr<SharedScheduler> shared;
  const auto end_threads = [&] {
    const bool all_ended = threads.End(coordinator);
    if (!all_ended && hooks.on_left_threads) hooks.on_left_threads();
    return all_ended;
  };
  try {
    for (int rank = alone ? 0 : 1; rank < options.workers; ++rank)
      threads.Start<WorkerNode>({"worker-" + std::to_string(rank)});
    if (shares_scheduler) {
      shared = std::make_shared<SharedScheduler>(ground, member_options, spin);
      threads.Start("scheduler-0", [shared] { shared->Run(); });
    }
    for (int thread = 0; thread < planning && !shares_scheduler; ++thread) {
      std::vector<std::string> names;
      for (int index = thread; index < options.schedulers; index += planning)
        names.push_back("scheduler-" + std::to_string(index));
      threads.Start<SchedulerNode>(names);
    }
    for (int index = 0; index < options.holders; ++index)
      threads.Start<HolderNode>({"holder-" + std::to_string(index)});
    // Worker 0 reads its data as soon as it is polled: the others are welcomed before, so that they
    // read theirs meanwhile.
    while (coordinator.is_joining()) {
      if (!coordinator.Poll(wire::Time{0})) bell.Wait(coordinator.NextTimer());
    }
    std::function<bool()> help;
    if (shared != nullptr) help = [&] { return shared->Help(); };
    TakeTurns(on_this_thread, ground->clock, bell, help);
  } catch (...) {
    coordinator.Abort(wire::WhatWasThrown(program.name));
    end_threads();
    throw;
  }
  const bool all_ended = end_threads();
  RunResult result = coordinator.Result();
  result.has_left_threads = !all_ended;
  return result;
}

}  // namespace strads
