#include "strads/dependency_filter.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <utility>

#include "strads/error.h"

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

DependencyFilter::DependencyFilter(double max_coupling, int32_t max_cached_variables)
    : max_coupling_(max_coupling), cache_(max_cached_variables) {
  if (!(max_coupling >= 0)) {
    throw UsageError("max_coupling is " + std::to_string(max_coupling) + ", expected at least 0");
  }
}

DependencyFilter::Probe DependencyFilter::MakeProbe(std::span<const int32_t> candidates) {
  Probe probe;
  probe.columns.reserve(candidates.size());
  std::vector<int32_t> places;  // of probe.columns
  std::vector<int32_t> others;
  cache_.BeginGroup();
  for (const int32_t j : candidates) {
    if (!CanCouple()) {
      probe.columns.push_back(j);
      continue;
    }
    const int32_t place = cache_.Touch(j);
    const bool is_known =
        std::ranges::all_of(places, [&](int32_t other) { return cache_.IsKnown(place, other); });
    (is_known ? probe.columns : others).push_back(j);
    if (is_known) places.push_back(place);
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
  std::vector<int32_t> coupled_pairs;
  size_t next = 0;
  for (size_t b = static_cast<size_t>(probe.num_known); b < probe.columns.size(); ++b) {
    for (size_t a = 0; a < b; ++a, ++next) {
      const double cosine = gram[next] * inverse_norms[a] * inverse_norms[b];
      if (!(std::abs(cosine) < max_coupling_)) coupled_pairs.push_back(static_cast<int32_t>(next));
    }
  }
  LearnCoupled(probe, coupled_pairs);
}

void DependencyFilter::LearnCoupled(const Probe& probe, std::span<const int32_t> coupled_pairs) {
  int32_t last = -1;
  for (const int32_t pair : coupled_pairs) {
    if (pair <= std::exchange(last, pair) || pair >= NumPairs(probe)) {
      throw std::logic_error("pair " + std::to_string(pair) +
                             ": expected ascending numbers below the " +
                             std::to_string(NumPairs(probe)) + " of the probe");
    }
  }
  std::vector<int32_t> places;
  cache_.BeginGroup();
  for (const int32_t j : probe.columns) places.push_back(cache_.Touch(j));
  // A probe of more variables than the cache holds loses its first ones again.
  for (size_t i = 0; i < places.size(); ++i) {
    if (cache_.Find(probe.columns[i]) != places[i]) places[i] = -1;
  }
  cache_.StoreUncoupled(places, static_cast<size_t>(probe.num_known));
  size_t first = 0;  // pair of b
  size_t b = static_cast<size_t>(probe.num_known);
  for (const int32_t pair : coupled_pairs) {
    while (static_cast<size_t>(pair) >= first + b) first += b++;
    const int32_t place = places[static_cast<size_t>(pair) - first];
    if (place >= 0 && places[b] >= 0) cache_.Store(place, places[b], true);
  }
}

std::vector<int32_t> DependencyFilter::Keep(std::span<const int32_t> candidates,
                                            int parallelism) const {
  if (parallelism < 1) {
    throw UsageError("parallelism is " + std::to_string(parallelism) + ", expected at least 1");
  }
  const auto count = static_cast<size_t>(parallelism);
  if (!CanCouple()) {
    const auto some = candidates.first(std::min(count, candidates.size()));
    return {some.begin(), some.end()};
  }
  std::vector<int32_t> places;
  for (const int32_t j : candidates) places.push_back(cache_.Find(j));
  std::vector<int32_t> kept;
  for (const size_t i : cache_.PickUncoupled(places, count)) kept.push_back(candidates[i]);
  return kept;
}

int64_t NumPairs(const DependencyFilter::Probe& probe) {
  return PairsOf(probe.columns.size()) - PairsOf(static_cast<size_t>(probe.num_known));
}

}  // namespace strads
