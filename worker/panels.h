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

using PairSink = std::function<void(int64_t a, int64_t b, const double* products)>;

// Calls sink(a, b, products of panels a and b) for all a <= b with first <= b < count, from the
// threads of the pool. `panels` are `count` of them in a row, n rows each.
void MultiplyPairs(const double* panels,
                   int64_t count,
                   int64_t first,
                   int64_t n,
                   ThreadPool& pool,
                   const PairSink& sink);

// The same of panels of any number of rows, of which pack(p, row, n, panel) puts n of panel p, from
// `row` on, into memory: sink is called for a few hundred rows at a time, by ascending row, and for
// all of one pair from one thread. What is packed stays in a cache, of one thread in its first; for
// more threads it is as much as makes them worth waking.
void PackAndMultiplyPairs(
    int64_t rows,
    int64_t count,
    int64_t first,
    ThreadPool& pool,
    const std::function<void(int64_t p, int64_t row, int64_t n, double* panel)>& pack,
    const PairSink& sink);

}  // namespace strads::kernels
