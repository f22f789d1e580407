#include "strads/linear_decision.h"

#include "strads/parallel.h"

namespace strads {

std::vector<double> LinearDecision::AllValues(const RowMatrix& x, ThreadPool& pool) const {
  constexpr int64_t kGrain = 256;  // rows
  const auto count = static_cast<size_t>(num_values());
  std::vector<double> values(static_cast<size_t>(x.num_rows()) * count);
  pool.ParallelFor(
      x.num_rows(),
      [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i)
          Values(x, i, std::span(values).subspan(static_cast<size_t>(i) * count, count));
      },
      kGrain);
  return values;
}

std::vector<int32_t> LinearDecision::Classes(std::span<const double> values) const {
  const auto count = static_cast<size_t>(num_values());
  std::vector<int32_t> classes(values.size() / count);
  for (size_t i = 0; i < classes.size(); ++i)
    classes[i] = ClassOf(values.subspan(i * count, count));
  return classes;
}

}  // namespace strads
