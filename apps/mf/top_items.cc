#include "apps/mf/top_items.h"

#include <strads/index.h>
#include <strads/ratings.h>
#include <strads/vector_clones.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>

namespace strads::mf {
namespace {

using Vec8 = float __attribute__((vector_size(32)));

constexpr int kQuad = 4;    // users of one call of the kernel: its sums fill the registers
constexpr int kGroup = 32;  // users of one pass over the panels: their rows stay in the cache
constexpr int kHalves = ItemPanels::kWidth / 8;
constexpr float kNever = -std::numeric_limits<float>::infinity();

struct Scores {
  Vec8 of[kQuad][kHalves];
};

inline __attribute__((always_inline)) void Load(const float* from, Vec8& to) {
  std::memcpy(&to, from, sizeof to);
}

// Scores of a panel's items for four users, each sum in the order of the factors. Returns whether
// any is above its user's threshold. Sums have names, and no array, so that they stay in registers.
STRADS_VECTOR_CLONES
bool ScorePanel(const std::array<const float*, kQuad>& w,
                const float* panel,
                int rank,
                const std::array<float, kQuad>& thresholds,
                Scores& scores) {
  static_assert(kQuad == 4 && kHalves == 2);
  Vec8 a0 = {}, a1 = {}, b0 = {}, b1 = {}, c0 = {}, c1 = {}, d0 = {}, d1 = {};
  Vec8 h0, h1;
  const float *const a = w[0], *const b = w[1], *const c = w[2], *const d = w[3];
  for (int64_t t = 0; t < rank; ++t) {
    Load(panel + t * ItemPanels::kWidth, h0);
    Load(panel + t * ItemPanels::kWidth + 8, h1);
    a0 += a[t] * h0;
    a1 += a[t] * h1;
    b0 += b[t] * h0;
    b1 += b[t] * h1;
    c0 += c[t] * h0;
    c1 += c[t] * h1;
    d0 += d[t] * h0;
    d1 += d[t] * h1;
  }
  Load(panel + int64_t{rank} * ItemPanels::kWidth, h0);
  Load(panel + int64_t{rank} * ItemPanels::kWidth + 8, h1);
  scores = {{{h0 + a0, h1 + a1}, {h0 + b0, h1 + b1}, {h0 + c0, h1 + c1}, {h0 + d0, h1 + d1}}};
  const auto above = (scores.of[0][0] > thresholds[0]) | (scores.of[0][1] > thresholds[0]) |
                     (scores.of[1][0] > thresholds[1]) | (scores.of[1][1] > thresholds[1]) |
                     (scores.of[2][0] > thresholds[2]) | (scores.of[2][1] > thresholds[2]) |
                     (scores.of[3][0] > thresholds[3]) | (scores.of[3][1] > thresholds[3]);
  int any = 0;
  for (int lane = 0; lane < 8; ++lane) any |= above[lane];
  return any != 0;
}

// The best items of a user so far.
class Best {
 public:
  void Start(int32_t user, int top) {
    user_ = user;
    top_ = Index(top);
    heap_.clear();
  }

  // What an item's score must exceed; items come in ascending order, so of equals the first is in.
  float threshold() const { return heap_.size() < top_ ? kNever : heap_.front().score; }

  void Offer(ScoredItem candidate, const ItemsOfUsers& excluded) {
    if (!(candidate.score > threshold()) || excluded.Has(user_, candidate.item)) return;
    if (heap_.size() == top_) {
      std::pop_heap(heap_.begin(), heap_.end(), IsBetter);
      heap_.back() = candidate;
    } else {
      heap_.push_back(candidate);
    }
    std::push_heap(heap_.begin(), heap_.end(), IsBetter);
  }

  std::vector<ScoredItem> Take() {
    std::sort_heap(heap_.begin(), heap_.end(), IsBetter);
    return std::move(heap_);
  }

 private:
  // The front of the heap is the worst.
  static bool IsBetter(const ScoredItem& a, const ScoredItem& b) {
    return a.score > b.score || (a.score == b.score && a.item < b.item);
  }

  int32_t user_ = 0;
  size_t top_ = 0;
  std::vector<ScoredItem> heap_;
};

// The users of one pass over the panels.
class Group {
 public:
  Group(const Factors& factors, std::span<const int32_t> users, int top)
      : factors_(factors), users_(users) {
    for (size_t n = 0; n < users.size(); ++n) best_[n].Start(users[n], top);
  }

  void Scan(const ItemPanels& panels, const ItemsOfUsers& excluded) {
    for (int64_t panel = 0; panel < panels.panels(); ++panel) {
      for (size_t first = 0; first < users_.size(); first += kQuad)
        ScanPanel(panels, panel, first, excluded);
    }
  }

  void Take(std::vector<ScoredItem>* to) {
    for (size_t n = 0; n < users_.size(); ++n) to[n] = best_[n].Take();
  }

 private:
  void ScanPanel(const ItemPanels& panels,
                 int64_t panel,
                 size_t first,
                 const ItemsOfUsers& excluded) {
    const size_t count = std::min<size_t>(kQuad, users_.size() - first);
    std::array<const float*, kQuad> rows;
    std::array<float, kQuad> thresholds;
    for (size_t n = 0; n < kQuad; ++n) {
      rows[n] = factors_.At(users_[first + std::min(n, count - 1)]);
      thresholds[n] = n < count ? best_[first + n].threshold() : -kNever;
    }
    Scores scores;
    if (!ScorePanel(rows, panels.Panel(panel), panels.rank(), thresholds, scores)) return;
    const auto item = static_cast<int32_t>(panel * ItemPanels::kWidth);
    for (size_t n = 0; n < count; ++n) {
      for (int j = 0; j < ItemPanels::kWidth; ++j)
        best_[first + n].Offer({item + j, scores.of[n][j / 8][j % 8]}, excluded);
    }
  }

  const Factors& factors_;
  const std::span<const int32_t> users_;
  std::array<Best, kGroup> best_;
};

}  // namespace

ItemsOfUsers::ItemsOfUsers(int32_t num_users, int32_t num_items, std::vector<Rating> ratings)
    : begins_(Index(num_users) + 1) {
  SortRatings(num_users, num_items, ratings);
  items_.reserve(ratings.size());
  int32_t last_user = -1;
  for (const Rating& rating : ratings) {
    if (rating.user == last_user && rating.item == items_.back()) continue;
    last_user = rating.user;
    items_.push_back(rating.item);
    ++begins_[Index(rating.user) + 1];
  }
  for (size_t user = 1; user < begins_.size(); ++user) begins_[user] += begins_[user - 1];
}

std::span<const int32_t> ItemsOfUsers::Of(int32_t user) const {
  if (begins_.empty()) return {};
  const int64_t begin = begins_[Index(user)], end = begins_[Index(user) + 1];
  return std::span(items_).subspan(Index(begin), Index(end - begin));
}

bool ItemsOfUsers::Has(int32_t user, int32_t item) const {
  const std::span<const int32_t> items = Of(user);
  return std::binary_search(items.begin(), items.end(), item);
}

ItemPanels::ItemPanels(const Factors& items, std::span<const float> biases)
    : items_(items.rows()), rank_(items.rank()) {
  values_.resize(Index(panels() * (rank_ + 1) * kWidth), 0.0F);
  for (int64_t place = 0; place < panels() * kWidth; ++place) {
    float* const to = values_.data() + place / kWidth * (rank_ + 1) * kWidth + place % kWidth;
    if (place >= items_) {
      to[int64_t{rank_} * kWidth] = kNever;
      continue;
    }
    const std::span<const float> row = items.Row(place);
    for (int64_t t = 0; t < rank_; ++t) to[t * kWidth] = row[Index(t)];
    to[int64_t{rank_} * kWidth] = biases.empty() ? 0 : biases[Index(place)];
  }
}

std::vector<std::vector<ScoredItem>> TopItems(const Factors& factors,
                                              std::span<const int32_t> users,
                                              const ItemPanels& panels,
                                              int top,
                                              const ItemsOfUsers& excluded,
                                              ThreadPool& pool) {
  std::vector<std::vector<ScoredItem>> lists(users.size());
  const int64_t groups = (std::ssize(users) + kGroup - 1) / kGroup;
  pool.ParallelFor(groups, [&](int64_t begin, int64_t end) {
    for (int64_t g = begin; g < end; ++g) {
      const size_t first = Index(g * kGroup);
      Group group(factors, users.subspan(first, std::min<size_t>(kGroup, users.size() - first)),
                  top);
      group.Scan(panels, excluded);
      group.Take(lists.data() + first);
    }
  });
  return lists;
}

}  // namespace strads::mf
