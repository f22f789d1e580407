#include "apps/mf/sgd_kernel.h"

#include <strads/vector_clones.h>

#include <algorithm>
#include <cmath>
#include <cstring>

namespace strads::mf {
namespace {

using Vec8 = float __attribute__((vector_size(32)));
using Vec4 = float __attribute__((vector_size(16)));

#define STRADS_INLINE inline __attribute__((always_inline))

// A cell as the inner loop wants it: plain pointers and constants.
struct Cell {
  const CellRating* ratings;
  int64_t count;
  float* w;
  float* h;
  SgdState* users;
  SgdState* items;
  float* user_bias_sums;
  float* item_bias_sums;
  float* scratch;  // two rows of zeros
  int stride;
  float slow_weight;  // 1 / how many factors the slow sum is for
  float fast_weight;  // likewise the fast sum's; 0 if there are none
  SgdStep step;
};

STRADS_INLINE void Load(const float* from, Vec8& to) { std::memcpy(&to, from, sizeof to); }
STRADS_INLINE void Store(const Vec8& from, float* to) { std::memcpy(to, &from, sizeof from); }

static_assert(sizeof(SgdState) == sizeof(Vec4));

STRADS_INLINE void Load(const SgdState* user, const SgdState* item, Vec8& both) {
  Vec4 low, high;
  std::memcpy(&low, &user->slow, sizeof low);
  std::memcpy(&high, &item->slow, sizeof high);
  both = __builtin_shufflevector(low, high, 0, 1, 2, 3, 4, 5, 6, 7);
}

STRADS_INLINE void Store(const Vec8& both, SgdState* user, SgdState* item) {
  const Vec4 low = __builtin_shufflevector(both, both, 0, 1, 2, 3);
  const Vec4 high = __builtin_shufflevector(both, both, 4, 5, 6, 7);
  std::memcpy(&user->slow, &low, sizeof low);
  std::memcpy(&item->slow, &high, sizeof high);
}

// Sums of lanes 0 to 3 of a, b, c and d, and behind them those of lanes 4 to 7.
STRADS_INLINE void SumHalves(
    const Vec8& a, const Vec8& b, const Vec8& c, const Vec8& d, Vec8& sums) {
  const Vec8 ab = __builtin_shufflevector(a, b, 0, 2, 8, 10, 4, 6, 12, 14) +
                  __builtin_shufflevector(a, b, 1, 3, 9, 11, 5, 7, 13, 15);
  const Vec8 cd = __builtin_shufflevector(c, d, 0, 2, 8, 10, 4, 6, 12, 14) +
                  __builtin_shufflevector(c, d, 1, 3, 9, 11, 5, 7, 13, 15);
  sums = __builtin_shufflevector(ab, cd, 0, 2, 8, 10, 4, 6, 12, 14) +
         __builtin_shufflevector(ab, cd, 1, 3, 9, 11, 5, 7, 13, 15);
}

STRADS_INLINE void SwapHalves(const Vec8& x, Vec8& swapped) {
  swapped = __builtin_shufflevector(x, x, 4, 5, 6, 7, 0, 1, 2, 3);
}

STRADS_INLINE void Root(Vec8& x) {
#if defined(__SSE__)
  const Vec4 low = __builtin_ia32_sqrtps(__builtin_shufflevector(x, x, 0, 1, 2, 3));
  const Vec4 high = __builtin_ia32_sqrtps(__builtin_shufflevector(x, x, 4, 5, 6, 7));
  x = __builtin_shufflevector(low, high, 0, 1, 2, 3, 4, 5, 6, 7);
#else
  for (int i = 0; i < kLanes; ++i) x[i] = std::sqrt(x[i]);
#endif
}

STRADS_INLINE void Positive(Vec8& x) { x = x > 0 ? x : Vec8{}; }

STRADS_INLINE void MoveBias(float e, float rate, SgdState& state, float& sum) {
  const float gradient = e - state.decay * state.bias;
  state.bias += rate / std::sqrt(sum) * gradient;
  sum += gradient * gradient;
}

// One rating with what it is about.
struct Work {
  float* w;
  float* h;
  SgdState* user;
  SgdState* item;
  float value;
};

STRADS_INLINE void Find(const Cell& cell, const CellRating& rating, int vectors, Work& work) {
  work = {.w = cell.w + int64_t{rating.user} * vectors * kLanes,
          .h = cell.h + int64_t{rating.item} * vectors * kLanes,
          .user = cell.users + rating.user,
          .item = cell.items + rating.item,
          .value = rating.value};
}

// The products of a rating's rows, lane by lane: of the first kLanes factors and of the others.
struct Products {
  Vec8 wh_slow, wh_fast, ww_slow, ww_fast, hh_slow, hh_fast;
};

// Of vector v.
STRADS_INLINE void Multiply(const Work& work, int v, Vec8& wh, Vec8& ww, Vec8& hh) {
  Vec8 w, h;
  Load(work.w + v * kLanes, w);
  Load(work.h + v * kLanes, h);
  wh = w * h;
  ww = w * w;
  hh = h * h;
}

STRADS_INLINE void Begin(const Work& work, int vectors, Products& products) {
  Multiply(work, 0, products.wh_slow, products.ww_slow, products.hh_slow);
  if (vectors > 1)
    Multiply(work, 1, products.wh_fast, products.ww_fast, products.hh_fast);
  else
    products.wh_fast = products.ww_fast = products.hh_fast = Vec8{};
}

STRADS_INLINE void Add(const Work& work, int v, Products& products) {
  Vec8 wh, ww, hh;
  Multiply(work, v, wh, ww, hh);
  products.wh_fast += wh;
  products.ww_fast += ww;
  products.hh_fast += hh;
}

// How rows move: w to keep_w w + add_w h, and h to keep_h h + add_h w; a number in all lanes.
struct Moves {
  Vec8 keep_w, add_w, keep_h, add_h;
};

// Lane of both halves, in all lanes of its half.
template <int Lane>
STRADS_INLINE void Spread(const Vec8& x, Vec8& spread) {
  spread =
      __builtin_shufflevector(x, x, Lane, Lane, Lane, Lane, Lane + 4, Lane + 4, Lane + 4, Lane + 4);
}
template <int Lane>
STRADS_INLINE void Spread(const Moves& x, Moves& spread) {
  Spread<Lane>(x.keep_w, spread.keep_w);
  Spread<Lane>(x.add_w, spread.add_w);
  Spread<Lane>(x.keep_h, spread.keep_h);
  Spread<Lane>(x.add_h, spread.add_h);
}

// Once the low half, and once the high half.
STRADS_INLINE void Split(const Vec8& x, Vec8& low, Vec8& high) {
  low = __builtin_shufflevector(x, x, 0, 1, 2, 3, 0, 1, 2, 3);
  high = __builtin_shufflevector(x, x, 4, 5, 6, 7, 4, 5, 6, 7);
}

template <bool Nonnegative>
STRADS_INLINE void Move(const Work& work, int v, const Moves& moves) {
  Vec8 w, h;
  Load(work.w + v * kLanes, w);
  Load(work.h + v * kLanes, h);
  Vec8 w_new = moves.keep_w * w + moves.add_w * h;
  Vec8 h_new = moves.keep_h * h + moves.add_h * w;
  if constexpr (Nonnegative) {
    Positive(w_new);
    Positive(h_new);
  }
  Store(w_new, work.w + v * kLanes);
  Store(h_new, work.h + v * kLanes);
}

// What all ratings of a cell have in common, in the order of RunTwo's lanes.
struct Constants {
  Vec8 rates;
  Vec8 weights;
  float mean;
};

// Does two ratings at once that have no row in common, so that neither waits for the other: the
// same as one after the other. Lanes are slow and fast of one rating and of another, first of their
// users, then of their items. Returns e of one in lanes 0 and 1, of the other in 2 and 3.
template <bool Nonnegative>
STRADS_INLINE void RunTwo(
    const Constants& constants, const Work& one, const Work& two, int vectors, Vec8& e) {
  Products p, q;
  Begin(one, vectors, p);
  Begin(two, vectors, q);
  for (int v = 2; v < vectors; ++v) {
    Add(one, v, p);
    Add(two, v, q);
  }
  Vec8 cross, other, of_users, of_items;
  SumHalves(p.wh_slow, p.wh_fast, q.wh_slow, q.wh_fast, cross);
  SwapHalves(cross, other);
  cross += other;
  SumHalves(p.ww_slow, p.ww_fast, q.ww_slow, q.ww_fast, of_users);
  SumHalves(p.hh_slow, p.hh_fast, q.hh_slow, q.hh_fast, of_items);
  const Vec8 own = __builtin_shufflevector(of_users, of_items, 0, 1, 2, 3, 8, 9, 10, 11) +
                   __builtin_shufflevector(of_users, of_items, 4, 5, 6, 7, 12, 13, 14, 15);
  SwapHalves(own, other);

  Vec8 first, second;
  Load(one.user, one.item, first);
  Load(two.user, two.item, second);
  Vec8 sums = __builtin_shufflevector(first, second, 0, 1, 8, 9, 4, 5, 12, 13);
  const Vec8 decay = __builtin_shufflevector(first, second, 3, 3, 11, 11, 7, 7, 15, 15);
  const Vec8 bias = __builtin_shufflevector(first, second, 2, 2, 10, 10, 6, 6, 14, 14);
  Vec8 other_bias;
  SwapHalves(bias, other_bias);
  const Vec8 value = {one.value, one.value, two.value, two.value,
                      one.value, one.value, two.value, two.value};
  e = value - constants.mean - (bias + other_bias) -
      (cross + __builtin_shufflevector(cross, cross, 1, 0, 3, 2, 5, 4, 7, 6));

  Vec8 steps = sums;
  Root(steps);
  steps = constants.rates / steps;
  const Vec8 keep = 1 - steps * decay, add = steps * e;
  Moves all, of_one, of_two;
  Split(keep, all.keep_w, all.keep_h);
  Split(add, all.add_w, all.add_h);
  Spread<0>(all, of_one);
  Spread<2>(all, of_two);
  Move<Nonnegative>(one, 0, of_one);
  Move<Nonnegative>(two, 0, of_two);
  Spread<1>(all, of_one);
  Spread<3>(all, of_two);
  for (int v = 1; v < vectors; ++v) {
    Move<Nonnegative>(one, v, of_one);
    Move<Nonnegative>(two, v, of_two);
  }

  // |decay w - e h|^2 from the products of the old rows.
  const Vec8 squared = decay * decay * own - 2 * e * decay * cross + e * e * other;
  sums += constants.weights * (squared > 0 ? squared : Vec8{});
  Store(__builtin_shufflevector(first, sums, 8, 9, 2, 3, 12, 13, 6, 7), one.user, one.item);
  Store(__builtin_shufflevector(second, sums, 10, 11, 2, 3, 14, 15, 6, 7), two.user, two.item);
}

STRADS_INLINE void MoveBiases(const Cell& cell, const CellRating& rating, float e) {
  const int user = rating.user, item = rating.item;
  MoveBias(e, cell.step.bias_rate, cell.users[user], cell.user_bias_sums[user]);
  MoveBias(e, cell.step.bias_rate, cell.items[item], cell.item_bias_sums[item]);
}

STRADS_INLINE double Square(float e) { return static_cast<double>(e) * static_cast<double>(e); }

// The cell is a copy, so that nothing that is stored can change it.
template <bool Nonnegative>
STRADS_INLINE double Run(const Cell cell) {
  const int vectors = cell.stride / kLanes;
  const float slow = cell.step.rate, fast = cell.step.slow_only ? 0 : cell.step.rate;
  const float slow_weight = cell.slow_weight;
  const float fast_weight = cell.step.slow_only ? 0 : cell.fast_weight;
  const Constants constants = {.rates = {slow, fast, slow, fast, slow, fast, slow, fast},
                               .weights = {slow_weight, fast_weight, slow_weight, fast_weight,
                                           slow_weight, fast_weight, slow_weight, fast_weight},
                               .mean = cell.step.mean};
  // A rating that is predicted exactly, from rows of zeros: nothing comes of it.
  SgdState nothing[2] = {{1, 1, 0, 0}, {1, 1, 0, 0}};
  const Work none = {.w = cell.scratch,
                     .h = cell.scratch + cell.stride,
                     .user = &nothing[0],
                     .item = &nothing[1],
                     .value = cell.step.mean};
  double squares = 0;
  for (int64_t n = 0; n < cell.count; n += 2) {
    Work one, two = none;
    Vec8 e;
    Find(cell, cell.ratings[n], vectors, one);
    const bool is_pair = n + 1 < cell.count;
    if (is_pair) Find(cell, cell.ratings[n + 1], vectors, two);
    if (one.w == two.w || one.h == two.h) {
      RunTwo<Nonnegative>(constants, one, none, vectors, e);
      if (cell.step.biases) MoveBiases(cell, cell.ratings[n], e[0]);
      squares += Square(e[0]);
      RunTwo<Nonnegative>(constants, two, none, vectors, e);
      if (cell.step.biases) MoveBiases(cell, cell.ratings[n + 1], e[0]);
      squares += Square(e[0]);
      continue;
    }
    RunTwo<Nonnegative>(constants, one, two, vectors, e);
    if (cell.step.biases) {
      MoveBiases(cell, cell.ratings[n], e[0]);
      if (is_pair) MoveBiases(cell, cell.ratings[n + 1], e[2]);
    }
    squares += Square(e[0]) + Square(e[2]);
  }
  return squares;
}

STRADS_VECTOR_CLONES double RunCell(const Cell& cell) {
  return cell.step.nonnegative ? Run<true>(cell) : Run<false>(cell);
}

}  // namespace

double SgdCell(std::span<const CellRating> ratings,
               int64_t first_user,
               int64_t first_item,
               const SgdStep& step,
               SgdRows& users,
               SgdRows& items) {
  const int rank = users.factors.rank();
  AlignedVector<float> scratch(static_cast<size_t>(2 * users.factors.stride()), 0.0F);
  return RunCell({.ratings = ratings.data(),
                  .count = std::ssize(ratings),
                  .w = users.factors.At(first_user),
                  .h = items.factors.At(first_item),
                  .users = users.state.data() + first_user,
                  .items = items.state.data() + first_item,
                  .user_bias_sums = users.bias_sums.data() + first_user,
                  .item_bias_sums = items.bias_sums.data() + first_item,
                  .scratch = scratch.data(),
                  .stride = users.factors.stride(),
                  .slow_weight = 1 / static_cast<float>(std::min(rank, kLanes)),
                  .fast_weight = rank > kLanes ? 1 / static_cast<float>(rank - kLanes) : 0,
                  .step = step});
}

}  // namespace strads::mf
