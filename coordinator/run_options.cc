#include <strads/error.h>
#include <strads/options.h>
#include <strads/run_options.h>

#include <string>

namespace strads {
namespace {

template <class T>
void AtLeast(const char* name, T value, T least) {
  if (value < least)
    throw UsageError(std::string("--") + name + "=" + internal::FormatOption(value) +
                     " is out of range, expected at least " + internal::FormatOption(least));
}

template <class T>
void AtMost(const char* name, T value, T most) {
  if (value > most)
    throw UsageError(std::string("--") + name + "=" + internal::FormatOption(value) +
                     " is out of range, expected at most " + internal::FormatOption(most));
}

void Positive(const char* name, double value) {
  if (!(value > 0))
    throw UsageError(std::string("--") + name + "=" + internal::FormatOption(value) +
                     " is out of range, expected more than 0");
}

// Whether only this machine can reach the endpoint.
bool IsLocal(const std::string& endpoint) {
  for (const char* prefix :
       {"ipc://", "tcp://127.", "tcp://localhost:", "tcp://[::1]:", "tcp://lo:"}) {
    if (endpoint.starts_with(prefix)) return true;
  }
  return false;
}

// Of a tcp:// endpoint. One to listen at may have any, by *.
void CheckPort(const std::string& name, const std::string& endpoint, bool may_be_any) {
  if (!endpoint.starts_with("tcp://")) return;
  const std::string port = endpoint.substr(endpoint.rfind(':') + 1);
  const bool is_number = !port.empty() && port.size() <= 5 &&
                         port.find_first_not_of("0123456789") == std::string::npos;
  const int least = may_be_any ? 0 : 1;
  if ((may_be_any && port == "*") ||
      (is_number && std::stoi(port) >= least && std::stoi(port) <= 65535))
    return;
  throw UsageError("--" + name + "=" + endpoint +
                   " has no port, expected tcp://HOST:PORT with a "
                   "PORT of 1 to 65535" +
                   (may_be_any ? ", or * for any that is free" : ""));
}

}  // namespace

void RunOptions::Validate() const {
  AtLeast("workers", workers, 1);
  AtLeast("threads", threads, 1);
  AtMost("threads", threads, 4096);
  AtLeast("schedulers", schedulers, -1);
  AtLeast("holders", holders, 0);
  constexpr int kMostHere = 4096;  // threads, each with sockets or a mailbox, and maybe a process
  if (role == "all" && (workers > kMostHere || schedulers > kMostHere || holders > kMostHere))
    throw UsageError(
        "--workers, --schedulers and --holders are of this machine, expected at most " +
        std::to_string(kMostHere) + " of each");
  AtLeast("staleness", staleness, 0);
  AtMost("staleness", staleness, 1000);
  AtLeast("lookahead", lookahead, -1);
  AtMost("lookahead", lookahead, 1000);
  AtLeast<int64_t>("max_rounds", max_rounds, 0);
  AtLeast("tolerance", tolerance, 0.0);
  AtLeast("max_time", max_time, 0.0);
  Positive("join_timeout", join_timeout);
  Positive("load_timeout", load_timeout);
  Positive("round_timeout", round_timeout);
  Positive("peer_timeout", peer_timeout);
  AtLeast("slow_rank", slow_rank, -1);
  if (slow_rank >= workers)
    throw UsageError("--slow_rank=" + std::to_string(slow_rank) + " is out of range, there are " +
                     std::to_string(workers) + " workers");
  AtLeast("slow_factor", slow_factor, 1.0);
  if (slow_rank < 0 && slow_factor > 1)
    throw UsageError("--slow_factor=" + internal::FormatOption(slow_factor) +
                     " slows no worker without --slow_rank");
  if (slow_rank >= 0 && slow_factor == 1)
    throw UsageError("--slow_rank=" + std::to_string(slow_rank) +
                     " slows that worker only with --slow_factor above 1");
  AtLeast("delay_mean", delay_mean, 0.0);
  AtLeast<int64_t>("trace", trace, 0);
  AtLeast("backup_workers", backup_workers, 0);
  if (role != "all" && role != "coordinator" && !IsMember()) {
    throw UsageError("--role=" + role +
                     " is wrong, expected all, coordinator, worker, scheduler or holder");
  }
  if (role == "coordinator" && listen.empty())
    throw UsageError("--role=coordinator needs --listen=tcp://HOST:PORT");
  if (IsMember() && connect.empty())
    throw UsageError("--role=" + role + " needs --connect=tcp://HOST:PORT");
  if (role == "all" && !listen.empty())
    throw UsageError(
        "--listen goes with --role=coordinator; --processes chooses an endpoint by itself");
  if (!IsMember() && !connect.empty())
    throw UsageError("--connect goes with --role=worker, scheduler or holder");
  if (processes && role != "all") throw UsageError("--processes goes with --role=all");
  if (!listen.empty() && !listen.starts_with("tcp://") && !listen.starts_with("ipc://")) {
    throw UsageError("--listen=" + listen + " is wrong, expected tcp://HOST:PORT or ipc://PATH");
  }
  CheckPort("listen", listen, /*may_be_any=*/true);
  CheckPort("connect", connect, /*may_be_any=*/false);
  if (!listen.empty() && !IsLocal(listen) && !insecure) {
    throw UsageError("--listen=" + listen +
                     " is reachable from other machines, and messages are neither encrypted nor "
                     "authenticated; give --insecure if the network is trusted");
  }
}

}  // namespace strads
