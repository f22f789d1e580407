#include "strads/schedule/cyclic_schedule.h"

#include "scheduler/draw_arguments.h"

namespace strads {

CyclicSchedule::CyclicSchedule(int32_t first, int32_t last)
    : first_(first), size_(RangeSize(first, last)) {}

std::vector<int32_t> CyclicSchedule::Draw(int count) {
  std::vector<int32_t> drawn(DrawSize(count, static_cast<size_t>(size_)));
  for (int32_t& variable : drawn) {
    variable = first_ + next_;
    if (++next_ == size_) next_ = 0;
  }
  return drawn;
}

}  // namespace strads
