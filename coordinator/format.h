#pragma once

#include <cstdint>
#include <string>

namespace strads {

// Numbers for people.
std::string FormatNumber(double value, int significant_digits);
std::string FormatCount(int64_t count);     // 1,234,567
std::string FormatBytes(double bytes);      // 12.3 MB
std::string FormatSeconds(double seconds);  // 1.23 s, 45 ms

}  // namespace strads
