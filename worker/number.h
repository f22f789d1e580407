#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

// Numbers in text, read without asking for the end: at least 8 bytes past a number are readable.
// A function returns the first byte after what it has read, or null where there is no such number.
namespace strads {

static_assert(std::endian::native == std::endian::little,
              "the digit loop reads little-endian words");

inline bool IsDigit(char c) { return static_cast<unsigned char>(c - '0') < 10; }

// Reads up to 7 decimal digits at once into `value` and returns how many (if 7, more may follow).
// The arithmetic on 8 bytes in one word is that of Lemire, "Number parsing at a gigabyte per
// second" (2021); taking a varying count by a shift avoids one mispredicted branch per number.
inline int ReadDigits(const char* p, uint64_t* value) {
  uint64_t word;
  std::memcpy(&word, p, sizeof word);
  word ^= 0x3030303030303030;  // a digit becomes a byte 0..9
  const uint64_t other = ((word + 0x7676767676767676) | word) & 0x8080808080808080;
  const int count = std::countr_zero(other | uint64_t{1} << 63) / 8;
  word = word << 8 << (56 - 8 * count);
  word = word * 10 + (word >> 8);
  *value = ((word & 0x000000FF000000FF) * 0x000F424000000064 +
            (word >> 16 & 0x000000FF000000FF) * 0x0000271000000001) >>
           32;
  return count;
}

// A whole number of any number of digits; one of kHugeInteger / 10 * 10 or more is read as
// kHugeInteger.
inline constexpr int64_t kHugeInteger = int64_t{1} << 62;
const char* ParseLongInteger(const char* p, int64_t* value);
inline const char* ParseInteger(const char* p, int64_t* value) {
  uint64_t digits;
  const int count = ReadDigits(p, &digits);
  if (count == 0) return nullptr;
  if (IsDigit(p[count])) return ParseLongInteger(p, value);
  *value = static_cast<int64_t>(digits);
  return p + count;
}

// What a number is that names one of two classes, and what is said of others.
inline bool IsClass(double label) { return label == -1 || label == 0 || label == 1; }
inline constexpr char kNoClass[] = " is no class, expected -1 or 0, and 1";

// The magnitudes of data: products of four of them, summed over rows, neither overflow nor vanish.
inline constexpr double kMostMagnitude = 1e75, kLeastMagnitude = 1e-75;
inline constexpr char kOutOfRange[] =
    " is out of range, expected a finite number of at most 1e75 in magnitude";

// A decimal number, [+-]digits[.digits][e[+-]digits] with a digit before or after the point, of at
// most kMostMagnitude; the same double as strtod in the C locale, but 0 for what is smaller than
// kLeastMagnitude. Null also for nan, inf and what is too large. ParseLongNumber takes them all;
// ParseNumber is quick on those of up to 13 digits.
const char* ParseLongNumber(const char* p, const char* end, double* value);
inline const char* ParseNumber(const char* p, const char* end, double* value) {
  // Exact, so that one division by them rounds once and hence correctly (Clinger, 1990).
  static constexpr double kPowers[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7};
  static constexpr uint64_t kIntegerPowers[] = {1,      10,      100,       1000,
                                                10'000, 100'000, 1'000'000, 10'000'000};
  const char* q = p + (*p == '-' || *p == '+');
  uint64_t mantissa;
  int whole = 1;
  if (q[1] == '.' && IsDigit(*q)) {
    mantissa = static_cast<uint64_t>(*q - '0');
  } else {
    whole = ReadDigits(q, &mantissa);
  }
  q += whole;
  int decimals = 0;
  if (*q == '.') {
    uint64_t fraction;
    decimals = ReadDigits(++q, &fraction);
    q += decimals;
    mantissa = mantissa * kIntegerPowers[decimals] + fraction;
  }
  if (whole + decimals == 0 || IsDigit(*q) || (*q | 0x20) == 'e') [[unlikely]] {
    double number;
    q = ParseLongNumber(p, end, &number);
    *value = number;
    return q;
  }
  const double magnitude = static_cast<double>(static_cast<int64_t>(mantissa)) / kPowers[decimals];
  // Signs of data are random: no branch on them.
  const uint64_t sign = uint64_t{*p == '-'} << 63;
  *value = std::bit_cast<double>(std::bit_cast<uint64_t>(magnitude) | sign);
  return q;
}

// Whether nan, inf or a number of more than kMostMagnitude stands at p.
bool IsOutOfRange(const char* p, const char* end);

}  // namespace strads
