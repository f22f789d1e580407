#include "worker/panels.h"

#include <strads/vector_clones.h>

#include <algorithm>
#include <vector>

#include "strads/aligned_vector.h"
#include "strads/parallel.h"

namespace strads::kernels {
namespace {

constexpr int kHalf = kPanelColumns / 2;
// Panels that are multiplied with as many others by one thread: they stay in its cache. Fewer where
// threads would have less than so many tiles each.
constexpr int64_t kTile = 8, kTilesOfThread = 4;
constexpr int64_t kStep = 256;  // rows of a panel: two of them fit into the first cache
constexpr int64_t kBatchBytes = 4 << 20;

// A row of half a panel.
using Vec __attribute__((vector_size(kHalf * sizeof(double)), aligned(sizeof(double)), may_alias)) =
    double;

inline __attribute__((always_inline)) const Vec& At(const double* from) {
  return *reinterpret_cast<const Vec*>(from);
}
inline __attribute__((always_inline)) Vec& At(double* from) {
  return *reinterpret_cast<Vec*>(from);
}

// For four columns of a: eight sums that fit into the registers.
inline __attribute__((always_inline)) void MultiplyHalf(const double* a,
                                                        const double* b,
                                                        int64_t n,
                                                        double* products) {
  Vec sums[kHalf][2] = {};
  for (int64_t k = 0; k < n; ++k, a += kPanelColumns, b += kPanelColumns) {
    const Vec left = At(b), right = At(b + kHalf);
    for (int i = 0; i < kHalf; ++i) {
      const Vec scale = {a[i], a[i], a[i], a[i]};
      sums[i][0] += scale * left;
      sums[i][1] += scale * right;
    }
  }
  for (int i = 0; i < kHalf; ++i) {
    At(products + kPanelColumns * i) = sums[i][0];
    At(products + kPanelColumns * i + kHalf) = sums[i][1];
  }
}

}  // namespace

void PackPanel(const double* const* columns, int count, int64_t n, double* panel) {
  if (count < kPanelColumns) std::fill_n(panel, kPanelColumns * n, 0.0);
  for (int c = 0; c < count; ++c) {
    for (int64_t k = 0; k < n; ++k) panel[kPanelColumns * k + c] = columns[c][k];
  }
}

void UnpackPanel(const double* panel, int count, int64_t n, double* const* columns) {
  for (int c = 0; c < count; ++c) {
    for (int64_t k = 0; k < n; ++k) columns[c][k] = panel[kPanelColumns * k + c];
  }
}

STRADS_VECTOR_CLONES void MultiplyPanels(const double* a,
                                         const double* b,
                                         int64_t n,
                                         double* products) {
  MultiplyHalf(a, b, n, products);
  MultiplyHalf(a + kHalf, b, n, products + kPanelColumns * kHalf);
}

STRADS_VECTOR_CLONES void SolvePanel(const double* u, int64_t stride, int64_t n, double* panel) {
  for (int64_t row = 0; row < n; ++row) {
    const double* const column = u + stride * row;
    double* const to = panel + kPanelColumns * row;
    Vec left = At(to), right = At(to + kHalf);
    for (int64_t k = 0; k < row; ++k) {
      const Vec scale = {column[k], column[k], column[k], column[k]};
      left -= scale * At(panel + kPanelColumns * k);
      right -= scale * At(panel + kPanelColumns * k + kHalf);
    }
    const Vec pivot = {column[row], column[row], column[row], column[row]};
    At(to) = left / pivot;
    At(to + kHalf) = right / pivot;
  }
}

namespace {

// `step` rows at a time.
void MultiplyInSteps(const double* panels,
                     int64_t count,
                     int64_t first,
                     int64_t n,
                     int64_t step,
                     ThreadPool& pool,
                     const PairSink& sink) {
  struct Tile {
    int64_t a, b;  // its first panels
  };
  std::vector<Tile> tiles;
  int64_t side = 2 * kTile;
  do {
    side /= 2;
    tiles.clear();
    for (int64_t b = first; b < count; b += side) {
      for (int64_t a = 0; a < std::min(b + side, count); a += side) tiles.push_back({a, b});
    }
  } while (pool.threads() > 1 && side > 1 && std::ssize(tiles) < kTilesOfThread * pool.threads());
  const int64_t size = kPanelColumns * n;
  pool.ParallelFor(std::ssize(tiles), [&](int64_t begin, int64_t end) {
    double products[kPanelColumns * kPanelColumns];
    for (int64_t t = begin; t < end; ++t) {
      const auto [a0, b0] = tiles[static_cast<size_t>(t)];
      for (int64_t row = 0; row < n; row += step) {
        const int64_t rows = std::min(step, n - row);
        const double* const from = panels + kPanelColumns * row;
        for (int64_t b = b0; b < std::min(b0 + side, count); ++b) {
          for (int64_t a = a0; a < std::min(a0 + side, b + 1); ++a) {
            MultiplyPanels(from + size * a, from + size * b, rows, products);
            sink(a, b, products);
          }
        }
      }
    }
  });
}

}  // namespace

void MultiplyPairs(const double* panels,
                   int64_t count,
                   int64_t first,
                   int64_t n,
                   ThreadPool& pool,
                   const PairSink& sink) {
  MultiplyInSteps(panels, count, first, n, n, pool, sink);
}

void PackAndMultiplyPairs(
    int64_t rows,
    int64_t count,
    int64_t first,
    ThreadPool& pool,
    const std::function<void(int64_t p, int64_t row, int64_t n, double* panel)>& pack,
    const PairSink& sink) {
  constexpr int64_t kRowBytes = kPanelColumns * sizeof(double);
  const int64_t steps = kBatchBytes / (kRowBytes * kStep * std::max<int64_t>(1, count));
  const int64_t most = pool.threads() == 1 ? kStep : std::max<int64_t>(1, steps) * kStep;
  const int64_t batch = std::min(rows, most);
  AlignedVector<double> panels(static_cast<size_t>(count * kPanelColumns * batch));
  for (int64_t row = 0; row < rows; row += batch) {
    const int64_t n = std::min(batch, rows - row);
    pool.ParallelFor(count, [&](int64_t begin, int64_t end) {
      for (int64_t p = begin; p < end; ++p) pack(p, row, n, panels.data() + kPanelColumns * n * p);
    });
    MultiplyInSteps(panels.data(), count, first, n, kStep, pool, sink);
  }
}

}  // namespace strads::kernels
