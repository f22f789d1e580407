#pragma once

#include <algorithm>
#include <cmath>
#include <string_view>

namespace strads::row_loss {

// Losses of a row with target y at the fitted value f: convex in f, `Slope` the derivative by f,
// and `kCurvature` a bound on the second one (of the hinge, which has a kink instead, what step
// sizes take it to be). Of classes y is 1 or -1 and the margin is m = y f.

struct Hinge {  // max(0, 1 - m)
  static constexpr double kCurvature = 1;
  double Value(double y, double f) const { return std::max(0.0, 1 - y * f); }
  double Slope(double y, double f) const { return y * f < 1 ? -y : 0.0; }
};

struct SquaredHinge {  // max(0, 1 - m)^2
  static constexpr double kCurvature = 2;
  double Value(double y, double f) const {
    const double m = y * f;
    return m < 1 ? (1 - m) * (1 - m) : 0;
  }
  double Slope(double y, double f) const {
    const double m = y * f;
    return m < 1 ? -2 * (1 - m) * y : 0;
  }
};

struct Logistic {  // log(1 + exp(-m))
  static constexpr double kCurvature = 0.25;
  double Value(double y, double f) const {
    const double m = y * f;
    return m > 0 ? std::log1p(std::exp(-m)) : std::log1p(std::exp(m)) - m;
  }
  double Slope(double y, double f) const {
    const double m = y * f;
    if (m > 0) {
      const double e = std::exp(-m);
      return -e / (1 + e) * y;
    }
    return -1 / (1 + std::exp(m)) * y;
  }
};

struct Squared {  // 1/2 (y - f)^2
  static constexpr double kCurvature = 1;
  double Value(double y, double f) const { return 0.5 * (f - y) * (f - y); }
  double Slope(double y, double f) const { return f - y; }
};

// 1/2 r^2 for |r| <= delta, else delta |r| - delta^2/2, with r = f - y (Huber, Ann. Math. Stat.
// 1964).
struct Huber {
  double delta = 1;
  static constexpr double kCurvature = 1;
  double Value(double y, double f) const {
    const double r = f - y, inside = std::clamp(r, -delta, delta);
    return inside * (r - 0.5 * inside);
  }
  double Slope(double y, double f) const { return std::clamp(f - y, -delta, delta); }
};

// visit(loss) with the one of this name: hinge, squared_hinge, logistic, squared or huber.
template <class Visit>
decltype(auto) With(std::string_view name, double delta, Visit&& visit) {
  if (name == "logistic") return visit(Logistic{});
  if (name == "squared_hinge") return visit(SquaredHinge{});
  if (name == "squared") return visit(Squared{});
  if (name == "huber") return visit(Huber{delta});
  return visit(Hinge{});
}

}  // namespace strads::row_loss
