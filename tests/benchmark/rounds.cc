// Empty rounds per second against a bare ZeroMQ ping-pong of the same endpoint in the same run.
#include <malloc.h>

#include <cstdio>
#include <cstring>
#include <zmq.hpp>

#include "tests/benchmark/bench_run.h"

namespace strads::benchmark {
namespace {

constexpr int kRepeats = 7;

// Round trips per second of 64-byte messages between two threads, each with a context of its own.
double PingPong(const std::string& endpoint, int64_t trips) {
  zmq::context_t here(1), there(1);
  const bool inproc = endpoint.starts_with("inproc");
  zmq::socket_t router(here, zmq::socket_type::router);
  router.bind(endpoint);
  const std::string bound = router.get(zmq::sockopt::last_endpoint);
  std::thread peer([&] {
    zmq::socket_t dealer(inproc ? here : there, zmq::socket_type::dealer);
    dealer.connect(bound);
    dealer.send(zmq::buffer("hello"), zmq::send_flags::none);
    zmq::message_t message;
    for (int64_t i = 0; i < trips; ++i) {
      (void)dealer.recv(message);
      dealer.send(zmq::message_t(64), zmq::send_flags::none);
    }
  });
  zmq::message_t id, message;
  (void)router.recv(id);
  (void)router.recv(message);
  const double start = Now();
  for (int64_t i = 0; i < trips; ++i) {
    router.send(zmq::message_t(id.data(), id.size()), zmq::send_flags::sndmore);
    router.send(zmq::message_t(64), zmq::send_flags::none);
    (void)router.recv(id);
    (void)router.recv(message);
  }
  const double rate = static_cast<double>(trips) / (Now() - start);
  peer.join();
  return rate;
}

void Compare(const char* name, const std::string& ours, const std::string& bare, int64_t rounds) {
  std::vector<double> rates, bare_rates, ratios;
  for (int i = 0; i < kRepeats; ++i) {
    const Summary summary = RunBench(ours, rounds, 0, 0);
    rates.push_back(static_cast<double>(summary.rounds) / summary.solve_seconds);
    bare_rates.push_back(PingPong(bare, rounds));
    ratios.push_back(rates.back() / bare_rates.back());
  }
  std::printf("%-8s %12.0f %14.0f %8.2f\n", name, Median(rates), Median(bare_rates),
              Median(ratios));
}

}  // namespace
}  // namespace strads::benchmark

int main() {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  mallopt(M_MMAP_THRESHOLD, 1 << 30);  // as strads::Main does
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  using strads::benchmark::Compare;
  std::printf("Empty rounds with 1 worker, staleness 0; medians of 7 pairs.\n");
  std::printf("%-8s %12s %14s %8s\n", "", "rounds/s", "ping-pongs/s", "ratio");
  Compare("inproc", "", "inproc://bench", 100000);
  Compare("ipc", "ipc:///tmp/strads-bench-rounds", "ipc:///tmp/strads-bench-bare", 10000);
  Compare("tcp", "tcp://127.0.0.1:*", "tcp://127.0.0.1:*", 10000);
  return 0;
}
