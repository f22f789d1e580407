#include "apps/lasso/unit_search.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace strads::lasso {
namespace {

// Units that one thread looks at; few enough that what is noted of them stays in the cache.
constexpr int kBlock = 4096;

// Calls search(block, first, last) for all blocks of units.
template <class Search>
void OverBlocks(int num_units, ThreadPool* pool, const Search& search) {
  const int64_t blocks = (int64_t{num_units} + kBlock - 1) / kBlock;
  const auto range = [&](int64_t begin, int64_t end) {
    for (int64_t block = begin; block < end; ++block) {
      const auto first = static_cast<int>(block * kBlock);
      search(static_cast<size_t>(block), first, std::min(first + kBlock, num_units));
    }
  };
  if (pool == nullptr) {
    range(0, blocks);
  } else {
    pool->ParallelFor(blocks, range, 4);
  }
}

size_t NumBlocks(const Penalty& penalty) {
  return static_cast<size_t>((penalty.num_units() + kBlock - 1) / kBlock);
}

template <class T>
void Append(std::vector<T>& to, const std::vector<T>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

// Those of first .. last - 1 for which `is_one` is true. Every number is written, whether it is one
// or not: no branch.
template <class Test>
size_t Select(int first, int last, std::array<int32_t, kBlock + 1>& selected, const Test& is_one) {
  size_t count = 0;
  for (int u = first; u < last; ++u) {
    selected[count] = u;
    count += static_cast<size_t>(is_one(u));
  }
  return count;
}

// Calls `select` with how steep the loss falls along a single variable of a slope.
template <class F>
size_t WithSteepness(const Penalty& penalty, const F& select) {
  if (penalty.nonnegative()) return select([](double slope) { return std::max(slope, 0.0); });
  return select([](double slope) { return std::abs(slope); });
}

}  // namespace

Violators FindViolators(const Penalty& penalty,
                        const double* b,
                        const double* q,
                        const double* xx,
                        const double* norms,
                        ThreadPool* pool) {
  std::vector<Violators> found(NumBlocks(penalty));
  OverBlocks(penalty.num_units(), pool, [&](size_t block, int first, int last) {
    std::array<int32_t, kBlock + 1> selected;
    size_t count = 0;
    if (const Penalty::Unit* const common = penalty.common_unit()) {
      count = WithSteepness(penalty, [&, l1 = common->l1](auto steepness) {
        return Select(first, last, selected, [=](int u) {
          return static_cast<int>(b[u] != 0) | static_cast<int>(steepness(q[u]) > l1);
        });
      });
    } else {
      count = Select(first, last, selected, [&](int u) {
        const Penalty::Unit unit = penalty.unit(u);
        return unit.count > 1 || b[penalty.Variable(unit.first)] != 0 ||
               penalty.Steepness(unit, q) > unit.l1;
      });
    }
    std::vector<double> change;
    for (size_t i = 0; i < count; ++i) {
      const int u = selected[i];
      const Penalty::Unit unit = penalty.unit(u);
      change.resize(std::max(change.size(), static_cast<size_t>(unit.count)));
      if (!penalty.Change(unit, b, q, xx, change.data())) continue;
      double square = 0;
      for (int32_t k = 0; k < unit.count; ++k) {
        const double by = change[static_cast<size_t>(k)];
        square += by * by * norms[penalty.Variable(unit.first + k)];
      }
      found[block].units.push_back(u);
      found[block].changes.push_back(std::sqrt(square));
    }
  });
  Violators all;
  for (const Violators& of_block : found) {
    Append(all.units, of_block.units);
    Append(all.changes, of_block.changes);
  }
  return all;
}

std::vector<int32_t> FindZeros(const Penalty& penalty,
                               const double* q,
                               double s,
                               double radius,
                               const double* lengths,
                               ThreadPool* pool) {
  std::vector<std::vector<int32_t>> found(NumBlocks(penalty));
  OverBlocks(penalty.num_units(), pool, [&](size_t block, int first, int last) {
    std::array<int32_t, kBlock + 1> selected;
    size_t count = 0;
    if (const Penalty::Unit* const common = penalty.common_unit()) {
      count = WithSteepness(penalty, [&, l1 = common->l1](auto steepness) {
        return Select(first, last, selected,
                      [=](int u) { return s * steepness(q[u]) + radius * lengths[u] < l1; });
      });
    } else {
      count = Select(first, last, selected, [&](int u) {
        const Penalty::Unit unit = penalty.unit(u);
        return s * penalty.Steepness(unit, q) + radius * lengths[u] < unit.l1;
      });
    }
    found[block].assign(selected.begin(), selected.begin() + static_cast<std::ptrdiff_t>(count));
  });
  std::vector<int32_t> all;
  for (const std::vector<int32_t>& of_block : found) Append(all, of_block);
  return all;
}

}  // namespace strads::lasso
