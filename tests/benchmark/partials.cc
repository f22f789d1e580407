// MB/s of partials against a bare ZeroMQ stream of the same bytes in the same run.
#include <malloc.h>

#include <cstdio>
#include <cstring>
#include <zmq.hpp>

#include "tests/benchmark/bench_run.h"

namespace strads::benchmark {
namespace {

constexpr int kRepeats = 5;

// Bytes per second of messages of `size` that a DEALER streams to a ROUTER: the sender copies each
// from its array into a message, the receiver from the message into an array, as any user would.
double Stream(const std::string& endpoint, size_t size, int64_t count) {
  zmq::context_t here(1), there(1);
  zmq::socket_t router(here, zmq::socket_type::router);
  router.set(zmq::sockopt::rcvhwm, 4);
  router.bind(endpoint);
  const std::string bound = router.get(zmq::sockopt::last_endpoint);
  std::thread peer([&] {
    zmq::socket_t dealer(there, zmq::socket_type::dealer);
    dealer.set(zmq::sockopt::sndhwm, 4);
    dealer.connect(bound);
    const std::vector<double> values(size / 8, 1.5);
    for (int64_t i = 0; i <= count; ++i)
      dealer.send(zmq::message_t(values.data(), size), zmq::send_flags::none);
    zmq::message_t done;
    (void)dealer.recv(done);
  });
  std::vector<double> values(size / 8);
  zmq::message_t id, message;
  double start = 0;
  for (int64_t i = 0; i <= count; ++i) {
    (void)router.recv(id);
    (void)router.recv(message);
    std::memcpy(values.data(), message.data(), message.size());
    if (i == 0) start = Now();
  }
  const double rate = static_cast<double>(size) * static_cast<double>(count) / (Now() - start);
  router.send(id, zmq::send_flags::sndmore);
  router.send(zmq::str_buffer("done"), zmq::send_flags::none);
  peer.join();
  return rate;
}

void Compare(const char* name,
             const std::string& ours,
             const std::string& bare,
             size_t size,
             int64_t count,
             int staleness) {
  std::vector<double> rates, bare_rates, ratios;
  for (int i = 0; i < kRepeats; ++i) {
    const Summary summary = RunBench(ours, count, static_cast<int>(size / 8), staleness);
    rates.push_back(static_cast<double>(size) * static_cast<double>(summary.rounds) /
                    summary.solve_seconds);
    bare_rates.push_back(Stream(bare, size, count));
    ratios.push_back(rates.back() / bare_rates.back());
  }
  std::printf("%-5s %9zu %9d %12.0f %12.0f %8.2f\n", name, size, staleness, Median(rates) / 1e6,
              Median(bare_rates) / 1e6, Median(ratios));
}

}  // namespace
}  // namespace strads::benchmark

int main() {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  mallopt(M_MMAP_THRESHOLD, 1 << 30);  // as strads::Main does
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  using strads::benchmark::Compare;
  std::printf("Partials of one worker, unpacked into vectors of doubles; medians of 5 pairs.\n");
  std::printf("%-5s %9s %9s %12s %12s %8s\n", "", "bytes", "staleness", "MB/s", "bare MB/s",
              "ratio");
  for (const int staleness : {0, 2, 8}) {
    for (const size_t size : {size_t{100} << 10, size_t{1} << 20, size_t{16} << 20}) {
      const auto count = static_cast<int64_t>((size_t{1} << 30) / size);
      Compare("ipc", "ipc:///tmp/strads-bench-partials", "ipc:///tmp/strads-bench-stream", size,
              count, staleness);
      Compare("tcp", "tcp://127.0.0.1:*", "tcp://127.0.0.1:*", size, count, staleness);
    }
  }
  return 0;
}
