#include "strads/id_table.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <utility>

#include "strads/error.h"

namespace strads {
namespace {

constexpr std::size_t kWord = sizeof(uint64_t);
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

int32_t IdTable::Add(std::string_view name) {
  if (3 * (ends_.size() + 1) > 2 * slots_.size()) {
    if (slots_.empty() && !ends_.empty()) {
      BuildIndex();
    } else {
      ResizeSlots(std::max<std::size_t>(2 * slots_.size(), 16));
    }
  }
  const uint64_t key = KeyOf(name);
  const std::size_t slot = SlotOf(key, name);
  return slots_[slot].index >= 0 ? slots_[slot].index : Append(slot, key, name);
}

int32_t IdTable::Find(std::string_view name) const {
  if (slots_.empty()) {
    if (ends_.empty()) return -1;
    throw std::logic_error("IdTable::Find before BuildIndex");
  }
  return slots_[SlotOf(KeyOf(name), name)].index;
}

int32_t IdTable::Append(std::size_t slot, uint64_t key, std::string_view name) {
  if (name.size() > std::numeric_limits<uint32_t>::max() - text_.size()) {
    throw DataError("more than 4 GiB of names, expected shorter ones or fewer");
  }
  if (ends_.size() >= std::numeric_limits<int32_t>::max()) {
    throw DataError("more than 2^31 - 1 names, expected fewer");
  }
  const auto index = static_cast<int32_t>(ends_.size());
  text_.append(name);
  ends_.push_back(static_cast<uint32_t>(text_.size()));
  slots_[slot] = {.key = key, .length = static_cast<uint32_t>(name.size()), .index = index};
  return index;
}

void IdTable::ResizeSlots(std::size_t count) {
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
  slots_.clear();
  ResizeSlots(std::bit_ceil(std::max<std::size_t>(ends_.size() / 2 * 3 + 4, 16)));
  for (int32_t i = 0; i < size(); ++i) {
    const std::string_view name = Name(i);
    const uint64_t key = KeyOf(name);
    Slot& slot = slots_[SlotOf(key, name)];
    if (slot.index >= 0) throw ProtocolError("a table of names that has a name twice");
    slot = {.key = key, .length = static_cast<uint32_t>(name.size()), .index = i};
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
