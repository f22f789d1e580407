#include "coordinator/format.h"

#include <cstdio>

namespace strads {
namespace {

std::string Print(const char* format, double value) {
  char text[64];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

}  // namespace

std::string FormatNumber(double value, int significant_digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*g", significant_digits, value);
  return text;
}

std::string FormatCount(int64_t count) {
  std::string digits = std::to_string(count);
  const size_t first = digits.starts_with('-') ? 1 : 0;
  for (size_t at = digits.size(); at > first + 3;) {
    at -= 3;
    digits.insert(at, 1, ',');
  }
  return digits;
}

std::string FormatBytes(double bytes) {
  const char* const units[] = {"B", "KB", "MB", "GB", "TB"};
  int unit = 0;
  while (bytes >= 999.5 && unit < 4) {
    bytes /= 1000;
    ++unit;
  }
  return Print(unit == 0 ? "%.0f " : "%.3g ", bytes) + units[unit];
}

std::string FormatSeconds(double seconds) {
  if (seconds < 1e-3) return Print("%.3g us", seconds * 1e6);
  if (seconds < 1) return Print("%.3g ms", seconds * 1e3);
  if (seconds < 100) return Print("%.3g s", seconds);
  return Print("%.0f s", seconds);
}

}  // namespace strads
