#include "worker/pace.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace strads {

Pace::Pace(const wire::Welcome& welcome)
    : slowdown_(welcome.slowdown), delay_mean_(welcome.delay_mean) {
  std::seed_seq seeds{static_cast<uint32_t>(welcome.seed),
                      static_cast<uint32_t>(static_cast<uint64_t>(welcome.seed) >> 32),
                      static_cast<uint32_t>(welcome.index)};
  random_.seed(seeds);
}

wire::Time Pace::DueAfter(wire::Time start, wire::Time end, wire::Time least) const {
  const wire::Time took =
      slowdown_ > 1 ? wire::Seconds(slowdown_ * wire::ToSeconds(end - start)) : end - start;
  return start + std::max(least, took);
}

wire::Time Pace::DrawDelay() {
  if (!(delay_mean_ > 0)) return wire::Time{0};
  const double uniform = static_cast<double>(random_() >> 11) * 0x1.0p-53;
  return wire::Seconds(-delay_mean_ * std::log1p(-uniform));
}

}  // namespace strads
