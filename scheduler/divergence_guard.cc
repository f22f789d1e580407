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
    if (!has_start_) start_ = objective;
    has_start_ = true;
    if (recent_.empty()) first_ = best_ = objective;
    best_ = std::min(best_, objective);
    largest_ = std::max(largest_, std::abs(objective));
    recent_.push_back(objective);
    if (recent_.size() > 2 * window_) recent_.pop_front();
    diverges = RisesAbove(objective) || MeanRises() || IsStuckAboveStart(objective);
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

double DivergenceGuard::Mean(size_t begin) const {
  double sum = 0;  // of the shares, as the sum of the objectives may overflow
  for (size_t i = begin; i < begin + window_; ++i) sum += recent_[i] / static_cast<double>(window_);
  return sum;
}

bool DivergenceGuard::MeanRises() const {
  if (recent_.size() < 2 * window_) return false;
  const double before = Mean(0);
  return Mean(window_) - before > 1e-9 * std::abs(before) + Slack();
}

bool DivergenceGuard::IsStuckAboveStart(double objective) const {
  if (recent_.size() < 2 * window_ || objective <= start_ + Slack()) return false;
  return Mean(window_) - start_ > 0.9 * (Mean(0) - start_);
}

}  // namespace strads
