#include "coordinator/consistency.h"

#include <strads/error.h>

#include <algorithm>

namespace strads {
namespace {

// bsp, and backup if not all workers count.
class Synchronous final : public Consistency {
 public:
  explicit Synchronous(int counted) : counted_(counted) {}
  int pulled_together() const override { return counted_; }
  int64_t LastClock(int, std::span<const int64_t> held) const override {
    return *std::ranges::min_element(held);
  }
  // Who is late skips the clocks that the others have completed.
  bool eager() const override { return true; }

 private:
  const int counted_;
};

class Stale final : public Consistency {
 public:
  Stale(int staleness, bool eager) : staleness_(staleness), eager_(eager) {}
  int64_t LastClock(int, std::span<const int64_t> held) const override {
    return *std::ranges::min_element(held) + staleness_;
  }
  bool eager() const override { return eager_; }

 private:
  const int staleness_;
  const bool eager_;
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
  if (stale) return std::make_unique<Stale>(options.staleness, name == "essp");
  if (name == "async") return std::make_unique<Asynchronous>();
  return std::make_unique<Synchronous>(options.workers - options.backup_workers);
}

}  // namespace strads
