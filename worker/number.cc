#include "worker/number.h"

#include <fast_float/fast_float.h>

#include <cmath>
#include <system_error>

namespace strads {

const char* ParseLongInteger(const char* p, int64_t* value) {
  int64_t result = 0;
  for (; IsDigit(*p); ++p) {
    result = result < kHugeInteger / 10 ? result * 10 + (*p - '0') : kHugeInteger;
  }
  *value = result;
  return p;
}

namespace {

// fast_float knows no plus sign.
const char* SkipPlus(const char* p) { return *p == '+' && p[1] != '-' ? p + 1 : p; }

}  // namespace

const char* ParseLongNumber(const char* p, const char* end, double* value) {
  *value = 0;
  const auto [next, error] = fast_float::from_chars(SkipPlus(p), end, *value);
  if (std::abs(*value) < kLeastMagnitude) *value = std::copysign(0.0, *value);
  return error == std::errc() && std::abs(*value) <= kMostMagnitude ? next : nullptr;
}

bool IsOutOfRange(const char* p, const char* end) {
  double value = 0;
  const auto [next, error] = fast_float::from_chars(SkipPlus(p), end, value);
  return error == std::errc::result_out_of_range ||
         (error == std::errc() && !(std::abs(value) <= kMostMagnitude));
}

}  // namespace strads
