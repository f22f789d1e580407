#pragma once

#include <cstdint>
#include <functional>

namespace strads {
class ThreadPool;
}

// Inner products of many columns at once: eight columns side by side in the order in which they are
// read, a panel. Entry 8 k + c is row k of column c. All sums run by ascending row, each in one
// number: neither threads nor the vector instructions of the machine matter.
namespace strads::kernels {

inline constexpr int kPanelColumns = 8;

// Rows [0, n) of `count` <= 8 columns; what is left of the panel becomes zero.
void PackPanel(const double* const* columns, int count, int64_t n, double* panel);

// The first `count` columns of a panel, back again.
void UnpackPanel(const double* panel, int count, int64_t n, double* const* columns);

// products[8 i + j] = sum over the n rows of a_i b_j.
void MultiplyPanels(const double* a, const double* b, int64_t n, double* products);

// Replaces each column x of the panel by the solution z of U'z = x. U is upper triangular, n x n,
// its columns `stride` apart.
void SolvePanel(const double* u, int64_t stride, int64_t n, double* panel);

// Calls sink(a, b, products of panels a and b, of at most `step` rows) for all a <= b with first <=
// b < count, by ascending row, from the threads of the pool: all of one pair from one thread.
// `panels` are `count` of them in a row, n rows each.
void MultiplyPairs(const double* panels,
                   int64_t count,
                   int64_t first,
                   int64_t n,
                   int64_t step,
                   ThreadPool& pool,
                   const std::function<void(int64_t, int64_t, const double*)>& sink);

// Of `rows` rows in all, how many are packed into `count` panels before pairs are multiplied,
// `step` at a time: those that stay in the cache, for one thread; for more as many as make threads
// worth waking, and fit a cache that is further away.
int64_t RowsOfBatch(int64_t rows, int64_t count, int64_t step, const ThreadPool& pool);

}  // namespace strads::kernels
