#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace strads {

// Remembers which pairs of the variables that were last asked for are coupled: two bits a pair, is
// it known and is it coupled, in a square of max_variables x max_variables.
//
// A variable has a place in the square from Touch until another takes it; the one that gives way is
// one that was not touched since the hand last passed it (CLOCK, Corbato 1968), and what was known
// of it is forgotten. That is safe: an unknown pair is taken for coupled and asked for again. Those
// of the current group give way last: they would push each other out.
// Look-ups are a few bit tests; Touch of a new variable is O(max_variables / 64), what is done to
// all pairs of n places O(n min(n, max_variables / 64)). Takes max_variables^2 / 4 bytes, as they
// come into use, and 4 bytes for each variable up to the largest.
class CouplingCache {
 public:
  // Throws UsageError unless 2 <= max_variables <= 2^17.
  explicit CouplingCache(int32_t max_variables);

  // Those touched from here on, until the next call, are a group.
  void BeginGroup() { ++group_; }

  // Gives `variable` >= 0 a place, if it has none, and returns it: a number below max_variables.
  int32_t Touch(int32_t variable);
  // Its place, or -1.
  int32_t Find(int32_t variable) const {
    const auto j = static_cast<size_t>(variable);
    return j < places_.size() ? places_[j] : -1;
  }

  // Of two different places.
  bool IsKnown(int32_t a, int32_t b) const { return Bit(known_, a, b) && Bit(known_, b, a); }
  bool IsCoupled(int32_t a, int32_t b) const { return Bit(coupled_, a, b); }
  void Store(int32_t a, int32_t b, bool coupled);
  // Stores of all pairs of `places` that they are not coupled, but for pairs of the first
  // `num_known` with each other. Places below 0 are none.
  void StoreUncoupled(std::span<const int32_t> places, size_t num_known);

  // Of `places`, from the first, those of which each is known to be not coupled with all that were
  // picked before it: their indices, at most `count`.
  std::vector<size_t> PickUncoupled(std::span<const int32_t> places, size_t count) const;

  int32_t max_variables() const { return max_variables_; }

 private:
  bool Bit(const std::vector<uint64_t>& bits, int32_t a, int32_t b) const {
    return (bits[Word(a, b)] & BitOf(b)) != 0;
  }
  static uint64_t BitOf(int32_t b) { return uint64_t{1} << (static_cast<uint32_t>(b) % 64); }
  size_t Word(int32_t a, int32_t b) const {
    return static_cast<size_t>(a) * words_ + static_cast<size_t>(b) / 64;
  }
  // The words of a row in which `places` have bits.
  std::vector<size_t> WordsOf(std::span<const int32_t> places) const;
  void Put(int32_t a, int32_t b, bool coupled);
  int32_t MakeRoom();
  void Forget(int32_t place);

  const int32_t max_variables_;
  const size_t words_;              // of a row of the square
  std::vector<int32_t> places_;     // by variable; -1: none
  std::vector<int32_t> variables_;  // by place
  std::vector<bool> touched_;       // by place, since the hand passed
  std::vector<uint64_t> groups_;    // by place: the last group it was touched in
  uint64_t group_ = 0;
  int32_t hand_ = 0;
  std::vector<uint64_t> known_;  // rows of the places in use
  std::vector<uint64_t> coupled_;
};

}  // namespace strads
