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
  SgdState* user_state;
  SgdState* item_state;
  const float* user_decay;
  const float* item_decay;
  float* scratch;  // two rows of zeros
  int stride;
  float slow_weight;  // 1 / how many factors the slow sum is for
  float fast_weight;  // likewise the fast sum's; 0 if there are none
  SgdStep step;
};

STRADS_INLINE void Load(const float* from, Vec8& to) { std::memcpy(&to, from, sizeof to); }
STRADS_INLINE void Store(const Vec8& from, float* to) { std::memcpy(to, &from, sizeof from); }

// The sums of the lanes of a, b, c and d.
STRADS_INLINE void SumLanes(
    const Vec8& a, const Vec8& b, const Vec8& c, const Vec8& d, Vec4& sums) {
  const Vec8 ab = __builtin_shufflevector(a, b, 0, 2, 8, 10, 4, 6, 12, 14) +
                  __builtin_shufflevector(a, b, 1, 3, 9, 11, 5, 7, 13, 15);
  const Vec8 cd = __builtin_shufflevector(c, d, 0, 2, 8, 10, 4, 6, 12, 14) +
                  __builtin_shufflevector(c, d, 1, 3, 9, 11, 5, 7, 13, 15);
  const Vec8 abcd = __builtin_shufflevector(ab, cd, 0, 2, 8, 10, 4, 6, 12, 14) +
                    __builtin_shufflevector(ab, cd, 1, 3, 9, 11, 5, 7, 13, 15);
  sums = __builtin_shufflevector(abcd, abcd, 0, 1, 2, 3) +
         __builtin_shufflevector(abcd, abcd, 4, 5, 6, 7);
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

STRADS_INLINE void MoveBias(float e, float rate, float decay, SgdState& state) {
  const float gradient = e - decay * state.bias;
  state.bias += rate / std::sqrt(state.bias_sum) * gradient;
  state.bias_sum += gradient * gradient;
}

// One rating with what it is about.
struct Work {
  float* w;
  float* h;
  SgdState* user;
  SgdState* item;
  float user_decay;
  float item_decay;
  float value;
};

STRADS_INLINE void Find(const Cell& cell, const CellRating& rating, int vectors, Work& work) {
  work = {.w = cell.w + int64_t{rating.user} * vectors * kLanes,
          .h = cell.h + int64_t{rating.item} * vectors * kLanes,
          .user = cell.user_state + rating.user,
          .item = cell.item_state + rating.item,
          .user_decay = cell.user_decay[rating.user],
          .item_decay = cell.item_decay[rating.item],
          .value = rating.value};
}

// The products of a rating's rows, lane by lane: of the first kLanes factors and of the others.
struct Products {
  Vec8 wh_slow, wh_fast, ww_slow, ww_fast, hh_slow, hh_fast;
};

STRADS_INLINE void Begin(const Work& work, Products& products) {
  Vec8 w, h;
  Load(work.w, w);
  Load(work.h, h);
  products.wh_slow = w * h;
  products.ww_slow = w * w;
  products.hh_slow = h * h;
  products.wh_fast = products.ww_fast = products.hh_fast = Vec8{};
}

STRADS_INLINE void Add(const Work& work, int v, Products& products) {
  Vec8 w, h;
  Load(work.w + v * kLanes, w);
  Load(work.h + v * kLanes, h);
  products.wh_fast += w * h;
  products.ww_fast += w * w;
  products.hh_fast += h * h;
}

template <bool Nonnegative>
STRADS_INLINE void Move(const Work& work, int v, const Vec8& keep, const Vec8& add, int lane) {
  Vec8 w, h;
  Load(work.w + v * kLanes, w);
  Load(work.h + v * kLanes, h);
  Vec8 w_new = keep[lane] * w + add[lane] * h;
  Vec8 h_new = keep[lane + 2] * h + add[lane + 2] * w;
  if constexpr (Nonnegative) {
    Positive(w_new);
    Positive(h_new);
  }
  Store(w_new, work.w + v * kLanes);
  Store(h_new, work.h + v * kLanes);
}

// What all ratings of a cell have in common; lanes are users slow and fast, items slow and fast, of
// one rating and of another.
struct Constants {
  Vec8 rates;
  Vec8 weights;
  float mean;
  float bias_rate;
  bool biases;
};

// Does two ratings at once that have no row in common, so that neither waits for the other: the
// same as one after the other.
template <bool Nonnegative>
STRADS_INLINE double RunTwo(const Constants& constants,
                            const Work& one,
                            const Work& two,
                            int vectors) {
  Products p, q;
  Begin(one, p);
  Begin(two, q);
  for (int v = 1; v < vectors; ++v) {
    Add(one, v, p);
    Add(two, v, q);
  }
  Vec4 crosses, own_one, own_two;
  SumLanes(p.wh_slow, p.wh_fast, q.wh_slow, q.wh_fast, crosses);
  SumLanes(p.ww_slow, p.ww_fast, p.hh_slow, p.hh_fast, own_one);
  SumLanes(q.ww_slow, q.ww_fast, q.hh_slow, q.hh_fast, own_two);
  const Vec8 cross = __builtin_shufflevector(crosses, crosses, 0, 1, 0, 1, 2, 3, 2, 3);
  const Vec8 own = __builtin_shufflevector(own_one, own_two, 0, 1, 2, 3, 4, 5, 6, 7);
  const Vec8 other = __builtin_shufflevector(own, own, 2, 3, 0, 1, 6, 7, 4, 5);

  const float e1 =
      one.value - constants.mean - one.user->bias - one.item->bias - (crosses[0] + crosses[1]);
  const float e2 =
      two.value - constants.mean - two.user->bias - two.item->bias - (crosses[2] + crosses[3]);
  const Vec8 e = {e1, e1, e1, e1, e2, e2, e2, e2};
  Vec8 sums = {one.user->slow, one.user->fast, one.item->slow, one.item->fast,
               two.user->slow, two.user->fast, two.item->slow, two.item->fast};
  const Vec8 decay = {one.user_decay, one.user_decay, one.item_decay, one.item_decay,
                      two.user_decay, two.user_decay, two.item_decay, two.item_decay};
  Vec8 steps = sums;
  Root(steps);
  steps = constants.rates / steps;
  const Vec8 keep = 1 - steps * decay, add = steps * e;
  Move<Nonnegative>(one, 0, keep, add, 0);
  Move<Nonnegative>(two, 0, keep, add, 4);
  for (int v = 1; v < vectors; ++v) {
    Move<Nonnegative>(one, v, keep, add, 1);
    Move<Nonnegative>(two, v, keep, add, 5);
  }

  // |decay w - e h|^2 from the products of the old rows.
  const Vec8 squared = decay * decay * own - 2 * e * decay * cross + e * e * other;
  sums += constants.weights * (squared > 0 ? squared : Vec8{});
  *one.user = {sums[0], sums[1], one.user->bias_sum, one.user->bias};
  *one.item = {sums[2], sums[3], one.item->bias_sum, one.item->bias};
  *two.user = {sums[4], sums[5], two.user->bias_sum, two.user->bias};
  *two.item = {sums[6], sums[7], two.item->bias_sum, two.item->bias};
  if (constants.biases) {
    MoveBias(e1, constants.bias_rate, one.user_decay, *one.user);
    MoveBias(e1, constants.bias_rate, one.item_decay, *one.item);
    MoveBias(e2, constants.bias_rate, two.user_decay, *two.user);
    MoveBias(e2, constants.bias_rate, two.item_decay, *two.item);
  }
  return static_cast<double>(e1) * static_cast<double>(e1) +
         static_cast<double>(e2) * static_cast<double>(e2);
}

template <bool Nonnegative>
STRADS_INLINE double Run(const Cell& cell) {
  const int vectors = cell.stride / kLanes;
  const float slow = cell.step.rate, fast = cell.step.slow_only ? 0 : cell.step.rate;
  const float slow_weight = cell.slow_weight;
  const float fast_weight = cell.step.slow_only ? 0 : cell.fast_weight;
  const Constants constants = {.rates = {slow, fast, slow, fast, slow, fast, slow, fast},
                               .weights = {slow_weight, fast_weight, slow_weight, fast_weight,
                                           slow_weight, fast_weight, slow_weight, fast_weight},
                               .mean = cell.step.mean,
                               .bias_rate = cell.step.bias_rate,
                               .biases = cell.step.biases};
  // A rating that is predicted exactly, from rows of zeros: nothing comes of it.
  SgdState nothing[2] = {{1, 1, 1, 0}, {1, 1, 1, 0}};
  const Work none = {.w = cell.scratch,
                     .h = cell.scratch + cell.stride,
                     .user = &nothing[0],
                     .item = &nothing[1],
                     .user_decay = 0,
                     .item_decay = 0,
                     .value = cell.step.mean};
  double squares = 0;
  for (int64_t n = 0; n < cell.count; n += 2) {
    Work one, two = none;
    Find(cell, cell.ratings[n], vectors, one);
    if (n + 1 < cell.count) Find(cell, cell.ratings[n + 1], vectors, two);
    if (one.w == two.w || one.h == two.h) {
      squares += RunTwo<Nonnegative>(constants, one, none, vectors);
      one = two;
      two = none;
    }
    squares += RunTwo<Nonnegative>(constants, one, two, vectors);
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
                  .user_state = users.state.data() + first_user,
                  .item_state = items.state.data() + first_item,
                  .user_decay = users.decay.data() + first_user,
                  .item_decay = items.decay.data() + first_item,
                  .scratch = scratch.data(),
                  .stride = users.factors.stride(),
                  .slow_weight = 1 / static_cast<float>(std::min(rank, kLanes)),
                  .fast_weight = rank > kLanes ? 1 / static_cast<float>(rank - kLanes) : 0,
                  .step = step});
}

}  // namespace strads::mf
