#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <ostream>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "coordinator/clock_engine.h"
#include "strads/random.h"

namespace strads {

// Writes down what it is given; its parameters are what it was given so far.
class LoggingModel final : public DataParallelModelRole {
 public:
  void Begin(std::span<const Bytes>) override {}
  void Pull(std::span<const Bytes> gradients) override {
    std::string line;
    for (const Bytes& gradient : gradients)
      line += (line.empty() ? "" : " ") + std::string(gradient.view());
    log.push_back(line);
  }
  Bytes Parameters() const override { return Bytes::Copy("v" + std::to_string(log.size())); }
  strads::Report Report() const override { return {}; }
  Bytes Save() const override { return {}; }
  std::vector<std::string> log;
};

// Workers that push when the test lets them, and keep the books on what they read.
class FakeWorkers final : public ClockEngine::Outlet {
 public:
  FakeWorkers(const RunOptions& options, int64_t max_clocks)
      : workers(static_cast<size_t>(options.workers)),
        consistency(MakeConsistency(options)),
        engine(model, *consistency, options.workers, max_clocks, clock, *this) {
    engine.Start();
  }

  struct Worker {
    int64_t next = 0;
    int64_t last = -1;
    int64_t version = -1;
    int sends = 0;
  };

  void Send(int rank, const Grant& grant, const Bytes& parameters) override {
    Worker& worker = workers[static_cast<size_t>(rank)];
    EXPECT_EQ(grant.version, std::ssize(model.log));
    EXPECT_EQ(parameters.view(), "v" + std::to_string(grant.version));
    EXPECT_GE(grant.last, worker.last);
    EXPECT_GT(grant.version, worker.version) << "parameters that were sent before";
    EXPECT_LE(grant.first, grant.last);
    worker.next = std::max(worker.next, grant.first);
    worker.last = grant.last;
    worker.version = grant.version;
    ++worker.sends;
  }
  bool OnClock(int64_t completed) override {
    EXPECT_EQ(completed, std::ssize(clocks)) << "clocks complete out of order";
    clocks.push_back(completed);
    return completed + 1 == stop_after;
  }
  bool OnPulls(int64_t open) override {
    EXPECT_EQ(open, std::ssize(clocks));
    return ++pulls_within == stop_within;
  }

  bool MayPush(int rank) const {
    const Worker& worker = workers[static_cast<size_t>(rank)];
    return worker.next <= worker.last;
  }
  static std::string Name(int rank, int64_t clock) {
    return std::to_string(rank) + "@" + std::to_string(clock);
  }
  void Push(int rank) {
    Worker& worker = workers[static_cast<size_t>(rank)];
    ASSERT_TRUE(MayPush(rank));
    const int64_t now = worker.next++;
    // What was pulled when the parameters were packed.
    std::set<std::string> read;
    for (int64_t version = 0; version < worker.version; ++version) {
      std::string line = model.log[static_cast<size_t>(version)] + " ";
      for (size_t at = 0, end = 0; (end = line.find(' ', at)) != std::string::npos; at = end + 1)
        read.insert(line.substr(at, end - at));
    }
    reads[Name(rank, now)] = std::move(read);
    engine.OnGradient(rank, now, worker.version, Bytes::Copy(Name(rank, now)));
  }
  // Whether anyone could.
  bool PushOne(Random& random) {
    std::vector<int> able;
    for (int rank = 0; rank < std::ssize(workers); ++rank) {
      if (MayPush(rank)) able.push_back(rank);
    }
    if (able.empty()) return false;
    Push(able[random.Below(able.size())]);
    return true;
  }
  // The staleness of a read: clocks of q below `clock` that it lacks, from its own books.
  int64_t StalenessOf(int rank, int64_t clock, int other) const {
    const std::set<std::string>& read = reads.at(Name(rank, clock));
    int64_t held = 0;
    while (read.contains(Name(other, held))) ++held;
    return clock - held;
  }

  std::vector<Worker> workers;
  std::map<std::string, std::set<std::string>> reads;
  std::vector<int64_t> clocks;
  int64_t stop_after = -1;
  int pulls_within = 0, stop_within = -1;  // calls of OnPulls
  wire::VirtualClock clock;
  LoggingModel model;
  std::unique_ptr<const Consistency> consistency;
  ClockEngine engine;
};

struct Case {
  std::string consistency;
  int workers;
  int staleness = 0;
  int backup_workers = 0;

  RunOptions options() const {
    RunOptions options;
    options.consistency = consistency;
    options.workers = workers;
    options.staleness = staleness;
    options.backup_workers = backup_workers;
    return options;
  }
  friend void PrintTo(const Case& c, std::ostream* out) {
    *out << c.consistency << c.staleness << " P" << c.workers << " b" << c.backup_workers;
  }
};

}  // namespace strads
