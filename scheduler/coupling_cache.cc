#include "strads/coupling_cache.h"

#include <algorithm>
#include <stdexcept>
#include <string>

#include "strads/error.h"

namespace strads {
namespace {

constexpr int32_t kMostVariables = int32_t{1} << 17;  // 4 GiB

}  // namespace

CouplingCache::CouplingCache(int32_t max_variables)
    : max_variables_(max_variables), words_((static_cast<size_t>(max_variables) + 63) / 64) {
  if (max_variables < 2 || max_variables > kMostVariables) {
    throw UsageError("the number of variables whose couplings are cached is " +
                     std::to_string(max_variables) + ", expected 2 to " +
                     std::to_string(kMostVariables));
  }
}

int32_t CouplingCache::Touch(int32_t variable) {
  if (variable < 0) throw std::logic_error("the coupling of a negative variable");
  const auto j = static_cast<size_t>(variable);
  if (j >= places_.size()) places_.resize(std::max(j + 1, 2 * places_.size()), -1);
  if (places_[j] < 0) {
    places_[j] = MakeRoom();
    variables_[static_cast<size_t>(places_[j])] = variable;
  }
  touched_[static_cast<size_t>(places_[j])] = true;
  groups_[static_cast<size_t>(places_[j])] = group_;
  return places_[j];
}

int32_t CouplingCache::MakeRoom() {
  const auto in_use = static_cast<int32_t>(variables_.size());
  if (in_use < max_variables_) {
    variables_.push_back(-1);
    touched_.push_back(false);
    groups_.push_back(0);
    known_.resize(known_.size() + words_, 0);
    coupled_.resize(coupled_.size() + words_, 0);
    return in_use;
  }
  // Twice around at most: then all are of the group, and whoever is at the hand gives way.
  const auto may_stay = [&](size_t place) { return touched_[place] || groups_[place] == group_; };
  for (int32_t step = 0; step < 2 * max_variables_ && may_stay(static_cast<size_t>(hand_));
       ++step) {
    touched_[static_cast<size_t>(hand_)] = false;
    hand_ = (hand_ + 1) % max_variables_;
  }
  const int32_t place = hand_;
  hand_ = (hand_ + 1) % max_variables_;
  Forget(place);
  return place;
}

// The rows of the others keep what they say of this place: it counts only if both rows agree.
void CouplingCache::Forget(int32_t place) {
  places_[static_cast<size_t>(variables_[static_cast<size_t>(place)])] = -1;
  std::fill_n(known_.begin() + static_cast<std::ptrdiff_t>(Word(place, 0)), words_, 0);
}

void CouplingCache::Put(int32_t a, int32_t b, bool coupled) {
  const uint64_t bit = BitOf(b);
  known_[Word(a, b)] |= bit;
  uint64_t& word = coupled_[Word(a, b)];
  word = coupled ? word | bit : word & ~bit;
}

std::vector<size_t> CouplingCache::WordsOf(std::span<const int32_t> places) const {
  std::vector<size_t> words;
  for (const int32_t place : places) {
    if (place >= 0) words.push_back(Word(0, place));
  }
  std::ranges::sort(words);
  words.erase(std::unique(words.begin(), words.end()), words.end());
  return words;
}

// A row at a time: pair by pair each would touch two rows.
void CouplingCache::StoreUncoupled(std::span<const int32_t> places, size_t num_known) {
  std::vector<uint64_t> all(words_), of_new(words_);
  for (size_t i = 0; i < places.size(); ++i) {
    if (places[i] < 0) continue;
    all[Word(0, places[i])] |= BitOf(places[i]);
    if (i >= num_known) of_new[Word(0, places[i])] |= BitOf(places[i]);
  }
  const std::vector<size_t> words = WordsOf(places);
  for (size_t i = 0; i < places.size(); ++i) {
    if (places[i] < 0) continue;
    const std::vector<uint64_t>& others = i < num_known ? of_new : all;
    uint64_t* known = &known_[Word(places[i], 0)];
    uint64_t* coupled = &coupled_[Word(places[i], 0)];
    for (const size_t w : words) {
      known[w] |= others[w];
      coupled[w] &= ~others[w];
    }
  }
}

std::vector<size_t> CouplingCache::PickUncoupled(std::span<const int32_t> places,
                                                 size_t count) const {
  std::vector<size_t> picked;
  std::vector<uint64_t> members(words_), known_to_all(words_, ~uint64_t{0});
  const std::vector<size_t> words = WordsOf(places);
  for (size_t i = 0; i < places.size() && picked.size() < count; ++i) {
    const int32_t place = places[i];
    if (place < 0) {
      if (picked.empty()) return {i};  // nothing is known of it: it is alone
      continue;
    }
    const uint64_t* known = &known_[Word(place, 0)];
    const uint64_t* coupled = &coupled_[Word(place, 0)];
    uint64_t against = ~known_to_all[Word(0, place)] & BitOf(place);
    for (const size_t w : words) against |= members[w] & (~known[w] | coupled[w]);
    if (against != 0) continue;
    for (const size_t w : words) known_to_all[w] &= known[w];
    members[Word(0, place)] |= BitOf(place);
    picked.push_back(i);
  }
  return picked;
}

void CouplingCache::Store(int32_t a, int32_t b, bool coupled) {
  Put(a, b, coupled);
  Put(b, a, coupled);
}

}  // namespace strads
