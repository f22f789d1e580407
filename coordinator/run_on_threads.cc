#include <algorithm>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "coordinator/coordinator_node.h"
#include "coordinator/holder_node.h"
#include "coordinator/run_modes.h"
#include "coordinator/wire/inproc_transport.h"
#include "scheduler/scheduler_node.h"
#include "worker/worker_node.h"

namespace strads {
namespace {

using wire::Doorbell;
using wire::InprocTransport;

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

template <class NodeType>
std::thread StartThread(wire::InprocNetwork& network,
                        const std::string& name,
                        const std::vector<Program>& programs,
                        const wire::MemberOptions& options,
                        bool spin) {
  return std::thread([&network, &programs, name, options, spin] {
    Doorbell bell(spin);
    LocalMember<NodeType> member(network, name, bell, programs, options);
    member.node.Run();  // its errors reach the coordinator as messages
  });
}

class Threads {
 public:
  ~Threads() {
    for (std::thread& thread : threads_) thread.join();
  }
  void Add(std::thread thread) { threads_.push_back(std::move(thread)); }

 private:
  std::vector<std::thread> threads_;
};

// Polls all until all are done, and sleeps while none has anything to do.
void TakeTurns(const std::vector<wire::Node*>& nodes, Doorbell& bell) {
  while (!std::ranges::all_of(nodes, [](const wire::Node* node) { return node->done(); })) {
    bool happened = false;
    wire::Time next = wire::kNever;
    for (wire::Node* node : nodes) {
      if (node->done()) continue;
      happened = node->Poll(wire::Time{0}) || happened;
      if (!node->done()) next = std::min(next, node->NextTimer());
    }
    if (!happened) bell.Wait(next);
  }
}

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
                       const RunHooks& hooks) {
  const std::vector<Program> programs = {program};
  const wire::SteadyClock clock;
  wire::InprocNetwork network(clock);
  const bool alone = PullsAtAnyTime(program, options);
  const int busy =
      options.workers * options.threads + options.schedulers + options.holders + (alone ? 1 : 0);
  const bool spin = busy > 1 && busy <= static_cast<int>(std::thread::hardware_concurrency());
  Doorbell bell(spin);
  InprocTransport transport(network, wire::kCoordinator, bell);
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
    first.emplace(network, "worker-0", bell, programs, member_options);
    on_this_thread.push_back(&first->node);
    first->node.Start();
    coordinator.Poll(wire::Time{0});
  }

  Threads threads;
  for (int rank = alone ? 0 : 1; rank < options.workers; ++rank) {
    threads.Add(StartThread<WorkerNode>(network, "worker-" + std::to_string(rank), programs,
                                        member_options, spin));
  }
  for (int index = 0; index < options.schedulers; ++index) {
    threads.Add(StartThread<SchedulerNode>(network, "scheduler-" + std::to_string(index), programs,
                                           member_options, spin));
  }
  for (int index = 0; index < options.holders; ++index) {
    threads.Add(StartThread<HolderNode>(network, "holder-" + std::to_string(index), programs,
                                        member_options, spin));
  }
  try {
    // Worker 0 reads its data as soon as it is polled: the others are welcomed before, so that they
    // read theirs meanwhile.
    while (coordinator.is_joining()) {
      if (!coordinator.Poll(wire::Time{0})) bell.Wait(coordinator.NextTimer());
    }
    TakeTurns(on_this_thread, bell);
  } catch (const std::exception& error) {
    coordinator.Abort(error.what());
    throw;
  }
  return coordinator.Result();
}

}  // namespace strads
