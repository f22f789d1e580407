#include "apps/mf/ccd.h"

#include <algorithm>

namespace strads::mf {

std::vector<float> RowPenalties(float lambda, bool weighted, std::span<const int64_t> counts) {
  std::vector<float> penalties(counts.size(), lambda);
  if (!weighted) return penalties;
  for (size_t row = 0; row < counts.size(); ++row)
    penalties[row] *= static_cast<float>(counts[row]);
  return penalties;
}

void AddSums(std::span<const RowSums> more, std::span<RowSums> sums) {
  for (size_t row = 0; row < sums.size(); ++row) {
    sums[row].numerator += more[row].numerator;
    sums[row].denominator += more[row].denominator;
  }
}

double SolveColumn(std::span<const RowSums> sums,
                   std::span<const float> penalties,
                   const AllCells& all,
                   bool nonnegative,
                   std::span<float> x) {
  double decrease = 0;
  for (size_t row = 0; row < x.size(); ++row) {
    const double a = static_cast<double>(sums[row].denominator) + all.gram + penalties[row];
    const double b = all.cross.empty() ? static_cast<double>(sums[row].numerator)
                                       : static_cast<double>(sums[row].numerator) - all.cross[row];
    double best = a > 0 ? b / a : 0;
    if (nonnegative) best = std::max(0.0, best);
    const double before = x[row];
    x[row] = static_cast<float>(best);
    const double after = x[row];
    decrease += (before - after) * (a * (before + after) - 2 * b);
  }
  return decrease;
}

double Penalty(std::span<const float> penalties, std::span<const float> x) {
  double sum = 0;
  for (size_t row = 0; row < x.size(); ++row)
    sum += static_cast<double>(penalties[row]) * x[row] * x[row];
  return sum;
}

bool InnerStop::Pays(double decrease) {
  largest_ = std::max(largest_, decrease);
  return decrease > share_ * largest_;
}

}  // namespace strads::mf
