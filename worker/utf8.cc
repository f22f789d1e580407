#include "worker/utf8.h"

#include <algorithm>
#include <iterator>

namespace strads {
namespace {

struct Range {
  uint32_t first, last;
};

constexpr Range kSeparators[] = {
    {0x80, 0xA9},       {0xAB, 0xB4},     {0xB6, 0xB9},     {0xBB, 0xBF},     {0xD7, 0xD7},
    {0xF7, 0xF7},       {0x37E, 0x37E},   {0x387, 0x387},   {0x55A, 0x55F},   {0x589, 0x58A},
    {0x5BE, 0x5BE},     {0x5F3, 0x5F4},   {0x60C, 0x60D},   {0x61B, 0x61F},   {0x66A, 0x66D},
    {0x6D4, 0x6D4},     {0x964, 0x965},   {0x2000, 0x206F}, {0x20A0, 0x20CF}, {0x2190, 0x2BFF},
    {0x2E00, 0x2E7F},   {0x3000, 0x3004}, {0x3008, 0x3020}, {0x3030, 0x3030}, {0x303D, 0x303F},
    {0x30FB, 0x30FB},   {0xE000, 0xF8FF}, {0xFE00, 0xFE1F}, {0xFE30, 0xFE6F}, {0xFEFF, 0xFEFF},
    {0xFF00, 0xFF0F},   {0xFF1A, 0xFF20}, {0xFF3B, 0xFF40}, {0xFF5B, 0xFF65}, {0xFFE0, 0xFFFF},
    {0x1F000, 0x1FAFF},
};

}  // namespace

Utf8Char DecodeUtf8(const char* p) {
  const auto byte = [p](int i) { return static_cast<uint32_t>(static_cast<unsigned char>(p[i])); };
  const auto follows = [&](int i) { return (byte(i) & 0xC0) == 0x80; };
  const uint32_t lead = byte(0);
  if (lead < 0xC2 || lead > 0xF4 || !follows(1)) return {};
  uint32_t code = byte(1) & 0x3F;
  if (lead < 0xE0) return {(lead & 0x1F) << 6 | code, 2};
  if (!follows(2)) return {};
  code = code << 6 | (byte(2) & 0x3F);
  if (lead < 0xF0) {
    code |= (lead & 0x0F) << 12;
    const bool is_surrogate = code >= 0xD800 && code < 0xE000;
    return code < 0x800 || is_surrogate ? Utf8Char{} : Utf8Char{code, 3};
  }
  if (!follows(3)) return {};
  code = (lead & 0x07) << 18 | code << 6 | (byte(3) & 0x3F);
  return code < 0x10000 || code > 0x10FFFF ? Utf8Char{} : Utf8Char{code, 4};
}

bool IsWordCharacter(uint32_t code) {
  const Range* const range =
      std::lower_bound(std::begin(kSeparators), std::end(kSeparators), code,
                       [](const Range& r, uint32_t c) { return r.last < c; });
  return range == std::end(kSeparators) || code < range->first;
}

}  // namespace strads
