#pragma once

#include <strads/message.h>
#include <strads/options.h>
#include <strads/report.h>
#include <strads/shard.h>
#include <strads/side_file.h>
#include <strads/slice.h>

#include <Eigen/Core>
#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

namespace strads {

// The size of a shard, for apps that have nothing else to tell before they start.
struct Shape {
  int64_t rows = 0;
  int64_t columns = 0;  // that the shard needs: other shards may need more
  bool IsEmpty() const { return rows == 0; }
  STRADS_FIELDS(rows, columns)
};

// Of all shards together: the sum of their rows, the most of their columns.
inline Shape Whole(std::span<const Shape> shards) {
  Shape whole;
  for (const Shape& shard : shards) {
    whole.rows += shard.rows;
    whole.columns = std::max(whole.columns, shard.columns);
  }
  return whole;
}

// The elements of `whole` that a holder owns.
inline Eigen::VectorXd PartOf(const Eigen::VectorXd& whole, Slice slice) {
  const auto [first, last] = slice.RangeOf(whole.size());
  return whole.segment(first, last - first);
}

// The vectors of all parts, one after the other: `vector_of` is a member that is one, or gives a
// reference to one.
template <class Part, class VectorOf>
auto JoinParts(std::span<const Part> parts, const VectorOf& vector_of) {
  using Vector = std::remove_cvref_t<std::invoke_result_t<VectorOf, const Part&>>;
  std::ptrdiff_t size = 0;
  for (const Part& part : parts) size += std::ssize(std::invoke(vector_of, part));
  Vector whole(static_cast<decltype(std::declval<Vector>().size())>(size));
  auto to = whole.begin();
  for (const Part& part : parts) {
    const Vector& own = std::invoke(vector_of, part);
    to = std::copy(own.begin(), own.end(), to);
  }
  return whole;
}

// Which of a worker's own clocks the parameters hold that it reads. Under essp they come while it
// computes, and may lack its last ones.
struct OwnClocks {
  // Of each part of the parameters (one without holders): the worker's clocks below this one count
  // in it, or never will.
  std::vector<int64_t> settled;
  bool may_lack = false;  // whether later parameters may lack the clock that is pushed now
};

// Parameters, or a gradient, that are one vector.
struct Weights {
  Eigen::VectorXd w;

  Weights PartOf(Slice slice) const { return {strads::PartOf(w, slice)}; }
  static Weights Join(std::span<const Weights> parts) { return {JoinParts(parts, &Weights::w)}; }

  STRADS_FIELDS(w)
};

// An app whose workers all read the whole model, its *parameters*, and answer with gradients (or
// deltas, or parameters of their own). Each worker has a clock of its own: the number of its
// pushes. Clock c of worker p is
//
//   gradient = worker_p.Push(parameters, c)       of parameters that may lack the last updates
//   model.Pull({gradient, ...})                   on the coordinator
//
// and --consistency says how far parameters may lag behind and which gradients are pulled together
// (coordinator/consistency.h): bsp all of a clock, in rank order, bit for bit repeatable; backup
// the first of a clock that arrive, in rank order; ssp, essp and async each by itself, as it
// arrives. The objective is sum_p worker_p.Loss(parameters) + model.Report().penalty. It is not
// computed while clocks run: exactly at the end, and for the snapshots of --trace.
//
//   struct MyApp {
//     struct Options    { ...; STRADS_FIELDS(...) };  // flags and config keys; reach every role
//     struct Start {                                  // what a worker tells of its shard
//       bool IsEmpty() const;                         // optional: there is nothing to learn from
//       ...; STRADS_FIELDS(...)
//     };
//     struct Parameters { ...; STRADS_FIELDS(...) };  // what workers read
//     struct Gradient   { ...; STRADS_FIELDS(...) };  // what a worker tells after a clock
//     struct Worker {
//       Worker(const Options&, strads::Shard);        // reads its shard of the data
//       Start Describe();                             // once, before clock 0
//       Gradient Push(const Parameters&, int64_t clock);  // or with a const OwnClocks& besides, to
//                                                     // read its own writes under essp too
//       double Loss(const Parameters&);               // exact, over its shard
//       std::vector<double> Measures(const Parameters&);  // optional: what else is told of the
//                                                     // shard in the end, for Measured
//     };
//     struct Model {                                  // its fields are what is saved
//       explicit Model(const Options&);               // throws UsageError on options out of range
//       void Begin(std::span<const Start>);           // of all workers, in rank order; once
//       void Pull(std::span<const Gradient>);         // at least one
//       const Parameters& parameters() const;
//       Parameters Answer() const;                    // optional: what is measured, if not those
//       void Measured(std::span<const double>);       // optional: the sums of what workers tell
//       void Finish();                                // optional: once, before it is saved
//       strads::SideFiles TakeFiles();                // optional: what lies beside its file; once,
//                                                     // as the run has ended well
//       strads::Report Report() const;
//       STRADS_FIELDS(...)
//     };
//   };
//
// All else is required, and an optional member of other arguments is refused. A Pull must count one
// gradient the same whether it comes alone or with others, unless the app is for bsp only (as
// averaging of parameters is: Zinkevich et al., NIPS 2010). SparseVector fields travel as their
// non-zeros. A worker's clocks are 0, 1, 2, ...; under backup some may be left out.
template <class A>
concept DataParallelApp = Message<typename A::Options> && Message<typename A::Start> &&
    Message<typename A::Parameters> && Message<typename A::Gradient> &&
    Message<typename A::Model> && HelpNamesFields<typename A::Options>() &&
    std::constructible_from<typename A::Worker, const typename A::Options&, Shard> &&
    std::constructible_from<typename A::Model, const typename A::Options&> &&
    requires(typename A::Worker worker,
             typename A::Model model,
             const typename A::Parameters& parameters,
             std::span<const typename A::Start> starts,
             std::span<const typename A::Gradient> gradients,
             int64_t clock) {
  { worker.Describe() } -> std::convertible_to<typename A::Start>;
  requires requires {
    { worker.Push(parameters, clock) } -> std::convertible_to<typename A::Gradient>;
  } || requires(const OwnClocks& own) {
    { worker.Push(parameters, clock, own) } -> std::convertible_to<typename A::Gradient>;
  };
  { worker.Loss(parameters) } -> std::same_as<double>;
  { model.Begin(starts) } -> std::same_as<void>;
  { model.Pull(gradients) } -> std::same_as<void>;
  { std::as_const(model).parameters() } -> std::convertible_to<const typename A::Parameters&>;
  { std::as_const(model).Report() } -> std::same_as<Report>;
};

// A data-parallel app whose parameters may be divided over several holders (--holders), each with a
// range of them. A holder has a Model of its own, which is given the ranges of gradients and has
// the range of the parameters; workers push what all holders have given leave for, and read the
// ranges put together. Beside what every data-parallel app has:
//
//   struct Parameters { static Parameters Join(std::span<const Parameters>); };  // in order
//   struct Gradient   { Gradient PartOf(strads::Slice) const; };
//   struct Model {
//     Model(const Options&, strads::Slice);   // the range of a holder; Slice{}: all
//     void Collect(const Parameters&);        // after the last pull, on the coordinator: of all
//   };
//
// strads::Weights has PartOf and Join. Report().penalty and nonzeros of holders add up; the rest of
// a report should be the same for all of them, and is taken from the first. With bsp the answer
// does not depend on the number of holders, if Pull treats every parameter by itself.
template <class A>
concept DivisibleApp = DataParallelApp<A> &&
    std::constructible_from<typename A::Model, const typename A::Options&, Slice> &&
    requires(typename A::Model model,
             const typename A::Parameters& parameters,
             std::span<const typename A::Parameters> parts,
             const typename A::Gradient& gradient) {
  { A::Parameters::Join(parts) } -> std::convertible_to<typename A::Parameters>;
  { gradient.PartOf(Slice{}) } -> std::convertible_to<typename A::Gradient>;
  { model.Collect(parameters) } -> std::same_as<void>;
};

}  // namespace strads
