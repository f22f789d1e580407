#include "strads/divergence_guard.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "strads/error.h"

namespace strads {

DivergenceGuard::DivergenceGuard(int window) : window_(static_cast<size_t>(window)) {
  if (window < 1) {
    throw UsageError("the window of the divergence guard is " + std::to_string(window) +
                     ", expected at least 1");
  }
}

bool DivergenceGuard::Observe(double objective) {
  bool diverges = true;
  if (std::isfinite(objective)) {
    if (recent_.empty()) first_ = best_ = objective;
    best_ = std::min(best_, objective);
    largest_ = std::max(largest_, std::abs(objective));
    recent_.push_back(objective);
    if (recent_.size() > 2 * window_) recent_.pop_front();
    diverges = RisesAbove(objective) || MeanRises();
  }
  if (quiet_rounds_ > 0) {
    --quiet_rounds_;
    return false;
  }
  if (diverges) quiet_rounds_ = window_ - 1;
  return diverges;
}

void DivergenceGuard::Reset() {
  recent_.clear();
  quiet_rounds_ = 0;
  first_ = best_ = largest_ = 0;
}

bool DivergenceGuard::RisesAbove(double objective) const {
  double bound = best_ + std::abs(best_);
  if (best_ < 0) bound = std::max(bound, first_);
  return objective > bound + Slack();
}

bool DivergenceGuard::MeanRises() const {
  if (recent_.size() < 2 * window_) return false;
  const auto mean = [&](size_t begin) {
    double sum = 0;  // of the shares, as the sum of the objectives may overflow
    for (size_t i = begin; i < begin + window_; ++i) {
      sum += recent_[i] / static_cast<double>(window_);
    }
    return sum;
  };
  const double before = mean(0);
  return mean(window_) - before > 1e-9 * std::abs(before) + Slack();
}

}  // namespace strads
