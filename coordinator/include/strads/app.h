#pragma once

#include <strads/message.h>
#include <strads/report.h>
#include <strads/shard.h>
#include <strads/side_file.h>
#include <strads/slice.h>

#include <concepts>
#include <limits>
#include <span>
#include <utility>

namespace strads {

// Of a worker that has not begun with its model: the objective of the round is not known. No loss
// comes to this by mistake: one that overflows is infinite, and a failure.
inline constexpr double kUnknownLoss = std::numeric_limits<double>::lowest();

// A plan, and whether its round must have the workers to itself.
template <class Plan>
struct Scheduled {
  Scheduled(Plan p, bool f = false) : plan(std::move(p)), fence(f) {}  // NOLINT: a plan is enough

  Plan plan;
  // With staleness s a worker pushes a plan while up to s earlier updates are still on their way.
  // A fenced plan waits for them, and later ones wait for its update: for rounds that measure, such
  // as a duality gap, or that change everything.
  bool fence;
};

// What the plans of an app, by its options, are made from, and so when they are best made.
enum class Planning {
  kBetweenRounds,  // they are best made from all updates before, while workers wait
  kAheadOfRounds,  // those of the last rounds may be missing: made ahead, while workers push
  kBesideRounds,   // likewise, and they take long: on a core of its own, if there is one
  kAtAnyTime,      // no plan needs any update, and round 1 can be planned before round 0 is over
  kOneByOne,       // each needs the update of the round before: NextPlan
};

// An app: four message types, its options, and three roles. One round is
//
//   plan      = scheduler.Schedule()                   on the scheduler whose turn it is
//   partial_p = worker_p.Push(plan)                    on every worker p, in parallel
//   update    = model.Pull(plan, {partial_0, ...})     on the coordinator; partials in rank order
//   worker_p.Sync(update), scheduler.Feedback(update)  on every worker and every scheduler
//
// and the objective is sum_p worker_p.Loss() + model.Report().penalty (Lee et al., "On Model
// Parallelization and Scheduling Strategies for Distributed Machine Learning", NIPS 2014). Round 0
// is over before round 1 is planned, unless planning is kAtAnyTime, so that its update can tell
// schedulers what the data look like.
//
//   struct MyApp {
//     struct Options { ...; STRADS_FIELDS(...) };   // flags and config keys; reach every role
//     struct Plan    { ...; STRADS_FIELDS(...) };   // what a round updates
//     struct Partial { ...; STRADS_FIELDS(...) };   // one worker's share of it
//     struct Update  { ...; STRADS_FIELDS(...) };   // what pull committed
//     struct Scheduler {
//       Scheduler(const Options&, strads::Slice);   // the part of the variables it owns
//       Plan Schedule();                            // or strads::Scheduled<Plan>
//       void Feedback(const Update&);               // every update, in order of rounds
//       static strads::Planning PlanningOf(const Options&);  // optional: kBetweenRounds otherwise
//     };
//     struct Worker {
//       Worker(const Options&, strads::Shard);      // reads its shard of the data
//       Partial Push(const Plan&);                  // or const Partial&, of a member
//       void Sync(const Update&);                   // every update, in order of rounds
//       double Loss() const;                        // of its shard, or kUnknownLoss while there
//                                                   // is nothing to tell it of; called every
//                                                   // round: O(1) is best
//       std::vector<double> Measures() const;       // optional: what else is told of the shard,
//                                                   // once, after the last round
//     };
//     struct Model {                                // its fields are what is saved
//       explicit Model(const Options&);             // throws UsageError on options out of range
//       Update Pull(const Plan&, std::span<const Partial>);
//       void Measured(std::span<const double>);     // optional: the sums of the workers' Measures
//       strads::Report Report() const;
//       void EndSoon();                             // optional: what the report says is pending
//                                                   // is to be seen to, as the run ends
//       strads::SideFiles TakeFiles();              // optional: what lies beside the file of the
//                                                   // model; once, as the run has ended well
//       STRADS_FIELDS(...)
//     };
//   };
//
// What is not called optional is required, and an optional member of other arguments is refused: so
// nothing is silently skipped but an optional name that is misspelt. Messages are default-
// constructible values. A role lives in one thread; roles share nothing.
template <class A>
concept App = Message<typename A::Options> && Message<typename A::Plan> &&
    Message<typename A::Partial> && Message<typename A::Update> && Message<typename A::Model> &&
    HelpNamesFields<typename A::Options>() &&
    std::constructible_from<typename A::Scheduler, const typename A::Options&, Slice> &&
    std::constructible_from<typename A::Worker, const typename A::Options&, Shard> &&
    std::constructible_from<typename A::Model, const typename A::Options&> &&
    requires(typename A::Scheduler scheduler,
             typename A::Worker worker,
             typename A::Model model,
             const typename A::Plan& plan,
             const typename A::Update& update,
             std::span<const typename A::Partial> partials) {
  { scheduler.Schedule() } -> std::convertible_to<Scheduled<typename A::Plan>>;
  { scheduler.Feedback(update) } -> std::same_as<void>;
  { worker.Push(plan) } -> std::convertible_to<typename A::Partial>;
  { worker.Sync(update) } -> std::same_as<void>;
  { std::as_const(worker).Loss() } -> std::same_as<double>;
  { model.Pull(plan, partials) } -> std::convertible_to<typename A::Update>;
  { std::as_const(model).Report() } -> std::same_as<Report>;
};

}  // namespace strads
