#pragma once

#include <strads/report.h>
#include <strads/staleness.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace strads {

// Why a run ended.
enum class Termination {
  kConverged,   // the gap is at most the tolerance
  kMaxRounds,   // --max_rounds rounds were done
  kMaxTime,     // --max_time seconds were over
  kUserStop,    // someone asked for it (Ctrl-C)
  kWorkerLost,  // a member is gone; the model is that of the last complete round
  kFailure,     // the objective is no longer finite, or far above that of the empty model
};

const char* TerminationName(Termination termination);

// The exit code of a training process: 0 if it converged or reached a bound, 130 if the user
// stopped it, 4 if a worker was lost, 1 if it failed.
int ExitCode(Termination termination);

// The state of a run after a round. Times are in seconds since all data were loaded.
struct RoundRecord {
  int64_t round = 0;
  double objective = 0;  // loss + penalty of the newest state that every worker has reported
  double gap = 0;        // relative; infinite until certified
  int64_t nonzeros = 0;
  int64_t updates = 0;
  double seconds = 0;
  int64_t bytes_sent = 0;  // by the coordinator
  int64_t bytes_received = 0;
  std::map<std::string, double> extra;
  std::string done;  // as the report's
  bool converged = true;
  bool measured = true;  // false: the objective is not known, and is no number
};

// A point on the curve of the objective over time.
struct TracePoint {
  int64_t round = 0;     // clocks that every worker had completed
  double seconds = 0;    // since all data were loaded
  double objective = 0;  // loss + penalty, exact
};

// How the clocks of a data-parallel run went.
struct ClockSummary {
  std::string consistency;
  Staleness staleness;            // of pushes that were pulled
  int64_t late_gradients = 0;     // that came too late to count
  double wait_seconds = 0;        // that a worker had nothing to do, on average
  std::vector<TracePoint> trace;  // for --trace, oldest first
};

// How a run went.
struct Summary {
  Termination termination = Termination::kFailure;
  std::string message;   // one sentence for the user
  double objective = 0;  // of the model returned: loss + penalty
  // The objective, and what else was measured, is of a model some rounds before: the run ended
  // where there was no measuring it.
  bool is_behind = false;
  double gap = 0;  // its last certificate
  bool certifies =
      true;  // whether gaps mean anything to the app: not if it says itself when it ends
  int64_t nonzeros = 0;
  int64_t rounds = 0;
  int64_t updates = 0;
  double load_seconds = 0;                // until every worker had read its shard
  double solve_seconds = 0;               // from then until the model was final
  int64_t peak_rss_bytes = 0;             // the largest process of the run
  int64_t coordinator_rss_bytes = 0;      // of its process at most
  std::vector<int64_t> worker_rss_bytes;  // of each worker's process at most, in rank order
  std::vector<int64_t> holder_rss_bytes;  // of each holder's
  int64_t bytes_sent = 0;                 // by the coordinator
  int64_t bytes_received = 0;
  // Past the coordinator: blocks between workers, or gradients and parameters to and from holders.
  int64_t bytes_between_members = 0;
  int64_t frames_dropped = 0;    // foreign or malformed, by all roles
  double idle_seconds = 0;       // all workers waited for a pull or a plan
  double plan_wait_seconds = 0;  // the part of it after the pull: for a plan
  // The coordinator itself made plans ahead, and read nothing that workers sent meanwhile: no part
  // of idle_seconds.
  double planning_seconds = 0;
  std::optional<ClockSummary> clocks;  // of a data-parallel run
  std::map<std::string, double> extra;

  // A table for people.
  std::string FullReport() const;
};

// Throws std::logic_error, naming it, if an app's own metric has the name of one that every run
// has.
void RefuseBuiltInNames(const std::map<std::string, double>& extra);

// One line of JSON, for --metrics.
std::string ToJson(const RoundRecord& record);
std::string ToJson(const Summary& summary);

}  // namespace strads
