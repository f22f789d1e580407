#include <strads/staleness.h>

namespace strads {

int64_t Staleness::total() const {
  int64_t total = 0;
  for (const auto& [value, count] : counts) total += count;
  return total;
}

double Staleness::mean() const {
  double sum = 0;
  for (const auto& [value, count] : counts)
    sum += static_cast<double>(value) * static_cast<double>(count);
  return counts.empty() ? 0 : sum / static_cast<double>(total());
}

double Staleness::variance() const {
  const double center = mean();
  double sum = 0;
  for (const auto& [value, count] : counts) {
    const double off = static_cast<double>(value) - center;
    sum += off * off * static_cast<double>(count);
  }
  return counts.empty() ? 0 : sum / static_cast<double>(total());
}

}  // namespace strads
