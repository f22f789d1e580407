#include "strads/dependency_filter.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

#include "strads/error.h"
#include "strads/independent_set.h"

namespace strads {
namespace {

int64_t PairsOf(size_t columns) {
  const auto n = static_cast<int64_t>(columns);
  return n * (n - 1) / 2;
}

// 1 / |x_j|; 0 for a zero column; not a number for a norm that is none.
double InverseNorm(double squared_norm) {
  if (squared_norm == 0) return 0;
  return std::isfinite(squared_norm) ? 1 / std::sqrt(squared_norm) : std::nan("");
}

float SafeCosine(double cosine) {
  return std::isfinite(cosine) ? static_cast<float>(std::clamp(cosine, -1.0, 1.0)) : 1.0f;
}

void CheckAnswer(const DependencyFilter::Probe& probe,
                 std::span<const double> gram,
                 std::span<const double> squared_norms) {
  if (std::ssize(gram) != NumPairs(probe)) {
    throw std::logic_error(std::to_string(gram.size()) + " couplings, expected the " +
                           std::to_string(NumPairs(probe)) + " of the probe");
  }
  for (const int32_t j : probe.columns) {
    if (j < 0 || j >= std::ssize(squared_norms)) {
      throw std::logic_error("no squared norm of column " + std::to_string(j));
    }
  }
}

}  // namespace

DependencyFilter::DependencyFilter(double max_coupling, size_t max_cached_pairs)
    : max_coupling_(max_coupling), cache_(max_cached_pairs) {
  if (!(max_coupling >= 0)) {
    throw UsageError("max_coupling is " + std::to_string(max_coupling) + ", expected at least 0");
  }
}

DependencyFilter::Probe DependencyFilter::MakeProbe(std::span<const int32_t> candidates) {
  Probe probe;
  probe.columns.reserve(candidates.size());
  std::vector<int32_t> others;
  for (const int32_t j : candidates) {
    const bool is_known = !CanCouple() || std::ranges::all_of(probe.columns, [&](int32_t k) {
      return cache_.Find(j, k).has_value();
    });
    (is_known ? probe.columns : others).push_back(j);
  }
  probe.num_known = static_cast<int32_t>(probe.columns.size());
  statistics_.pairs_asked += PairsOf(candidates.size());
  statistics_.pairs_known += PairsOf(probe.columns.size());
  probe.columns.insert(probe.columns.end(), others.begin(), others.end());
  return probe;
}

void DependencyFilter::Learn(const Probe& probe,
                             std::span<const double> gram,
                             std::span<const double> squared_norms) {
  CheckAnswer(probe, gram, squared_norms);
  std::vector<double> inverse_norms;
  for (const int32_t j : probe.columns) {
    inverse_norms.push_back(InverseNorm(squared_norms[static_cast<size_t>(j)]));
  }
  size_t next = 0;
  for (size_t b = static_cast<size_t>(probe.num_known); b < probe.columns.size(); ++b) {
    for (size_t a = 0; a < b; ++a) {
      const double cosine = gram[next++] * inverse_norms[a] * inverse_norms[b];
      cache_.Store(probe.columns[a], probe.columns[b], SafeCosine(cosine));
    }
  }
}

std::vector<int32_t> DependencyFilter::Keep(std::span<const int32_t> candidates,
                                            int parallelism) const {
  // A coupling is at most 1, which is what is known of an unknown one.
  return IndependentSet(candidates, parallelism, max_coupling_, [&](int32_t j, int32_t k) {
    return double{cache_.Find(j, k).value_or(1.0f)};
  });
}

int64_t NumPairs(const DependencyFilter::Probe& probe) {
  return PairsOf(probe.columns.size()) - PairsOf(static_cast<size_t>(probe.num_known));
}

}  // namespace strads
