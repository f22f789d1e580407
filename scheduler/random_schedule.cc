#include "strads/schedule/random_schedule.h"

#include <numeric>
#include <utility>

#include "scheduler/draw_arguments.h"

namespace strads {

RandomSchedule::RandomSchedule(int32_t first, int32_t last, uint64_t seed, uint64_t stream)
    : order_(static_cast<size_t>(RangeSize(first, last))), random_(seed, stream) {
  std::iota(order_.begin(), order_.end(), first);
}

std::vector<int32_t> RandomSchedule::Draw(int count) {
  const size_t size = DrawSize(count, order_.size());
  for (size_t i = 0; i < size; ++i) {
    std::swap(order_[i], order_[i + random_.Below(order_.size() - i)]);
  }
  return {order_.begin(), order_.begin() + static_cast<std::ptrdiff_t>(size)};
}

}  // namespace strads
