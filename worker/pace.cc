#include "worker/pace.h"

#include <algorithm>
#include <cmath>

namespace strads {

Pace::Pace(const wire::Welcome& welcome, wire::Time least)
    : slowdown_(welcome.slowdown), delay_mean_(welcome.delay_mean), least_(least) {
  std::seed_seq seeds{static_cast<uint32_t>(welcome.seed),
                      static_cast<uint32_t>(static_cast<uint64_t>(welcome.seed) >> 32),
                      static_cast<uint32_t>(welcome.index)};
  random_.seed(seeds);
}

wire::Time Pace::DueAfter(wire::Time start, wire::Time end) {
  const wire::Time took =
      slowdown_ > 1 ? wire::Seconds(slowdown_ * wire::ToSeconds(end - start)) : end - start;
  wire::Time delay{0};
  if (delay_mean_ > 0) {
    const double uniform = static_cast<double>(random_() >> 11) * 0x1.0p-53;
    delay = wire::Seconds(-delay_mean_ * std::log1p(-uniform));
  }
  return start + std::max(least_, took) + delay;
}

}  // namespace strads
