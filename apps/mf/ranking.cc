#include "apps/mf/ranking.h"

#include <algorithm>
#include <cmath>

namespace strads::mf {
namespace {

double GainAt(size_t rank) { return 1 / std::log2(1 + static_cast<double>(rank)); }

}  // namespace

void Ranking::Add(std::span<const ScoredItem> list, std::span<const int32_t> relevant) {
  double hits = 0, gain = 0, best_gain = 0;
  for (size_t n = 0; n < list.size(); ++n) {
    if (!std::binary_search(relevant.begin(), relevant.end(), list[n].item)) continue;
    ++hits;
    gain += GainAt(n + 1);
  }
  for (size_t n = 0; n < std::min(static_cast<size_t>(top_), relevant.size()); ++n)
    best_gain += GainAt(n + 1);
  ++users_;
  precision_ += hits / top_;
  recall_ += hits / static_cast<double>(relevant.size());
  ndcg_ += gain / best_gain;
}

}  // namespace strads::mf
