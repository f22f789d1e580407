#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <span>

#include "apps/mf/ccd.h"
#include "apps/mf/columns.h"

namespace strads::mf {

// Implicit feedback (Hu, Koren, Volinsky, ICDM 2008), over all cells of the matrix:
//
//   sum over u, i of c_ui (p_ui - w_u.h_i)^2 + sum_u p_u |w_u|^2 + sum_i q_i |h_i|^2
//
// with c = 1 + alpha r and p = 1 for observed cells, c = 1 and p = 0 for others. Column by column
// as ccd.h does: a column's exact solution needs sums over observed cells (CcdShard::Implicit) and,
// for all others together, the inner products of the other side's columns (He, Zhang, Kan, Chua,
// SIGIR 2016). No k x k matrix per row is ever made or sent.

// G_kt = sum over rows of x_k x_t for all k, in double: O(rows rank). Over workers, add them.
Eigen::VectorXd GramColumn(const Columns& x, int t);
// Columns t and u of G, rank x 2, in little more time than one of them takes.
using GramPair = Eigen::Matrix<double, Eigen::Dynamic, 2>;
GramPair GramColumns(const Columns& x, int t, int u);
// All of them: O(rows rank^2), half of it by symmetry. The same bytes as of columns one by one.
Eigen::MatrixXd Gram(const Columns& x);

// What cells that are not observed add to column t of x; gram_column is that of the other side.
// O(rows rank).
AllCells OverAllCells(const Columns& x, const Eigen::VectorXd& gram_column, int t);

// sum over all u, i of (w_u.h_i)^2 from W'W and H'H: the objective is this, the CcdShard::Loss of
// all workers and the penalties.
double AllCellsLoss(const Eigen::MatrixXd& user_gram, const Eigen::MatrixXd& item_gram);

}  // namespace strads::mf
