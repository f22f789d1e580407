#include "apps/mf/balance.h"

#include <numeric>

namespace strads::mf {

std::vector<int64_t> BalancedRanges(std::span<const int64_t> counts, int64_t parts) {
  const int64_t total = std::accumulate(counts.begin(), counts.end(), int64_t{0});
  std::vector<int64_t> begins = {0};
  int64_t i = 0, sum = 0;
  for (int64_t part = 1; part < parts; ++part) {
    // The boundary whose sum is nearest to part / parts of the total.
    const double goal =
        static_cast<double>(total) * static_cast<double>(part) / static_cast<double>(parts);
    while (i < std::ssize(counts) &&
           static_cast<double>(sum) + static_cast<double>(counts[static_cast<size_t>(i)]) / 2 <
               goal)
      sum += counts[static_cast<size_t>(i++)];
    begins.push_back(i);
  }
  begins.push_back(std::ssize(counts));
  return begins;
}

}  // namespace strads::mf
