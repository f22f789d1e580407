#pragma once

#include <cstdint>
#include <map>

namespace strads {

// How old the parameters were that pushes read. For every push that was pulled, of clock c say, and
// every other worker q, one observation: c less the number of clocks of q whose gradients were in
// the parameters read. Below 0 where q was ahead.
struct Staleness {
  std::map<int64_t, int64_t> counts;  // observations by value

  void Add(int64_t value) { ++counts[value]; }
  int64_t total() const;
  // Each 0 without observations.
  double mean() const;
  double variance() const;  // over all observations: divided by their number
  int64_t max() const { return counts.empty() ? 0 : counts.rbegin()->first; }
};

}  // namespace strads
