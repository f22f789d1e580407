#pragma once

#include <strads/app.h>

#include <concepts>
#include <cstdint>
#include <optional>
#include <vector>

namespace strads {

// Which block of the model each worker has in a round, and where it goes then. All vectors have one
// element a worker, in rank order; all are empty in a round without blocks.
struct Rotation {
  std::vector<int32_t> block;  // none twice; -1: this worker has none and pushes without
  std::vector<int32_t> next;   // the rank that has the block next; may be the same
  std::vector<int32_t> first;  // 1: the block has not been anywhere; this worker makes it
  // Whoever has done its share goes on with its own block until everyone has (Fugue: Kumar et al.,
  // "Fugue: Slow-Worker-Agnostic Distributed Learning for Big Models", AISTATS 2014).
  bool extend = false;

  STRADS_FIELDS(block, next, first, extend)
};

// A plan that says nothing else.
struct RotationPlan {
  Rotation rotation;

  STRADS_FIELDS(rotation)
};

// An app whose model is divided into blocks that workers hand to each other directly; only plans,
// partials and updates pass the coordinator. Beside what every app has:
//
//   struct Plan  { strads::Rotation rotation; ...; STRADS_FIELDS(rotation, ...) };  // or
//                                                     // strads::RotationPlan
//   struct Block { ...; STRADS_FIELDS(...) };         // a disjoint part of the model
//   struct Share { ...; STRADS_FIELDS(...) };         // what else of the model a worker has
//   struct Worker {
//     Block MakeBlock(const Plan&, int32_t block);    // before its first push
//     Partial Push(const Plan&, Block&);              // beside Push(const Plan&)
//     void Extend(const Plan&, Block&, Partial&);     // a little more, if plans ask for it
//     std::optional<Share> Collect();                 // after the last round, until there is none
//   };
//   struct Model {
//     void Collect(const Block&);                     // after the last round, each block once
//     void Collect(const Share&);
//   };
//
// A block is at one worker at a time, or on its way to the one that the last plan named.
template <class A>
concept RotationApp = App<A> && Message<typename A::Block> && Message<typename A::Share> &&
    requires(typename A::Worker worker,
             typename A::Model model,
             const typename A::Plan& plan,
             typename A::Block& block,
             const typename A::Block& whole,
             const typename A::Share& share) {
  { plan.rotation } -> std::convertible_to<const Rotation&>;
  { worker.MakeBlock(plan, int32_t{0}) } -> std::convertible_to<typename A::Block>;
  { worker.Push(plan, block) } -> std::convertible_to<typename A::Partial>;
  { worker.Collect() } -> std::convertible_to<std::optional<typename A::Share>>;
  { model.Collect(whole) } -> std::same_as<void>;
  { model.Collect(share) } -> std::same_as<void>;
};

}  // namespace strads
