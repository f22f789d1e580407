#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "strads/schedule/cyclic_schedule.h"
#include "strads/schedule/priority_schedule.h"
#include "strads/schedule/random_schedule.h"
#include "strads/schedule/schedule.h"
#include "strads/schedule/shuffled_schedule.h"

namespace strads {

// What only some of the schedules look at.
struct ScheduleOptions {
  uint64_t stream = 0;  // schedulers of one run share the seed and differ in the stream
  double floor_ratio = PrioritySchedule::kDefaultFloorRatio;  // priority: see SetFloorRatio
  std::optional<double> floor = {};                           // priority: if set, see SetFloor
};

// The schedule of that name over the variables [first, last). Throws UsageError for a name that
// ScheduleNames() does not list or a floor out of range, std::logic_error unless
// 0 <= first <= last.
std::unique_ptr<Schedule> MakeSchedule(const std::string& name,
                                       int32_t first,
                                       int32_t last,
                                       uint64_t seed,
                                       const ScheduleOptions& options = {});

// The names that MakeSchedule knows: cyclic, shuffled, random, priority.
std::span<const std::string_view> ScheduleNames();

}  // namespace strads
