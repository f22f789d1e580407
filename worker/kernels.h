#pragma once

#include <cstdint>
#include <span>

// The inner loops over one column. Each sums in an order fixed by its source, whatever vector
// instructions the machine has. x and r do not overlap.
namespace strads::kernels {

// sum_i x_i r_i over n values: lane i mod 16 takes x_i r_i, then the lanes are added in pairs.
double DenseDot(const double* x, const double* r, int64_t n);

// The same, and has the n values at `next` fetched from memory meanwhile.
double DenseDotAhead(const double* x, const double* r, int64_t n, const double* next);

// r += scale x.
void DenseAxpy(double scale, const double* x, double* r, int64_t n);

// Four of these one after the other: r += scales_0 x_0, then r += scales_1 x_1, and so on.
void DenseAxpy4(const double* scales, const double* const* x, double* r, int64_t n);

// DenseAxpy that returns the change of 1/2 |r|^2.
double DenseAxpyTracked(double scale, const double* x, double* r, int64_t n);

// sum_k values_k r[rows_k] over n entries: sum k mod 4 takes entry k.
double SparseDot(const int32_t* rows, const double* values, int64_t n, const double* r);

// The same of each of these columns of a matrix, whose column j has the entries starts[j] up to
// starts[j + 1]: without a call for each.
void SparseDots(const int64_t* starts,
                const int32_t* rows,
                const double* values,
                std::span<const int32_t> columns,
                const double* r,
                double* dots);

// r[rows_k] += scale values_k; rows are distinct.
void SparseAxpy(double scale, const int32_t* rows, const double* values, int64_t n, double* r);

// SparseAxpy that returns the change of 1/2 |r|^2.
double SparseAxpyTracked(
    double scale, const int32_t* rows, const double* values, int64_t n, double* r);

}  // namespace strads::kernels
