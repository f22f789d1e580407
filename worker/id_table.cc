#include "strads/id_table.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <utility>

#include "strads/error.h"
#include "worker/number.h"

namespace strads {
namespace {

constexpr std::size_t kWord = sizeof(uint64_t);
constexpr std::size_t kFewNumbers = 4096;
constexpr uint64_t kFirstFactor = 0x9E3779B97F4A7C15, kSecondFactor = 0xD6E8FEB86659FD93;

template <class T>
uint64_t Load(const char* p) {
  T word;
  std::memcpy(&word, p, sizeof word);
  return word;
}

uint64_t Byte(const char* p, std::size_t i) {
  return uint64_t{static_cast<unsigned char>(p[i])} << (8 * i);
}

uint64_t Mix(uint64_t word) {
  word *= kFirstFactor;
  return (word ^ word >> 32) * kSecondFactor;
}

// The bytes of a name of up to 8, the rest zero: with the length, the name itself. Two loads that
// overlap need no loop.
uint64_t ShortKey(const char* p, std::size_t length) {
  if (length == kWord) return Load<uint64_t>(p);
  if (length >= 4) return Load<uint32_t>(p) | Load<uint32_t>(p + length - 4) << (8 * (length - 4));
  if (length == 0) return 0;
  return Byte(p, 0) | Byte(p, length / 2) | Byte(p, length - 1);
}

uint64_t LongKey(const char* p, std::size_t length) {
  uint64_t hash = length;
  for (std::size_t i = 0; i + kWord < length; i += kWord) {
    hash = Mix(std::rotl(hash, 23) ^ Load<uint64_t>(p + i));
  }
  return Mix(std::rotl(hash, 23) ^ Load<uint64_t>(p + length - kWord));
}

uint64_t KeyOf(std::string_view name) {
  return name.size() <= kWord ? ShortKey(name.data(), name.size())
                              : LongKey(name.data(), name.size());
}

// The number that a name is, if it has up to 7 digits, no sign and no leading zero; else -1.
int64_t SmallNumber(uint64_t key, std::size_t length) {
  uint64_t number;
  const auto count = static_cast<std::size_t>(ReadDigits(reinterpret_cast<char*>(&key), &number));
  const bool has_leading_zero = static_cast<char>(key) == '0' && length > 1;
  return count == length && length > 0 && !has_leading_zero ? static_cast<int64_t>(number) : -1;
}

bool IsPlainNumber(std::string_view name) {
  return !name.empty() && (name[0] != '0' || name.size() == 1) &&
         std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// Increases with the number; equal only for those of 20 digits and more.
uint64_t NumberKey(std::string_view name) {
  if (name.size() > 19) return std::numeric_limits<uint64_t>::max();
  uint64_t number = 0;
  for (const char c : name) number = number * 10 + static_cast<uint64_t>(c - '0');
  return number;
}

// Does not decrease in the order of bytes.
uint64_t PrefixKey(std::string_view name) {
  uint64_t key = 0;
  for (std::size_t i = 0; i < kWord; ++i) {
    key = key << 8 | (i < name.size() ? static_cast<unsigned char>(name[i]) : 0);
  }
  return key;
}

std::vector<int32_t> CanonicalOrder(const IdTable& table) {
  bool by_number = true;
  for (int32_t i = 0; i < table.size() && by_number; ++i) by_number = IsPlainNumber(table.Name(i));
  std::vector<std::pair<uint64_t, int32_t>> keys;
  keys.reserve(static_cast<std::size_t>(table.size()));
  for (int32_t i = 0; i < table.size(); ++i) {
    const std::string_view name = table.Name(i);
    keys.emplace_back(by_number ? NumberKey(name) : PrefixKey(name), i);
  }
  std::sort(keys.begin(), keys.end(), [&](const auto& a, const auto& b) {
    if (a.first != b.first) return a.first < b.first;
    const std::string_view left = table.Name(a.second), right = table.Name(b.second);
    if (by_number && left.size() != right.size()) return left.size() < right.size();
    return left < right;
  });
  std::vector<int32_t> order;
  order.reserve(keys.size());
  for (const auto& key : keys) order.push_back(key.second);
  return order;
}

}  // namespace

std::size_t IdTable::FirstSlot(uint64_t key, std::size_t length) const {
  return Mix(key ^ length * kSecondFactor) >> shift_;
}

std::size_t IdTable::SlotOf(uint64_t key, std::string_view name) const {
  for (std::size_t at = FirstSlot(key, name.size());; at = (at + 1) & (slots_.size() - 1)) {
    const Slot& slot = slots_[at];
    if (slot.index < 0) return at;
    if (slot.key == key && slot.length == name.size() &&
        (name.size() <= kWord || Name(slot.index) == name)) {
      return at;
    }
  }
}

int32_t& IdTable::Place(std::string_view name) {
  const uint64_t key = KeyOf(name);
  const auto number = static_cast<std::size_t>(SmallNumber(key, name.size()));
  if (number >= numbers_.size() && number < 4 * ends_.size() + kFewNumbers) GrowNumbers(number);
  if (number < numbers_.size()) return numbers_[number];
  if (3 * (taken_ + 1) > 2 * slots_.size()) {
    RebuildSlots(std::max<std::size_t>(2 * slots_.size(), 16));
  }
  Slot& slot = slots_[SlotOf(key, name)];
  if (slot.index < 0) {
    slot.key = key;
    slot.length = static_cast<uint32_t>(name.size());
    ++taken_;
  }
  return slot.index;
}

int32_t IdTable::Add(std::string_view name) {
  if (numbers_.empty() && slots_.empty()) BuildIndex();
  int32_t& index = Place(name);
  if (index < 0) index = Append(name);
  return index;
}

int32_t IdTable::Find(std::string_view name) const {
  const uint64_t key = KeyOf(name);
  const auto number = static_cast<std::size_t>(SmallNumber(key, name.size()));
  if (number < numbers_.size()) return numbers_[number];
  if (!slots_.empty()) return slots_[SlotOf(key, name)].index;
  if (numbers_.empty() && !ends_.empty()) throw std::logic_error("IdTable::Find before BuildIndex");
  return -1;
}

int32_t IdTable::Append(std::string_view name) {
  if (name.size() > std::numeric_limits<uint32_t>::max() - text_.size()) {
    throw DataError("more than 4 GiB of names, expected shorter ones or fewer");
  }
  if (ends_.size() >= std::numeric_limits<int32_t>::max()) {
    throw DataError("more than 2^31 - 1 names, expected fewer");
  }
  text_.append(name);
  ends_.push_back(static_cast<uint32_t>(text_.size()));
  return static_cast<int32_t>(ends_.size() - 1);
}

void IdTable::GrowNumbers(std::size_t number) {
  numbers_.resize(std::max(std::bit_ceil(number + 1), kFewNumbers), -1);
  taken_ = 0;
  for (Slot& slot : slots_) {
    if (slot.index < 0) continue;
    const auto moved = static_cast<std::size_t>(SmallNumber(slot.key, slot.length));
    if (moved < numbers_.size()) {
      numbers_[moved] = std::exchange(slot.index, -1);
    } else {
      ++taken_;
    }
  }
  RebuildSlots(taken_ == 0 ? 0 : std::bit_ceil(taken_ / 2 * 3 + 4));
}

// Makes `count` slots, a power of two or none, of those there are.
void IdTable::RebuildSlots(std::size_t count) {
  const AlignedVector<Slot> old = std::exchange(slots_, {});
  slots_.resize(count, Slot{.key = 0, .length = 0, .index = -1});
  shift_ = 64 - std::countr_zero(count);
  for (const Slot& slot : old) {
    if (slot.index < 0) continue;
    std::size_t at = FirstSlot(slot.key, slot.length);
    while (slots_[at].index >= 0) at = (at + 1) & (count - 1);
    slots_[at] = slot;
  }
}

void IdTable::CheckEnds() const {
  if (!std::is_sorted(ends_.begin(), ends_.end()) ||
      (ends_.empty() ? 0 : ends_.back()) != text_.size() ||
      ends_.size() > std::numeric_limits<int32_t>::max()) {
    throw ProtocolError("a table of names whose ends do not fit its text");
  }
}

void IdTable::BuildIndex() {
  CheckEnds();
  numbers_.clear();
  slots_.clear();
  taken_ = 0;
  for (int32_t i = 0; i < size(); ++i) {
    int32_t& index = Place(Name(i));
    if (index >= 0) throw ProtocolError("a table of names that has a name twice");
    index = i;
  }
}

std::vector<int32_t> IdTable::IndicesIn(const IdTable& other) const {
  std::vector<int32_t> indices;
  indices.reserve(ends_.size());
  for (int32_t i = 0; i < size(); ++i) indices.push_back(other.Find(Name(i)));
  return indices;
}

IdTable IdTable::Merge(std::span<const IdTable> tables) {
  IdTable all;
  for (const IdTable& table : tables) {
    table.CheckEnds();
    for (int32_t i = 0; i < table.size(); ++i) all.Add(table.Name(i));
  }
  IdTable merged;
  merged.text_.reserve(all.text_.size());
  merged.ends_.reserve(all.ends_.size());
  for (const int32_t i : CanonicalOrder(all)) {
    merged.text_.append(all.Name(i));
    merged.ends_.push_back(static_cast<uint32_t>(merged.text_.size()));
  }
  merged.BuildIndex();
  return merged;
}

}  // namespace strads
