#include "apps/mf/sgd_kernel.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "apps/mf/vector_clones.h"

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

STRADS_INLINE void Root(Vec4& x) {
#if defined(__SSE__)
  x = __builtin_ia32_sqrtps(x);
#else
  for (int i = 0; i < 4; ++i) x[i] = std::sqrt(x[i]);
#endif
}

STRADS_INLINE void Positive(Vec8& x) { x = x > 0 ? x : Vec8{}; }

STRADS_INLINE void MoveBias(float e, float rate, float decay, SgdState& state) {
  const float gradient = e - decay * state.bias;
  state.bias += rate / std::sqrt(state.bias_sum) * gradient;
  state.bias_sum += gradient * gradient;
}

// kVectors > 0: the stride in vectors, known when compiled.
template <int kVectors, bool kNonnegative>
STRADS_INLINE double Run(const Cell& cell) {
  const int vectors = kVectors > 0 ? kVectors : cell.stride / kLanes;
  const float fast_rate = cell.step.slow_only ? 0 : cell.step.rate;
  const float fast_weight = cell.step.slow_only ? 0 : cell.fast_weight;
  const Vec4 rates = {cell.step.rate, fast_rate, cell.step.rate, fast_rate};
  const Vec4 weights = {cell.slow_weight, fast_weight, cell.slow_weight, fast_weight};
  double squares = 0;
  for (int64_t n = 0; n < cell.count; ++n) {
    const CellRating& rating = cell.ratings[n];
    float* const w = cell.w + int64_t{rating.user} * vectors * kLanes;
    float* const h = cell.h + int64_t{rating.item} * vectors * kLanes;
    SgdState& user = cell.user_state[rating.user];
    SgdState& item = cell.item_state[rating.item];
    const float user_decay = cell.user_decay[rating.user];
    const float item_decay = cell.item_decay[rating.item];

    Vec8 w0, h0;
    Load(w, w0);
    Load(h, h0);
    const Vec8 wh_slow = w0 * h0, ww_slow = w0 * w0, hh_slow = h0 * h0;
    Vec8 wh_fast = {}, ww_fast = {}, hh_fast = {};
    for (int v = 1; v < vectors; ++v) {
      Load(w + v * kLanes, w0);
      Load(h + v * kLanes, h0);
      wh_fast += w0 * h0;
      ww_fast += w0 * w0;
      hh_fast += h0 * h0;
    }
    Vec4 cross, own;
    SumLanes(wh_slow, wh_fast, wh_slow, wh_fast, cross);
    SumLanes(ww_slow, ww_fast, hh_slow, hh_fast, own);
    const Vec4 other = __builtin_shufflevector(own, own, 2, 3, 0, 1);

    const float e = rating.value - cell.step.mean - user.bias - item.bias - (cross[0] + cross[1]);
    squares += static_cast<double>(e) * static_cast<double>(e);

    Vec4 sums = {user.slow, user.fast, item.slow, item.fast};
    Vec4 steps = sums;
    Root(steps);
    steps = rates / steps;
    const Vec4 decay = {user_decay, user_decay, item_decay, item_decay};
    const Vec4 keep = 1 - steps * decay;
    const Vec4 add = steps * e;

    for (int v = 0; v < vectors; ++v) {
      const int s = v == 0 ? 0 : 1;
      Vec8 wv, hv;
      Load(w + v * kLanes, wv);
      Load(h + v * kLanes, hv);
      Vec8 w_new = keep[s] * wv + add[s] * hv;
      Vec8 h_new = keep[2 + s] * hv + add[2 + s] * wv;
      if constexpr (kNonnegative) {
        Positive(w_new);
        Positive(h_new);
      }
      Store(w_new, w + v * kLanes);
      Store(h_new, h + v * kLanes);
    }

    // |decay w - e h|^2 from the products of the old rows.
    const Vec4 squared = decay * decay * own - (2 * e) * decay * cross + (e * e) * other;
    sums += weights * (squared > 0 ? squared : Vec4{});
    user.slow = sums[0];
    user.fast = sums[1];
    item.slow = sums[2];
    item.fast = sums[3];
    if (cell.step.biases) {
      MoveBias(e, cell.step.bias_rate, user_decay, user);
      MoveBias(e, cell.step.bias_rate, item_decay, item);
    }
  }
  return squares;
}

template <bool kNonnegative>
STRADS_INLINE double RunAny(const Cell& cell) {
  switch (cell.stride / kLanes) {
    case 1:
      return Run<1, kNonnegative>(cell);
    case 2:
      return Run<2, kNonnegative>(cell);
    case 4:
      return Run<4, kNonnegative>(cell);
    case 8:
      return Run<8, kNonnegative>(cell);
    default:
      return Run<0, kNonnegative>(cell);
  }
}

STRADS_VECTOR_CLONES double RunCell(const Cell& cell) {
  return cell.step.nonnegative ? RunAny<true>(cell) : RunAny<false>(cell);
}

}  // namespace

double SgdCell(std::span<const CellRating> ratings,
               int64_t first_user,
               int64_t first_item,
               const SgdStep& step,
               SgdRows& users,
               SgdRows& items) {
  const int rank = users.factors.rank();
  return RunCell({.ratings = ratings.data(),
                  .count = std::ssize(ratings),
                  .w = users.factors.At(first_user),
                  .h = items.factors.At(first_item),
                  .user_state = users.state.data() + first_user,
                  .item_state = items.state.data() + first_item,
                  .user_decay = users.decay.data() + first_user,
                  .item_decay = items.decay.data() + first_item,
                  .stride = users.factors.stride(),
                  .slow_weight = 1 / static_cast<float>(std::min(rank, kLanes)),
                  .fast_weight = rank > kLanes ? 1 / static_cast<float>(rank - kLanes) : 0,
                  .step = step});
}

}  // namespace strads::mf
