#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace strads::svm {

// The dual variables of one row, of K classes: min over a of
//
//   curvature/2 |a|^2 + sum_k b_k a_k   with sum_k a_k = 0 and a_k <= upper_k,
//
// where upper_k is `cost` for k = label and 0 for the others: a_k = min(upper_k, (beta - b_k) /
// curvature), with the beta for which they sum to zero. Writes a; `sorted` is scratch. O(K log K).
void SolveRow(std::span<const double> b,
              int32_t label,
              double cost,
              double curvature,
              std::vector<double>& sorted,
              std::span<double> a);

}  // namespace strads::svm
