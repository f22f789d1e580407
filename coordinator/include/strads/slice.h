#pragma once

#include <cstdint>
#include <utility>

namespace strads {

// Which part of the variables a scheduler or a holder of parameters owns. Schedulers take turns:
// number `index` makes the plans of the rounds t with t mod count == index.
struct Slice {
  int index = 0;  // 0 .. count - 1
  int count = 1;  // the number of schedulers (part of the answer) or holders

  // The half-open range of `num_variables` variables that this one owns; see Shard::RangeOf.
  std::pair<int64_t, int64_t> RangeOf(int64_t num_variables) const {
    const auto begin = [&](int64_t i) {
      return num_variables / count * i + num_variables % count * i / count;
    };
    return {begin(index), begin(index + 1)};
  }
};

}  // namespace strads
