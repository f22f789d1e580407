#pragma once

#include <Eigen/Core>

namespace strads {

// log(1 + x) of each x >= 0, to a few units in the last place, several at once, which Eigen's own
// does not do: log(u) x / (u - 1) for u = 1 + x as it rounds (Higham, Accuracy and Stability of
// Numerical Algorithms, 2002, section 1.14.1).
template <class Values>
Values Log1p(const Values& x) {
  const Values u = 1 + x;
  return (u > 1).select(u.log() * (x / (u - 1)), x);
}

}  // namespace strads
