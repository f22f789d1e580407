#pragma once

#include <strads/aligned_vector.h>
#include <strads/fields.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace strads {

// The names of users or items, any text, numbered 0 .. size() - 1 in the order they were added, and
// the number of a name.
//
// A message: it travels as one run of bytes and the end of each name in it, without the hash, so
// that after Unpack BuildIndex() comes before Find. Reading is safe from many threads at once.
// Memory: the bytes of the names, 4 bytes a name, and up to 48 bytes a name for the hash; numbers
// that are dense (the largest below 4 size()) take 4 to 32.
class IdTable {
 public:
  // The index of `name`, a new one if it is not there. Throws kData beyond 2^31 - 1 names or 4 GiB
  // of text. Expected O(length).
  int32_t Add(std::string_view name);

  // The index of `name`, or -1. Expected O(length).
  int32_t Find(std::string_view name) const;

  // Valid until the next Add; 0 <= index < size().
  std::string_view Name(int32_t index) const {
    const auto i = static_cast<std::size_t>(index);
    const uint32_t begin = i == 0 ? 0 : ends_[i - 1];
    return {text_.data() + begin, ends_[i] - begin};
  }

  int32_t size() const { return static_cast<int32_t>(ends_.size()); }

  // Makes a table that came in a message or a model ready for use. Throws kProtocol if it is no
  // table: ends that do not fit the text, or a name twice. O(size).
  void BuildIndex();

  // For each name its index in `other`, or -1: size() values.
  std::vector<int32_t> IndicesIn(const IdTable& other) const;

  // Every name of `tables` once, in an order that depends on the set of names only: by number if
  // all are decimal numbers without sign and leading zeros, else by bytes. The tables need no
  // BuildIndex(); what it throws is thrown here, too. O(n log n).
  static IdTable Merge(std::span<const IdTable> tables);

  // Whether both have the same names in the same order.
  friend bool operator==(const IdTable& a, const IdTable& b) {
    return a.ends_ == b.ends_ && a.text_ == b.text_;
  }

  STRADS_FIELDS(text_, ends_)

 private:
  struct Slot {
    uint64_t key;     // the bytes of a name of up to 8, a hash of those of a longer one
    uint32_t length;  // of the name
    int32_t index;    // -1: empty
  };

  void CheckEnds() const;
  void GrowNumbers(std::size_t number);
  void RebuildSlots(std::size_t count);
  std::size_t FirstSlot(uint64_t key, std::size_t length) const;
  // The slot of the name, or the empty one where it belongs.
  std::size_t SlotOf(uint64_t key, std::string_view name) const;
  // Where the index of the name is kept, or is to be kept: then it is -1.
  int32_t& Place(std::string_view name);
  int32_t Append(std::string_view name);

  std::string text_;            // all names, one after the other
  std::vector<uint32_t> ends_;  // where each ends in text_
  // The index of each plain number below its size, or -1. All other names are in slots_, a power of
  // two of which at most 2/3 are taken.
  AlignedVector<int32_t> numbers_;
  AlignedVector<Slot> slots_;
  std::size_t taken_ = 0;  // slots
  int shift_ = 64;         // 64 - log2(slots_.size())
};

}  // namespace strads
