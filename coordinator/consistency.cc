#include "coordinator/consistency.h"

#include <strads/error.h>

#include <algorithm>

namespace strads {
namespace {

constexpr size_t kMostOfNames = 40;  // characters

// bsp, and backup if not all workers count.
class Synchronous final : public Consistency {
 public:
  explicit Synchronous(int counted) : counted_(counted) {}
  int pulled_together() const override { return counted_; }
  int64_t LastClock(int, std::span<const int64_t> held) const override {
    return *std::ranges::min_element(held);
  }

 private:
  const int counted_;
};

class Stale : public Consistency {
 public:
  explicit Stale(int staleness) : staleness_(staleness) {}
  int64_t LastClock(int, std::span<const int64_t> held) const override {
    return *std::ranges::min_element(held) + staleness_;
  }

 private:
  const int staleness_;
};

// A worker begins its next clock as soon as it has pushed, from what it was sent until then: with
// one refresh a clock it would read what was new when its last clock began. With one for each
// gradient, P workers would be sent P^2 parameters a clock.
class EagerStale final : public Stale {
 public:
  static constexpr int kRefreshesPerClock = 4;
  EagerStale(int staleness, int workers)
      : Stale(staleness), refresh_after_(std::max(1, workers / kRefreshesPerClock)) {}
  bool eager() const override { return true; }
  int64_t refresh_after() const override { return refresh_after_; }

 private:
  const int64_t refresh_after_;
};

class Asynchronous final : public Consistency {
 public:
  int64_t LastClock(int rank, std::span<const int64_t> held) const override {
    return held[static_cast<size_t>(rank)];
  }
};

}  // namespace

std::unique_ptr<const Consistency> MakeConsistency(const RunOptions& options) {
  const std::string& name = options.consistency;
  const bool stale = name == "ssp" || name == "essp";
  const bool backup = name == "backup";
  if (!stale && !backup && name != "bsp" && name != "async") {
    throw UsageError("--consistency=" + name +
                     " is wrong, expected bsp, ssp, essp, async or backup");
  }
  if (!stale && options.staleness != 0)
    throw UsageError("--staleness goes with --consistency=ssp or essp, not with " + name);
  if (!backup && options.backup_workers != 0)
    throw UsageError("--backup_workers goes with --consistency=backup, not with " + name);
  if (options.backup_workers < 0 || options.backup_workers >= options.workers) {
    throw UsageError("--backup_workers=" + std::to_string(options.backup_workers) +
                     " is out of range, expected less than the " + std::to_string(options.workers) +
                     " workers, at least 0");
  }
  if (name == "ssp") return std::make_unique<Stale>(options.staleness);
  if (name == "essp") return std::make_unique<EagerStale>(options.staleness, options.workers);
  if (name == "async") return std::make_unique<Asynchronous>();
  return std::make_unique<Synchronous>(options.workers - options.backup_workers);
}

void RefuseClocksOf(const std::vector<int>& empty_ranks, const RunOptions& options) {
  const auto empty = static_cast<int>(empty_ranks.size());
  const int others = options.workers - empty;
  if (empty == 0 || others == 0 || options.backup_workers < others) return;
  std::string names;
  for (const int rank : empty_ranks) {
    if (names.size() > kMostOfNames) {
      names += ", ...";
      break;
    }
    names += (names.empty() ? "" : ", ") + std::to_string(rank);
  }
  throw UsageError("--backup_workers=" + std::to_string(options.backup_workers) +
                   " is out of range: of the " + std::to_string(options.workers) +
                   " workers only " + std::to_string(others) +
                   " have rows to learn from (not: " + names + "), expected less than " +
                   std::to_string(others) + ", or fewer --workers");
}

}  // namespace strads
