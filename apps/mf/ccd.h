#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "apps/mf/residual_rows.h"

namespace strads::mf {

// Coordinate descent column by column (CCD++: Yu, Hsieh, Si, Dhillon, ICDM 2012) on
//
//   sum over ratings of e_ui^2 + sum_u p_u |w_u|^2 + sum_i q_i |h_i|^2,   e = r - (mean + w_u.h_i)
//
// with p_u = q_i = lambda (plain), or lambda by the row's number of ratings (weighted). For a
// column t, every w_ut is put to its best given all else, then every h_it, and so on while that
// pays: CcdShard has the sums, here is what follows from them. A bias b_u is a column w whose h is
// 1 and stays so, c_i a column h whose w is 1.

// p or q of each row.
std::vector<float> RowPenalties(float lambda, bool weighted, std::span<const int64_t> counts);

// sums += more, row by row: those of several workers.
void AddSums(std::span<const RowSums> more, std::span<RowSums> sums);

// Of all cells, not only those observed, with implicit feedback: what they add to a column's
// problem. Empty without.
struct AllCells {
  std::vector<float> cross;  // of each row: sum over other columns k of x_k G_kt
  double gram = 0;           // G_tt
};

// For each row, x = argmin over x of (denominator + gram + penalty) x^2 - 2 (numerator - cross) x,
// over x >= 0 if nonnegative; 0 where the first factor is 0. Returns by how much that lowers the
// objective.
double SolveColumn(std::span<const RowSums> sums,
                   std::span<const float> penalties,
                   const AllCells& all,
                   bool nonnegative,
                   std::span<float> x);

// sum over rows of penalty x^2, of one column.
double Penalty(std::span<const float> penalties, std::span<const float> x);

// Whether a further inner iteration over a column pays: the last one lowered the objective by at
// least this share of the largest decrease that one has brought so far (a rule of libpmf's, which
// takes 1e-3; measured, 0.3 reaches the same objective with fewer passes).
class InnerStop {
 public:
  explicit InnerStop(double share = 0.3) : share_(share) {}
  // Tells the decrease of the inner iteration just done. True if another one pays.
  bool Pays(double decrease);

 private:
  double share_;
  double largest_ = 0;
};

}  // namespace strads::mf
