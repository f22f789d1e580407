#include "apps/svm/crammer_singer_row.h"

#include <strads/index.h>

#include <algorithm>
#include <functional>

namespace strads::svm {
namespace {

// Shares of a cost below this are rounding.
constexpr double kRounding = 1e-12;

}  // namespace

void SolveRow(std::span<const double> b,
              int32_t label,
              double cost,
              double curvature,
              std::vector<double>& sorted,
              std::span<double> a) {
  sorted.assign(b.begin(), b.end());
  sorted[Index(label)] += curvature * cost;
  const double own = sorted[Index(label)];
  std::sort(sorted.begin(), sorted.end(), std::greater<>());
  double beta = sorted[0] - curvature * cost;
  std::size_t r = 1;
  for (; r < sorted.size() && beta < static_cast<double>(r) * sorted[r]; ++r) beta += sorted[r];
  beta /= static_cast<double>(r);
  for (std::size_t k = 0; k < a.size(); ++k) {
    const bool is_own = k == Index(label);
    const double value = (beta - (is_own ? own : b[k])) / curvature;
    a[k] = is_own ? std::min(cost, value + cost) : std::min(0.0, value);
  }
  if (a[Index(label)] <= kRounding * cost) std::ranges::fill(a, 0.0);
}

}  // namespace strads::svm
