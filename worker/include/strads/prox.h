#pragma once

namespace strads {

// The proximal operator of lambda |b|:
//
//   S(z, lambda) = argmin_b 1/2 (b - z)^2 + lambda |b| = sign(z) max(|z| - lambda, 0)
//
// lambda >= 0. NaN gives NaN.
constexpr double SoftThreshold(double z, double lambda) {
  if (z > lambda) return z - lambda;
  if (z < -lambda) return z + lambda;
  return z != z ? z : 0;
}

// The proximal operator of the elastic net (Zou and Hastie, 2005); l1, l2 >= 0:
//
//   argmin_b 1/2 (b - z)^2 + l1 |b| + l2/2 b^2 = S(z, l1) / (1 + l2)
constexpr double ElasticNetProx(double z, double l1, double l2) {
  return SoftThreshold(z, l1) / (1 + l2);
}

// The proximal operator of lambda |b| over b >= 0; lambda >= 0:
//
//   argmin_{b >= 0} 1/2 (b - z)^2 + lambda b = max(z - lambda, 0)
constexpr double NonnegativeSoftThreshold(double z, double lambda) {
  return z <= lambda ? 0 : z - lambda;
}

// The proximal operator of the elastic net over lower <= b <= upper; l1, l2 >= 0:
//
//   argmin_{lower <= b <= upper} 1/2 (b - z)^2 + l1 |b| + l2/2 b^2
//
// It is the unbounded one, cut off at the bounds, as the function is convex.
constexpr double BoxProx(double z, double l1, double l2, double lower, double upper) {
  const double b = ElasticNetProx(z, l1, l2);
  return b < lower ? lower : b > upper ? upper : b;
}

}  // namespace strads
