#include <strads/summary.h>

#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <set>
#include <stdexcept>

#include "coordinator/format.h"

namespace strads {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kLeastPlanning = 0.01;  // of a run, that people are told of

// JSON knows no infinity.
Json Number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

void Add(Json& json, const ClockSummary& clocks) {
  json["consistency"] = clocks.consistency;
  json["staleness_mean"] = clocks.staleness.mean();
  json["staleness_variance"] = clocks.staleness.variance();
  json["staleness_max"] = clocks.staleness.max();
  // Appended as to a vector: [] would search all that is there, for each value.
  auto& histogram = (json["staleness_histogram"] = Json::object()).get_ref<Json::object_t&>();
  for (const auto& [value, count] : clocks.staleness.counts)
    histogram.emplace_back(std::to_string(value), count);
  json["late_gradients"] = clocks.late_gradients;
  json["wait_seconds"] = clocks.wait_seconds;
  Json& trace = json["trace"] = Json::array();
  for (const TracePoint& point : clocks.trace) {
    trace.push_back({{"round", point.round},
                     {"seconds", point.seconds},
                     {"objective", Number(point.objective)}});
  }
}

}  // namespace

const char* TerminationName(Termination termination) {
  switch (termination) {
    case Termination::kConverged:
      return "Converged";
    case Termination::kMaxRounds:
      return "MaxRounds";
    case Termination::kMaxTime:
      return "MaxTime";
    case Termination::kUserStop:
      return "UserStop";
    case Termination::kWorkerLost:
      return "WorkerLost";
    case Termination::kFailure:
      return "Failure";
  }
  return "Unknown";
}

int ExitCode(Termination termination) {
  switch (termination) {
    case Termination::kConverged:
    case Termination::kMaxRounds:
    case Termination::kMaxTime:
      return 0;
    case Termination::kUserStop:
      return 130;
    case Termination::kWorkerLost:
      return 4;
    case Termination::kFailure:
      return 1;
  }
  return 1;
}

namespace {

Json BuiltIn(const RoundRecord& record) {
  return {{"round", record.round},           {"objective", Number(record.objective)},
          {"gap", Number(record.gap)},       {"nonzeros", record.nonzeros},
          {"updates", record.updates},       {"seconds", Number(record.seconds)},
          {"bytes_sent", record.bytes_sent}, {"bytes_received", record.bytes_received}};
}

Json BuiltIn(const Summary& summary) {
  Json json = {{"termination", TerminationName(summary.termination)},
               {"message", summary.message},
               {"objective", Number(summary.objective)},
               {"is_behind", summary.is_behind},
               {"gap", Number(summary.gap)},
               {"nonzeros", summary.nonzeros},
               {"rounds", summary.rounds},
               {"updates", summary.updates},
               {"load_seconds", summary.load_seconds},
               {"solve_seconds", summary.solve_seconds},
               {"idle_seconds", summary.idle_seconds},
               {"plan_wait_seconds", summary.plan_wait_seconds},
               {"planning_seconds", summary.planning_seconds},
               {"peak_rss_bytes", summary.peak_rss_bytes},
               {"coordinator_rss_bytes", summary.coordinator_rss_bytes},
               {"worker_rss_bytes", summary.worker_rss_bytes},
               {"holder_rss_bytes", summary.holder_rss_bytes},
               {"bytes_sent", summary.bytes_sent},
               {"bytes_received", summary.bytes_received},
               {"bytes_between_members", summary.bytes_between_members},
               {"frames_dropped", summary.frames_dropped}};
  if (summary.clocks) Add(json, *summary.clocks);
  return json;
}

template <class Record>
std::string WithExtra(const Record& record) {
  Json json = BuiltIn(record);
  for (const auto& [name, value] : record.extra) json[name] = Number(value);
  return json.dump();
}

std::set<std::string> BuiltInNames() {
  std::set<std::string> names;
  Summary summary;
  summary.clocks.emplace();
  for (const Json& json : {BuiltIn(RoundRecord()), BuiltIn(summary)}) {
    for (const auto& [name, value] : json.items()) names.insert(name);
  }
  return names;
}

}  // namespace

std::string ToJson(const RoundRecord& record) { return WithExtra(record); }
std::string ToJson(const Summary& summary) { return WithExtra(summary); }

void RefuseBuiltInNames(const std::map<std::string, double>& extra) {
  static const std::set<std::string> kNames = BuiltInNames();
  for (const auto& [name, value] : extra) {
    if (kNames.contains(name))
      throw std::logic_error("the app reports '" + name +
                             "' in Report().extra, which is the name of a metric of every run");
  }
}

std::string Summary::FullReport() const {
  std::string table;
  const auto row = [&](const std::string& name, const std::string& value) {
    char line[256];
    std::snprintf(line, sizeof line, "  %-16s %s\n", name.c_str(), value.c_str());
    table += line;
  };
  row("termination", TerminationName(termination));
  row("", message);
  const bool is_measured =
      !std::isnan(objective) || (!clocks && termination == Termination::kFailure);
  const bool tells_behind = is_behind && std::isfinite(objective);
  row("objective", is_measured ? FormatNumber(objective, 10) +
                                     (tells_behind ? ", of some rounds before the model" : "")
                               : "not measured");
  if (std::isfinite(gap) || certifies) {
    row("relative gap", std::isfinite(gap) ? FormatNumber(gap, 3) : "not certified");
    row("non-zeros", FormatCount(nonzeros));
  }
  row("rounds", FormatCount(rounds));
  row("updates", FormatCount(updates) + " (" +
                     FormatCount(static_cast<int64_t>(static_cast<double>(updates) /
                                                      std::max(solve_seconds, 1e-9))) +
                     "/s)");
  row("load time", FormatSeconds(load_seconds));
  row("solve time", FormatSeconds(solve_seconds));
  const auto share = [&](double seconds) {
    return FormatNumber(100 * seconds / std::max(solve_seconds, 1e-9), 2) + " %";
  };
  if (clocks) {
    row("workers waited", share(clocks->wait_seconds) + " of it on average");
    const Staleness& staleness = clocks->staleness;
    row("staleness", clocks->consistency + ": mean " + FormatNumber(staleness.mean(), 3) +
                         " clocks, variance " + FormatNumber(staleness.variance(), 3) +
                         ", at most " + FormatCount(staleness.max()));
    if (clocks->late_gradients > 0)
      row("late gradients", FormatCount(clocks->late_gradients) + " dropped");
  } else {
    row("workers waited", share(idle_seconds - plan_wait_seconds) + " of it for pulls, " +
                              share(plan_wait_seconds) + " for plans");
    if (planning_seconds > kLeastPlanning * solve_seconds)
      row("coordinator planned", share(planning_seconds) + " of it, and read nothing meanwhile");
  }
  row("peak memory", FormatBytes(static_cast<double>(peak_rss_bytes)) + " in the largest process");
  row("messages", FormatBytes(static_cast<double>(bytes_sent)) + " sent, " +
                      FormatBytes(static_cast<double>(bytes_received)) + " received");
  if (bytes_between_members > 0) {
    row(clocks ? "holders" : "blocks",
        FormatBytes(static_cast<double>(bytes_between_members)) +
            (clocks ? " sent between them and workers" : " sent from worker to worker"));
  }
  if (frames_dropped > 0)
    row("frames dropped", FormatCount(frames_dropped) + " foreign or malformed");
  for (const auto& [name, value] : extra) row(name, FormatNumber(value, 8));
  return table;
}

}  // namespace strads
