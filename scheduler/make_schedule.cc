#include <array>

#include "strads/error.h"
#include "strads/schedule.h"

namespace strads {
namespace {

constexpr std::array<std::string_view, 4> kNames = {"cyclic", "shuffled", "random", "priority"};

std::unique_ptr<Schedule> MakePriority(int32_t first,
                                       int32_t last,
                                       uint64_t seed,
                                       const ScheduleOptions& options) {
  auto schedule = std::make_unique<PrioritySchedule>(first, last, seed, options.stream);
  schedule->SetFloorRatio(options.floor_ratio);
  if (options.floor) schedule->SetFloor(*options.floor);
  return schedule;
}

Error UnknownName(const std::string& name) {
  std::string known;
  for (std::string_view other : kNames) {
    known += known.empty() ? "" : ", ";
    known += other;
  }
  return UsageError("--schedule=" + name + " is unknown, expected one of " + known);
}

}  // namespace

std::unique_ptr<Schedule> MakeSchedule(const std::string& name,
                                       int32_t first,
                                       int32_t last,
                                       uint64_t seed,
                                       const ScheduleOptions& options) {
  if (name == "cyclic") return std::make_unique<CyclicSchedule>(first, last);
  if (name == "shuffled") {
    return std::make_unique<ShuffledSchedule>(first, last, seed, options.stream);
  }
  if (name == "random") return std::make_unique<RandomSchedule>(first, last, seed, options.stream);
  if (name == "priority") return MakePriority(first, last, seed, options);
  throw UnknownName(name);
}

std::span<const std::string_view> ScheduleNames() { return kNames; }

}  // namespace strads
