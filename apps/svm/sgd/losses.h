#pragma once

#include <algorithm>
#include <cmath>

namespace strads::sgd {

// Losses of a margin m = y (w.x), y = 1 or -1: convex, decreasing, and `curvature` a bound on the
// second derivative (of the hinge, which has a kink instead, what step sizes take it to be).

struct Hinge {  // max(0, 1 - m)
  static constexpr double curvature = 1;
  static double Value(double m) { return std::max(0.0, 1 - m); }
  static double Slope(double m) { return m < 1 ? -1.0 : 0.0; }
};

struct SquaredHinge {  // max(0, 1 - m)^2
  static constexpr double curvature = 2;
  static double Value(double m) { return m < 1 ? (1 - m) * (1 - m) : 0; }
  static double Slope(double m) { return m < 1 ? -2 * (1 - m) : 0; }
};

struct Logistic {  // log(1 + exp(-m))
  static constexpr double curvature = 0.25;
  static double Value(double m) {
    return m > 0 ? std::log1p(std::exp(-m)) : std::log1p(std::exp(m)) - m;
  }
  static double Slope(double m) {
    if (m > 0) {
      const double e = std::exp(-m);
      return -e / (1 + e);
    }
    return -1 / (1 + std::exp(m));
  }
};

// visit(loss) with the one of this name, which is valid.
template <class Name, class Visit>
decltype(auto) WithLoss(const Name& name, Visit&& visit) {
  if (name == "logistic") return visit(Logistic{});
  if (name == "squared_hinge") return visit(SquaredHinge{});
  return visit(Hinge{});
}

}  // namespace strads::sgd
