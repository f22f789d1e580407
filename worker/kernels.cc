#include "worker/kernels.h"

#include <strads/vector_clones.h>

#include <algorithm>

namespace strads::kernels {
namespace {

constexpr int kLanes = 16;

inline __attribute__((always_inline)) double SumLanes(double* lanes) {
  for (int width = kLanes / 2; width > 0; width /= 2) {
    for (int k = 0; k < width; ++k) lanes[k] += lanes[k + width];
  }
  return lanes[0];
}

// The entries beyond a multiple of four are added without a branch, which short columns would make
// the processor guess wrong: those that there are not count 0 times the last one.
inline __attribute__((always_inline)) double DotOfEntries(const int32_t* rows,
                                                          const double* values,
                                                          int64_t n,
                                                          const double* r) {
  static constexpr double kHasSecond[4] = {0, 0, 1, 1}, kHasThird[4] = {0, 0, 0, 1};
  double s0 = 0, s1 = 0, s2 = 0, s3 = 0;
  int64_t k = 0;
  for (; k + 4 <= n; k += 4) {
    s0 += values[k] * r[rows[k]];
    s1 += values[k + 1] * r[rows[k + 1]];
    s2 += values[k + 2] * r[rows[k + 2]];
    s3 += values[k + 3] * r[rows[k + 3]];
  }
  if (k < n) {
    const int64_t left = n - k, last = n - 1, second = std::min(k + 1, last);
    s0 += values[k] * r[rows[k]];
    s1 += kHasSecond[left] * (values[second] * r[rows[second]]);
    s2 += kHasThird[left] * (values[last] * r[rows[last]]);
  }
  return (s0 + s2) + (s1 + s3);
}

}  // namespace

STRADS_VECTOR_CLONES double DenseDot(const double* x, const double* r, int64_t n) {
  double lanes[kLanes] = {};
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (int k = 0; k < kLanes; ++k) lanes[k] += x[i + k] * r[i + k];
  }
  for (int k = 0; i + k < n; ++k) lanes[k] += x[i + k] * r[i + k];
  return SumLanes(lanes);
}

STRADS_VECTOR_CLONES double DenseDotAhead(const double* x,
                                          const double* r,
                                          int64_t n,
                                          const double* next) {
  constexpr int kLine = 64 / sizeof(double);
  double lanes[kLanes] = {};
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    __builtin_prefetch(next + i);
    __builtin_prefetch(next + i + kLine);
    for (int k = 0; k < kLanes; ++k) lanes[k] += x[i + k] * r[i + k];
  }
  for (int k = 0; i + k < n; ++k) lanes[k] += x[i + k] * r[i + k];
  return SumLanes(lanes);
}

STRADS_VECTOR_CLONES void DenseAxpy(double scale,
                                    const double* __restrict x,
                                    double* __restrict r,
                                    int64_t n) {
  for (int64_t i = 0; i < n; ++i) r[i] += scale * x[i];
}

STRADS_VECTOR_CLONES void DenseAxpy4(const double* scales,
                                     const double* const* x,
                                     double* __restrict r,
                                     int64_t n) {
  const double* const __restrict a = x[0], * const __restrict b = x[1];
  const double* const __restrict c = x[2], * const __restrict d = x[3];
  const double s = scales[0], t = scales[1], u = scales[2], v = scales[3];
  for (int64_t i = 0; i < n; ++i) r[i] = (((r[i] + s * a[i]) + t * b[i]) + u * c[i]) + v * d[i];
}

STRADS_VECTOR_CLONES double DenseAxpyTracked(double scale,
                                             const double* __restrict x,
                                             double* __restrict r,
                                             int64_t n) {
  double lanes[kLanes] = {};
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (int k = 0; k < kLanes; ++k) {
      const double before = r[i + k], after = before + scale * x[i + k];
      r[i + k] = after;
      lanes[k] += (after - before) * (after + before);
    }
  }
  for (int k = 0; i + k < n; ++k) {
    const double before = r[i + k], after = before + scale * x[i + k];
    r[i + k] = after;
    lanes[k] += (after - before) * (after + before);
  }
  return SumLanes(lanes) / 2;
}

double SparseDot(const int32_t* rows, const double* values, int64_t n, const double* r) {
  return DotOfEntries(rows, values, n, r);
}

void SparseDots(const int64_t* starts,
                const int32_t* rows,
                const double* values,
                std::span<const int32_t> columns,
                const double* r,
                double* dots) {
  for (std::size_t c = 0; c < columns.size(); ++c) {
    const int64_t begin = starts[columns[c]], end = starts[columns[c] + 1];
    dots[c] = DotOfEntries(rows + begin, values + begin, end - begin, r);
  }
}

void SparseAxpy(double scale, const int32_t* rows, const double* values, int64_t n, double* r) {
  for (int64_t k = 0; k < n; ++k) r[rows[k]] += scale * values[k];
}

double SparseAxpyTracked(
    double scale, const int32_t* rows, const double* values, int64_t n, double* r) {
  double sums[2] = {};
  for (int64_t k = 0; k < n; ++k) {
    const double before = r[rows[k]], after = before + scale * values[k];
    r[rows[k]] = after;
    sums[k % 2] += (after - before) * (after + before);
  }
  return (sums[0] + sums[1]) / 2;
}

}  // namespace strads::kernels
