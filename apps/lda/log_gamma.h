#pragma once

#include <cmath>
#include <vector>

namespace strads::lda {

// log G(n + x) - log G(x) for n = 0, 1, 2, ... and a fixed x > 0: tabled for small n.
class LogRising {
 public:
  explicit LogRising(double x);
  double operator()(int64_t n) const {
    return n < std::ssize(table_) ? table_[static_cast<size_t>(n)]
                                  : LogGamma(static_cast<double>(n) + x_) - log_gamma_x_;
  }
  // std::lgamma may write to a variable that threads share.
  static double LogGamma(double x);

 private:
  double x_;
  double log_gamma_x_;
  std::vector<double> table_;
};

}  // namespace strads::lda
