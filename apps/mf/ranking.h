#pragma once

#include <cstdint>
#include <span>

#include "apps/mf/top_items.h"

namespace strads::mf {

// How well lists of `top` items, best first, find the items that are relevant to their users; each
// the mean over users of
//
//   precision  hits / top
//   recall     hits / relevant items
//   NDCG       sum over hits of 1 / log2(1 + rank)  /  the same of ranks 1 .. min(top, relevant)
//
// where a hit is a relevant item in the list and the first item's rank is 1.
class Ranking {
 public:
  explicit Ranking(int top) : top_(top) {}

  // A list of at most `top` items, and the relevant ones, ascending: at least one.
  void Add(std::span<const ScoredItem> list, std::span<const int32_t> relevant);

  int64_t users() const { return users_; }
  double precision() const { return precision_ / static_cast<double>(users_); }
  double recall() const { return recall_ / static_cast<double>(users_); }
  double ndcg() const { return ndcg_ / static_cast<double>(users_); }

 private:
  const int top_;
  int64_t users_ = 0;
  double precision_ = 0, recall_ = 0, ndcg_ = 0;  // sums over users
};

}  // namespace strads::mf
