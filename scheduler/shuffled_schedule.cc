#include "strads/schedule/shuffled_schedule.h"

#include <numeric>
#include <utility>

#include "scheduler/draw_arguments.h"

namespace strads {

ShuffledSchedule::ShuffledSchedule(int32_t first, int32_t last, uint64_t seed, uint64_t stream)
    : order_(static_cast<size_t>(RangeSize(first, last))), random_(seed, stream) {
  std::iota(order_.begin(), order_.end(), first);
}

std::vector<int32_t> ShuffledSchedule::Draw(int count) {
  std::vector<int32_t> drawn(DrawSize(count, order_.size()));
  size_t end = order_.size();  // choose from [next_, end)
  for (size_t i = 0; i < drawn.size(); ++i) {
    if (next_ == order_.size()) {
      next_ = 0;
      // What this call has drawn so far stands in the last i places.
      end = order_.size() - i;
    }
    std::swap(order_[next_], order_[next_ + random_.Below(end - next_)]);
    drawn[i] = order_[next_++];
  }
  return drawn;
}

}  // namespace strads
