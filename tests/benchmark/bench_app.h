#pragma once

#include <strads/app.h>

#include <span>
#include <vector>

namespace strads::benchmark {

// An app that does nothing but send: its rounds cost what the framework costs.
struct BenchApp {
  struct Options {
    int partial_doubles = 0;
    STRADS_FIELDS(partial_doubles)
  };
  struct Plan {
    int64_t number = 0;
    STRADS_FIELDS(number)
  };
  struct Partial {
    std::vector<double> values;
    STRADS_FIELDS(values)
  };
  struct Update {
    int64_t number = 0;
    STRADS_FIELDS(number)
  };
  struct Scheduler {
    Scheduler(const Options&, Slice) {}
    Plan Schedule() { return {number++}; }
    void Feedback(const Update&) {}
    int64_t number = 0;
  };
  struct Worker {
    Worker(const Options& options, Shard) {
      partial.values.assign(static_cast<size_t>(options.partial_doubles), 1.5);
    }
    const Partial& Push(const Plan&) { return partial; }
    void Sync(const Update&) {}
    double Loss() const { return 0; }
    Partial partial;
  };
  struct Model {
    explicit Model(const Options&) {}
    Update Pull(const Plan& plan, std::span<const Partial> partials) {
      for (const Partial& partial : partials)
        bytes += 8 * static_cast<int64_t>(partial.values.size());
      return {plan.number};
    }
    strads::Report Report() const { return {}; }
    int64_t bytes = 0;
    STRADS_FIELDS(bytes)
  };
};

}  // namespace strads::benchmark
