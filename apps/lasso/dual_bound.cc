#include "apps/lasso/dual_bound.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace strads::lasso {
namespace {

constexpr int kMostSteps = 30;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// A unit with both terms: it takes max(s slope - threshold, 0)^2 / (2 l2) away.
struct Ridge {
  double slope, threshold, l2;
};

}  // namespace

DualBound BestDualBound(const Penalty& penalty,
                        const double* b,
                        const double* q,
                        const double* xx,
                        double linear,
                        double quadratic,
                        double most) {
  double slack = 0;
  std::vector<Ridge> ridges;
  const Penalty::Unit* const common = penalty.common_unit();
  const bool is_lasso = common != nullptr && !common->IsFree() && common->l2 == 0;
  if (is_lasso) {
    const double slope = penalty.LargestSteepness(q);
    if (slope > 0) most = std::min(most, common->l1 / slope);
  }
  const int num_others = is_lasso ? 0 : penalty.num_units();
  for (int u = 0; u < num_others; ++u) {
    const Penalty::Unit unit = penalty.unit(u);
    if (unit.l1 == kInfinity) continue;
    const double slope = penalty.Steepness(unit, q);
    if (slope == 0) continue;
    if (unit.IsFree()) {
      for (int32_t k = unit.first; k < unit.first + unit.count; ++k) {
        const int32_t j = penalty.Variable(k);
        slack += SlackOf(b[j], q[j], xx[j]);
      }
    } else if (unit.l2 == 0) {
      most = std::min(most, unit.l1 / slope);
    } else {
      ridges.push_back({slope, unit.l1, unit.l2});
    }
  }
  linear -= slack;

  // D' is concave and falls: once Newton's method is past its root, it comes back to it in order.
  double s = std::min(most, 1.0);
  for (int step = 0; step < kMostSteps; ++step) {
    double first = linear - s * quadratic, second = quadratic;
    for (const Ridge& ridge : ridges) {
      const double excess = s * ridge.slope - ridge.threshold;
      if (excess <= 0) continue;
      first -= ridge.slope * excess / ridge.l2;
      second += ridge.slope * ridge.slope / ridge.l2;
    }
    const double to = second > 0 ? std::clamp(s + first / second, 0.0, most) : first > 0 ? most : 0;
    const bool settled = std::abs(to - s) <= 1e-15 * s;
    s = to;
    if (settled || ridges.empty()) break;
  }
  if (!std::isfinite(s)) s = 0;
  double value = s * linear - 0.5 * s * s * quadratic;
  for (const Ridge& ridge : ridges) {
    const double excess = s * ridge.slope - ridge.threshold;
    if (excess > 0) value -= excess * excess / (2 * ridge.l2);
  }
  return {s, value};
}

}  // namespace strads::lasso
