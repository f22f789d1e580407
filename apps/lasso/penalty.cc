#include "apps/lasso/penalty.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace strads::lasso {

void Penalty::FindCommon() {
  if (units_.empty() || !members_.empty() || !scales_.empty()) return;
  const Unit& first = units_.front();
  for (size_t u = 0; u < units_.size(); ++u) {
    const Unit& unit = units_[u];
    if (std::cmp_not_equal(unit.first, u) || unit.count != 1 || unit.l1 != first.l1 ||
        unit.l2 != first.l2)
      return;
  }
  *this = Penalty(std::ssize(units_), first, nonnegative_);
}

Penalty Penalty::Over(std::span<const int> units) const {
  std::vector<Unit> chosen;
  std::vector<double> scales;
  chosen.reserve(units.size());
  int32_t first = 0;
  for (const int u : units) {
    const Unit old = unit(u);
    chosen.push_back(old);
    chosen.back().first = first;
    first += old.count;
    for (int32_t k = 0; !scales_.empty() && k < old.count; ++k)
      scales.push_back(Scale(old.first + k));
  }
  return {std::move(chosen), {}, std::move(scales), nonnegative_};
}

double Penalty::ValueOfGroup(const Unit& unit, const double* b) const {
  double square = 0;
  for (int32_t k = unit.first; k < unit.first + unit.count; ++k) {
    const double value = Scale(k) * b[Variable(k)];
    square += value * value;
  }
  return square == 0 ? 0 : unit.l1 * std::sqrt(square) + 0.5 * unit.l2 * square;
}

double Penalty::Value(const double* b) const {
  double sum = 0;
  if (num_alike_ > 0) {
    const Eigen::Map<const Eigen::VectorXd> all(b, num_alike_);
    const double norm = all.lpNorm<1>(), square = all.squaredNorm();
    // l1 may be infinite.
    return norm == 0 ? 0 : common_.l1 * norm + 0.5 * common_.l2 * square;
  }
  for (const Unit& unit : units_) sum += Value(unit, b);
  return sum;
}

namespace {

template <class Value>
double Largest(const double* x, int num, const Value& value) {
  // As many maxima as the processor has room for: one alone waits for itself.
  constexpr size_t kLanes = 8;
  std::array<double, kLanes> largest{};
  const auto count = static_cast<size_t>(num);
  size_t j = 0;
  for (; j + kLanes <= count; j += kLanes) {
    for (size_t k = 0; k < kLanes; ++k) largest[k] = std::max(largest[k], value(x[j + k]));
  }
  for (; j < count; ++j) largest[0] = std::max(largest[0], value(x[j]));
  return *std::ranges::max_element(largest);
}

}  // namespace

double Penalty::LargestSteepness(const double* q) const {
  if (nonnegative_) return Largest(q, num_alike_, [](double x) { return x; });
  return Largest(q, num_alike_, [](double x) { return std::abs(x); });
}

double Penalty::Trace(const Unit& unit, const double* xx) const {
  if (unit.count == 1) return xx[Variable(unit.first)];  // its scale is in l1
  double trace = 0;
  for (int32_t k = unit.first; k < unit.first + unit.count; ++k)
    trace += xx[Variable(k)] / (Scale(k) * Scale(k));
  return trace;
}

Penalty::Support Penalty::SupportOf(const double* b) const {
  Support support;
  for (int u = 0; u < num_units(); ++u) {
    const int32_t first = unit(u).first, last = first + unit(u).count;
    bool is_zero = true;
    for (int32_t k = first; k < last; ++k) is_zero = is_zero && b[Variable(k)] == 0;
    if (is_zero) continue;
    support.units.push_back(u);
    for (int32_t k = first; k < last; ++k) support.variables.push_back(Variable(k));
  }
  return support;
}

bool Penalty::ChangeOfGroup(
    const Unit& unit, const double* b, const double* q, const double* xx, double* change) const {
  const double trace = Trace(unit, xx);
  double square = 0;
  for (int32_t k = 0; k < unit.count; ++k) {
    const int32_t j = Variable(unit.first + k);
    const double scale = Scale(unit.first + k);
    change[k] = q[j] / scale + trace * scale * b[j];
    square += change[k] * change[k];
  }
  const double norm = std::sqrt(square);
  const double factor = trace > 0 && norm > unit.l1 ? (1 - unit.l1 / norm) / (trace + unit.l2) : 0;
  bool moved = false;
  for (int32_t k = 0; k < unit.count; ++k) {
    change[k] = factor * change[k] / Scale(unit.first + k) - b[Variable(unit.first + k)];
    moved = moved || change[k] != 0;
  }
  return moved;
}

bool Penalty::ExactChange(const Unit& unit,
                          const double* b,
                          const double* q,
                          const GroupStep& step,
                          double* change) const {
  Eigen::VectorXd scaled(unit.count);
  for (int32_t k = 0; k < unit.count; ++k)
    scaled[k] = Scale(unit.first + k) * b[Variable(unit.first + k)];
  Eigen::VectorXd z = step.Times(scaled);
  for (int32_t k = 0; k < unit.count; ++k)
    z[k] += q[Variable(unit.first + k)] / Scale(unit.first + k);
  const Eigen::VectorXd after = step.Minimise(z, unit.l1, unit.l2);
  bool moved = false;
  for (int32_t k = 0; k < unit.count; ++k) {
    change[k] = after[k] / Scale(unit.first + k) - b[Variable(unit.first + k)];
    moved = moved || change[k] != 0;
  }
  return moved;
}

double Penalty::SteepnessOfGroup(const Unit& unit, const double* q) const {
  double square = 0;
  for (int32_t k = unit.first; k < unit.first + unit.count; ++k) {
    const double value = q[Variable(k)] / Scale(k);
    square += value * value;
  }
  return std::sqrt(square);
}

}  // namespace strads::lasso
