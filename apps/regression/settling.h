#pragma once

#include <algorithm>
#include <limits>

namespace strads::regression {

// Judges by what more steps gain whether steps that have made violations small have come to the
// optimum: along features that are nearly collinear slopes are small long before, and methods that
// learn the curvature on the way, of conjugate directions or of quasi-Newton kind, come to these
// directions last. What d steps gain is what the first of the d points was off at least (of
// conjugate gradient: Strakos and Tichy, "On Error Estimation in the Conjugate Gradient Method and
// Why It Works in Finite Precision Computations", 2002).
class Settling {
 public:
  explicit Settling(double tolerance) : tolerance_(tolerance) {}

  // What the last steps of small violations have gained; infinite as long as they are too few: a
  // quarter of those before, or 3. `violation` and `value`, the objective, after one step more. Who
  // asks for little is not kept waiting for certainty: 0 then.
  double LeftAfter(double violation, double value) {
    ++steps_;
    if (!(violation <= tolerance_)) {
      since_ = -1;
      left_ = std::numeric_limits<double>::infinity();
    } else if (tolerance_ >= kLoose) {
      left_ = 0;
    } else if (since_ < 0) {
      since_ = steps_;
      value_ = value;
    } else if (steps_ - since_ >= std::max(kLeastSteps, since_ / kShare)) {
      left_ = std::max(0.0, value_ - value);
      since_ = steps_;
      value_ = value;
    }
    return left_;
  }

 private:
  static constexpr int kLeastSteps = 3, kShare = 4;
  static constexpr double kLoose = 1e-3;

  const double tolerance_;
  int steps_ = 0;
  int since_ = -1;  // the first step of those that count; -1: none is
  double value_ = 0;
  double left_ = std::numeric_limits<double>::infinity();
};

}  // namespace strads::regression
