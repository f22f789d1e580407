#include "tests/support/sim_cluster.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "coordinator/holder_node.h"
#include "scheduler/scheduler_node.h"
#include "worker/worker_node.h"

namespace strads::testing {
namespace {

constexpr uint64_t kRunId = 77;
constexpr int kMostSteps = 2'000'000;
const wire::Time kMostTime = wire::Seconds(24 * 3600);

}  // namespace

SimCluster::SimCluster(const Program& program, const Config& config)
    : config_(config), programs_{program}, random_(config.seed, 1) {
  Actor& actor = Add(wire::kCoordinator, wire::Time{0});
  auto node = std::make_unique<CoordinatorNode>(*actor.transport, programs_.front(), config_.values,
                                                config_.run, config_.hooks, kRunId);
  coordinator_node_ = node.get();
  actor.node = std::move(node);
}

SimCluster::Actor& SimCluster::Add(const std::string& name, wire::Time starts_at) {
  auto actor = std::make_unique<Actor>();
  actor->name = name;
  actor->starts_at = starts_at;
  actor->inner = std::make_unique<wire::InprocTransport>(network_, name, bell_);
  actor->transport = std::make_unique<wire::FaultyTransport>(
      *actor->inner, config_.faults, Random(config_.seed, 100 + actors_.size())());
  actors_.push_back(std::move(actor));
  return *actors_.back();
}

wire::MemberOptions SimCluster::Complete(wire::MemberOptions options) const {
  options.endpoint = "simulation";
  options.join_timeout = wire::Seconds(config_.run.join_timeout);
  options.link = LinkOptionsOf(config_.run);
  return options;
}

template <class NodeType>
SimCluster::Actor& SimCluster::AddMember(const std::string& name,
                                         wire::Time starts_at,
                                         wire::MemberOptions options) {
  Actor& actor = Add(name, starts_at);
  auto node = std::make_unique<NodeType>(*actor.transport, programs_, Complete(std::move(options)));
  actor.member = node.get();
  actor.node = std::move(node);
  return actor;
}

SimCluster::Actor& SimCluster::AddWorker(wire::Time starts_at, const wire::MemberOptions& options) {
  return AddMember<WorkerNode>("worker-" + std::to_string(workers_++), starts_at, options);
}

SimCluster::Actor& SimCluster::AddScheduler(wire::Time starts_at,
                                            const wire::MemberOptions& options) {
  return AddMember<SchedulerNode>("scheduler-" + std::to_string(schedulers_++), starts_at, options);
}

SimCluster::Actor& SimCluster::AddHolder(wire::Time starts_at, const wire::MemberOptions& options) {
  return AddMember<HolderNode>("holder-" + std::to_string(holders_++), starts_at, options);
}

void SimCluster::AddAll() {
  for (int i = 0; i < config_.run.workers; ++i) AddWorker();
  for (int i = 0; i < config_.run.schedulers; ++i) AddScheduler();
  for (int i = 0; i < config_.run.holders; ++i) AddHolder();
}

SimCluster::Actor& SimCluster::actor(const std::string& name) {
  const auto found =
      std::ranges::find_if(actors_, [&](const auto& actor) { return actor->name == name; });
  if (found == actors_.end()) throw std::logic_error("no actor " + name);
  return **found;
}

void SimCluster::Crash(Actor& actor) {
  if (actor.gone()) return;
  actor.transport->Crash();
  actor.crashed = true;
}

void SimCluster::Kill(Actor& actor) {
  if (actor.gone()) return;
  actor.crashed = true;
  actor.node.reset();
  actor.transport.reset();
  actor.inner.reset();
}

void SimCluster::Cut(Actor& a, Actor& b) {
  if (!a.gone()) a.transport->Cut(b.name);
  if (!b.gone()) b.transport->Cut(a.name);
}

void SimCluster::Heal(Actor& a, Actor& b) {
  if (!a.gone()) a.transport->Heal(b.name);
  if (!b.gone()) b.transport->Heal(a.name);
}

// A process ends once its role has and what it sent is on its way.
void SimCluster::Leave(Actor& actor) {
  actor.left_at = clock_.Now();
  if (&actor == &coordinator()) {
    try {
      result_ = coordinator_node_->Result();
    } catch (const Error& error) {
      error_ = error;
    }
  } else {
    actor.error = actor.member->error();
  }
  actor.node.reset();
  actor.transport.reset();
  actor.inner.reset();
}

bool SimCluster::Poll(Actor& actor) {
  if (actor.gone() || actor.crashed || clock_.Now() < actor.starts_at) return false;
  if (!actor.started) {
    actor.started = true;
    actor.node->Start();
    return true;
  }
  if (!actor.node->done()) {
    return actor.node->Poll(wire::Time{0});
  }
  while (actor.transport->Receive(wire::Time{0})) {
  }
  if (actor.transport->NextDue() != wire::kNever) return false;
  Leave(actor);
  return true;
}

wire::Time SimCluster::NextTime() const {
  wire::Time next = script_.empty() ? wire::kNever : script_.begin()->first;
  for (const auto& actor : actors_) {
    if (actor->gone() || actor->crashed) continue;
    if (!actor->started) {
      next = std::min(next, actor->starts_at);
    } else if (actor->node->done()) {
      next = std::min(next, actor->transport->NextDue());
    } else {
      next = std::min(next, actor->node->NextTimer());
    }
  }
  return next;
}

void SimCluster::Run() {
  std::vector<Actor*> turns;
  for (const auto& actor : actors_) turns.push_back(actor.get());
  const auto has_ended = [](const Actor* actor) { return actor->gone() || actor->crashed; };
  for (int step = 0; step < kMostSteps && clock_.Now() < kMostTime; ++step) {
    while (!script_.empty() && script_.begin()->first <= clock_.Now()) {
      const auto what = std::move(script_.begin()->second);
      script_.erase(script_.begin());
      what();
    }
    for (size_t i = turns.size(); i > 1; --i) std::swap(turns[i - 1], turns[random_.Below(i)]);
    bool happened = false;
    for (Actor* actor : turns) happened = Poll(*actor) || happened;
    if (std::ranges::all_of(turns, has_ended)) return;
    if (happened) continue;
    const wire::Time next = NextTime();
    if (next == wire::kNever) throw std::runtime_error("hang: every role waits for ever");
    clock_.AdvanceTo(next);
  }
  throw std::runtime_error("hang: no end at " + std::to_string(wire::ToSeconds(clock_.Now())) +
                           " s");
}

const RunResult& SimCluster::Result() const {
  if (error_) throw *error_;
  if (!result_) throw std::logic_error("the coordinator has not ended");
  return *result_;
}

RunResult SimCluster::TakeResult() {
  Result();
  return std::move(*result_);
}

}  // namespace strads::testing
