#pragma once

#include <strads/run_options.h>

#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace strads {

// How far the parameters that a worker reads may lag behind, and when it gets new ones. A policy is
// a pure function of clocks: `held` has, for each worker, the number of its clocks that the newest
// parameters hold.
class Consistency {
 public:
  virtual ~Consistency() = default;

  // How many gradients of one clock are pulled together, in rank order, while later ones of that
  // clock are dropped; 0: every gradient is pulled by itself when it arrives.
  virtual int pulled_together() const { return 0; }
  // The last clock that worker `rank` may push from the parameters described.
  virtual int64_t LastClock(int rank, std::span<const int64_t> held) const = 0;
  // Whether parameters that allow a worker more are sent at once, or only when it has done all that
  // it was allowed. Who is at a push reads none: an eager policy bounds how many pile up.
  virtual bool eager() const { return false; }
  // After how many pulls an eager policy sends a worker that is busy the newest parameters, though
  // they may allow it no more.
  virtual int64_t refresh_after() const { return std::numeric_limits<int64_t>::max(); }
};

// The policy that --consistency names, for options.workers workers:
//
//   bsp     bulk synchronous (Valiant, CACM 1990): clock c of all is pulled together, then all
//           go on from the same parameters.
//   ssp     stale synchronous (Ho et al., NIPS 2013): clock c reads parameters that hold all
//           gradients of clocks < c - s, s being --staleness. A worker keeps its parameters until
//           they are too old for its next clock, and waits if it would be more than s clocks ahead
//           of the slowest.
//   essp    eager stale synchronous (Dai et al., AAAI 2015): the same bound, but everyone gets new
//           parameters whenever the slowest clock advances and after every P/4 gradients: some
//           four times a clock, where bsp sends them once.
//   async   no bound; each worker gets the newest parameters after each of its clocks.
//   backup  (Chen et al., "Revisiting Distributed Synchronous SGD", 2016) as bsp, but only the
//           first P - b gradients of a clock to arrive count, b being --backup_workers.
//
// Throws Error (kUsage) on another name, or if staleness or backup_workers do not go with it.
std::unique_ptr<const Consistency> MakeConsistency(const RunOptions& options);

// Workers that have nothing to learn from push at once, so their gradients come first. Throws Error
// (kUsage) if a clock of these options could do without all others. If no worker has anything, that
// is not for the policy to say.
void RefuseClocksOf(const std::vector<int>& empty_ranks, const RunOptions& options);

}  // namespace strads
