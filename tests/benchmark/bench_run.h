#pragma once

#include <strads/run.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "coordinator/coordinator_node.h"
#include "coordinator/run_modes.h"
#include "coordinator/wire/zmq_transport.h"
#include "tests/benchmark/bench_app.h"
#include "worker/worker_node.h"

namespace strads::benchmark {

inline double Now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

inline double Median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2),
                   values.end());
  return values[values.size() / 2];
}

// A run of BenchApp: one worker, `rounds` rounds. `endpoint` empty: on one thread; "threads": on
// threads that pass messages in memory; else the worker is a thread with a ZeroMQ context of its
// own at the other end of `endpoint`.
inline Summary RunBench(const std::string& endpoint,
                        int64_t rounds,
                        int partial_doubles,
                        int staleness) {
  RunOptions options;
  options.max_rounds = rounds;
  options.staleness = staleness;
  options.progress = false;
  const OptionValues values = {{"partial_doubles", std::to_string(partial_doubles)}};
  const Program program = MakeProgram<BenchApp>("bench");
  if (endpoint.empty()) return Run(program, values, options).summary;
  const auto transport = wire::ZmqTransport::Bind(endpoint);
  const RunHooks hooks;
  CoordinatorNode coordinator(*transport, program, values, options, hooks, NewRunId());
  std::thread worker([&program, at = transport->bound_endpoint()] {
    const std::vector<Program> programs = {program};
    const auto own = wire::ZmqTransport::Connect(at);
    WorkerNode node(*own, programs, {});
    node.Run();
  });
  coordinator.Run();
  worker.join();
  return coordinator.Result().summary;
}

}  // namespace strads::benchmark
