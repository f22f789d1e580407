#pragma once

#include <strads/aligned_vector.h>
#include <strads/parallel.h>
#include <strads/rating.h>

#include <cstdint>
#include <span>
#include <vector>

#include "apps/mf/factors.h"

namespace strads::mf {

// The items of each user, ascending, each once.
class ItemsOfUsers {
 public:
  // None of anyone.
  ItemsOfUsers() = default;
  // Those in `ratings`, whose indices are below num_users and num_items; values do not matter.
  ItemsOfUsers(int32_t num_users, int32_t num_items, std::vector<Rating> ratings);

  std::span<const int32_t> Of(int32_t user) const;
  bool Has(int32_t user, int32_t item) const;

 private:
  std::vector<int64_t> begins_;  // num_users + 1, or none
  std::vector<int32_t> items_;
};

// Items' factors as TopItems goes through them: panels of kWidth items, factor after factor. A
// second copy: 4 rank bytes an item.
class ItemPanels {
 public:
  static constexpr int kWidth = 16;

  // `biases` has one of each item, or none.
  ItemPanels(const Factors& items, std::span<const float> biases);

  int64_t items() const { return items_; }
  int rank() const { return rank_; }
  int64_t panels() const { return (items_ + kWidth - 1) / kWidth; }
  // rank x kWidth numbers, then kWidth biases; those beyond the last item are -infinity.
  const float* Panel(int64_t panel) const { return values_.data() + panel * (rank_ + 1) * kWidth; }

 private:
  int64_t items_ = 0;
  int rank_ = 0;
  AlignedVector<float> values_;
};

struct ScoredItem {
  int32_t item = 0;
  float score = 0;

  friend bool operator==(const ScoredItem&, const ScoredItem&) = default;
};

// For each of `users`, rows of `factors`, the `top` items with the highest c_i + w_u.h_i (as
// TrainedModel::Score has it) that are not among its items in `excluded`: best first, of equals the
// first item first; fewer if there are no more. The same for any pool.threads(). top >= 1.
//
// Goes through a panel of items for several users at once while it is in the nearest cache, and
// keeps a heap of `top` items a user: O(users items rank) and no matrix of users x items.
std::vector<std::vector<ScoredItem>> TopItems(const Factors& factors,
                                              std::span<const int32_t> users,
                                              const ItemPanels& panels,
                                              int top,
                                              const ItemsOfUsers& excluded,
                                              ThreadPool& pool);

}  // namespace strads::mf
