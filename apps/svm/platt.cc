#include "apps/svm/platt.h"

#include <algorithm>
#include <cmath>

namespace strads::svm {
namespace {

struct Likelihood {
  double loss = 0;                  // minus its logarithm
  double slope_a = 0, slope_b = 0;  // derivatives by slope and offset
  double aa = 0, ab = 0, bb = 0;    // second ones
};

Likelihood LikelihoodOf(const Sigmoid& sigmoid,
                        std::span<const double> values,
                        std::span<const char> is_class,
                        double high,
                        double low) {
  Likelihood sum;
  for (size_t i = 0; i < values.size(); ++i) {
    const double f = values[i], z = sigmoid.slope * f + sigmoid.offset;
    const double target = is_class[i] != 0 ? high : low;
    const double p = sigmoid.At(f);
    // -target log p - (1 - target) log(1 - p), with log p = -log(1 + exp(z)).
    sum.loss += std::log1p(std::exp(-std::abs(z))) + std::max(z, 0.0) - (1 - target) * z;
    const double r = target - p, bend = p * (1 - p);
    sum.slope_a += f * r;
    sum.slope_b += r;
    sum.aa += f * f * bend;
    sum.ab += f * bend;
    sum.bb += bend;
  }
  return sum;
}

}  // namespace

double Sigmoid::At(double f) const {
  const double z = slope * f + offset, e = std::exp(-std::abs(z));
  return (z >= 0 ? e : 1) / (1 + e);
}

Sigmoid FitSigmoid(std::span<const double> values, std::span<const char> is_class) {
  constexpr int kMostSteps = 100;
  constexpr double kRidge = 1e-12, kAccuracy = 1e-10, kDecrease = 1e-4, kShortest = 1e-10;
  const auto positives =
      static_cast<double>(std::ranges::count_if(is_class, [](char c) { return c != 0; }));
  const double negatives = static_cast<double>(values.size()) - positives;
  const double high = (positives + 1) / (positives + 2), low = 1 / (negatives + 2);
  Sigmoid best{.slope = 0, .offset = std::log((negatives + 1) / (positives + 1))};
  Likelihood at = LikelihoodOf(best, values, is_class, high, low);
  for (int step = 0; step < kMostSteps; ++step) {
    if (std::max(std::abs(at.slope_a), std::abs(at.slope_b)) <=
        kAccuracy * static_cast<double>(values.size()))
      break;
    const double aa = at.aa + kRidge, bb = at.bb + kRidge, det = aa * bb - at.ab * at.ab;
    const double a = -(bb * at.slope_a - at.ab * at.slope_b) / det;
    const double b = -(aa * at.slope_b - at.ab * at.slope_a) / det;
    const double downhill = at.slope_a * a + at.slope_b * b;
    double length = 1;
    for (;; length /= 2) {
      const Sigmoid next{.slope = best.slope + length * a, .offset = best.offset + length * b};
      const Likelihood there = LikelihoodOf(next, values, is_class, high, low);
      if (there.loss < at.loss + kDecrease * length * downhill) {
        best = next;
        at = there;
        break;
      }
      if (length < kShortest) return best;  // nothing but rounding is left
    }
  }
  return best;
}

}  // namespace strads::svm
