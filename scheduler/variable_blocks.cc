#include "strads/variable_blocks.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <utility>

#include "strads/error.h"

namespace strads {

VariableBlocks::VariableBlocks(int32_t first, std::span<const int32_t> entries, int num_blocks)
    : first_(first),
      entries_(entries.begin(), entries.end()),
      num_blocks_(num_blocks),
      left_(entries.size()) {
  if (num_blocks < 1)
    throw UsageError(std::to_string(num_blocks) + " blocks of variables, expected at least 1");
  std::iota(left_.begin(), left_.end(), first);
  Close();
}

int32_t VariableBlocks::NextSeed() const {
  return *std::ranges::max_element(
      left_, {}, [&](int32_t j) { return entries_[static_cast<size_t>(j - first_)]; });
}

void VariableBlocks::Grow(std::span<const double> couplings) {
  const auto blocks_left = static_cast<size_t>(num_blocks_) - blocks_.size();
  const size_t size = (left_.size() + blocks_left - 1) / blocks_left;
  const int32_t seed = NextSeed();
  const auto key = [&](int32_t j) {
    const double strength = std::abs(couplings[static_cast<size_t>(j)]);
    return std::pair(j == seed ? -std::numeric_limits<double>::infinity() : -strength, j);
  };
  std::vector<std::pair<double, int32_t>> keys(left_.size());
  std::ranges::transform(left_, keys.begin(), key);
  const auto last = keys.begin() + static_cast<std::ptrdiff_t>(size) - 1;
  std::ranges::nth_element(keys, last);
  const auto rest =
      std::stable_partition(left_.begin(), left_.end(), [&](int32_t j) { return key(j) <= *last; });
  blocks_.emplace_back(left_.begin(), rest);
  left_.erase(left_.begin(), rest);
  Close();
}

void VariableBlocks::Close() {
  if (left_.empty() || std::ssize(blocks_) + 1 < num_blocks_) return;
  blocks_.push_back(std::exchange(left_, {}));
}

std::vector<int> VariableBlocks::Draw(int count, Random& random) const {
  std::vector<int> all(blocks_.size());
  std::iota(all.begin(), all.end(), 0);
  const size_t drawn = std::min(all.size(), static_cast<size_t>(std::max(count, 0)));
  for (size_t i = 0; i < drawn; ++i) std::swap(all[i], all[i + random.Below(all.size() - i)]);
  all.resize(drawn);
  return all;
}

}  // namespace strads
