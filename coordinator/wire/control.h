#pragma once

#include <strads/message.h>
#include <strads/options.h>

#include <cstdint>
#include <string>
#include <vector>

namespace strads::wire {

// The small messages of the handshake and of a run's end. Plans, partials and updates travel as
// parts of their own beside them.

enum class Role : int { kWorker = 0, kScheduler = 1, kHolder = 2 };

// "worker", "scheduler" or "holder".
const char* RoleName(Role role);

struct Hello {
  int role = 0;
  std::string version;  // of strads; must be the coordinator's
  std::string app;      // empty: any
  std::string host;
  int64_t process = 0;
  OptionValues claimed;  // options the process was given itself; must be those of the run
  STRADS_FIELDS(role, version, app, host, process, claimed)
};

struct Welcome {
  std::string app;
  uint64_t messages = 0;  // of the app: Program::messages
  int index = 0;          // rank of the worker, index of the scheduler or holder
  int count = 1;          // of its role
  int threads = 1;
  uint64_t run_id = 0;
  double peer_timeout = 5;
  double slowdown = 1;    // of its pushes
  double delay_mean = 0;  // what they take beyond, at random, in seconds
  int64_t seed = 1;       // of that
  int holders = 0;        // of the parameters of a data-parallel app
  // That all workers read and tell about, in the last part of their kReady; none on one machine.
  std::vector<std::string> input_files;
  STRADS_FIELDS(app,
                messages,
                index,
                count,
                threads,
                run_id,
                peer_timeout,
                slowdown,
                delay_mean,
                seed,
                holders,
                input_files)
  // Part 1 of the frame: the packed options of the app.
};

// Of a member that others have links to: where they find it.
struct Ready {
  std::string endpoint;
  STRADS_FIELDS(endpoint)
};

// The members that have links to each other: all workers in rank order, then all holders.
struct Peers {
  std::vector<std::string> addresses;
  std::vector<std::string> endpoints;
  std::vector<std::string> names;  // for people
  int awaits = 0;                  // so many, from the first, connect to the receiver
  int connects = 0;                // which connects to those from this one on
  double timeout = 60;             // seconds in which they must have reached each other
  STRADS_FIELDS(addresses, endpoints, names, awaits, connects, timeout)
};

// What part of the model the next part of the frame is.
struct ShareHead {
  int block = -1;  // -1: something else
  STRADS_FIELDS(block)
};

// Part 0 of a grant; part 1 are the parameters.
struct GrantHead {
  int64_t first = 0;  // the clocks that it gives leave to push: those before are skipped
  int64_t last = -1;
  int64_t version = 0;  // of the parameters
  // Whether others may come before the last of these clocks has been heard.
  bool is_eager = false;
  STRADS_FIELDS(first, last, version, is_eager)
};

// Part 0 of a gradient, which is part 1.
struct GradientHead {
  int64_t version = 0;  // of the parameters read
  STRADS_FIELDS(version)
};

// What a holder ends with; part 1 of the frame is its range of the model's answer.
struct HolderEnd {
  int64_t pulls = 0;
  std::vector<int64_t> staleness = {};  // observed: value, count, value, count, ...
  int64_t late = 0;
  double waited = 0;  // seconds, all workers together
  double idle = 0;
  STRADS_FIELDS(pulls, staleness, late, waited, idle)
};

struct Refuse {
  std::string reason;
  STRADS_FIELDS(reason)
};

struct Failed {
  int kind = 0;  // ErrorKind
  std::string message;
  STRADS_FIELDS(kind, message)
};

struct Finished {
  int64_t peak_rss_bytes = 0;
  int64_t bytes_to_peers = 0;    // what it sent to members other than the coordinator
  int64_t frames_dropped = 0;    // foreign or malformed
  std::vector<double> measures;  // of a worker: what its app tells beside the loss
  STRADS_FIELDS(peak_rss_bytes, bytes_to_peers, frames_dropped, measures)
};

}  // namespace strads::wire
