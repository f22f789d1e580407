#include "worker/kernels.h"

#include <strads/vector_clones.h>

namespace strads::kernels {
namespace {

constexpr int kLanes = 16;

inline __attribute__((always_inline)) double SumLanes(double* lanes) {
  for (int width = kLanes / 2; width > 0; width /= 2) {
    for (int k = 0; k < width; ++k) lanes[k] += lanes[k + width];
  }
  return lanes[0];
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

STRADS_VECTOR_CLONES void DenseAxpy(double scale,
                                    const double* __restrict x,
                                    double* __restrict r,
                                    int64_t n) {
  for (int64_t i = 0; i < n; ++i) r[i] += scale * x[i];
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
  double sums[4] = {};
  int64_t k = 0;
  for (; k + 4 <= n; k += 4) {
    sums[0] += values[k] * r[rows[k]];
    sums[1] += values[k + 1] * r[rows[k + 1]];
    sums[2] += values[k + 2] * r[rows[k + 2]];
    sums[3] += values[k + 3] * r[rows[k + 3]];
  }
  for (int s = 0; k < n; ++k, ++s) sums[s] += values[k] * r[rows[k]];
  return (sums[0] + sums[2]) + (sums[1] + sums[3]);
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
