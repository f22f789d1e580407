#include "apps/lda/log_gamma.h"

#include <math.h>  // NOLINT: lgamma_r is not of <cmath>

namespace strads::lda {
namespace {

constexpr int kTabled = 64;

}  // namespace

double LogRising::LogGamma(double x) {
  int sign = 0;
  return lgamma_r(x, &sign);
}

LogRising::LogRising(double x) : x_(x), log_gamma_x_(LogGamma(x)), table_{0} {
  for (int n = 1; n < kTabled; ++n) table_.push_back(table_.back() + std::log(x + (n - 1)));
}

}  // namespace strads::lda
