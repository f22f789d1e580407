#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "strads/coupling_cache.h"

namespace strads {

// Keeps variables of a round that may be updated together, by couplings it learns as it goes.
//
// The dependency check of STRADS SAP (Lee et al., NIPS 2014): of the candidates that a schedule
// drew, keep those whose coupling abs(cos(x_j, x_k)) is below max_coupling for every pair. The
// couplings are inner products over the data, which only the workers have, so a round goes
//     probe = MakeProbe(candidates)   what to ask the workers: as little as the cache allows
//     Learn(probe, gram, norms)       their answer, summed over the workers
//     Keep(candidates, parallelism)   the variables to update, best candidates first
// Invariant: no pair that Keep returns is coupled or unknown. With max_coupling > 1 no pair can be
// coupled, and nothing is asked. Candidates of a call must be distinct.
class DependencyFilter {
 public:
  // The candidates in another order: the couplings of the first num_known with each other are
  // known. To be computed are the pairs (columns[a], columns[b]) with a < b and b >= num_known,
  // b-major: for b = num_known .. columns.size() - 1, for a = 0 .. b - 1.
  struct Probe {
    std::vector<int32_t> columns;
    int32_t num_known = 0;
  };

  // Of the pairs of candidates of all probes, how many there were and how many of them need not be
  // computed.
  struct Statistics {
    int64_t pairs_asked = 0;
    int64_t pairs_known = 0;
  };

  // Remembers the couplings with each other of the max_cached_variables that were last candidates;
  // more than the candidates of a round, or these push each other out. Throws UsageError for a
  // max_coupling that is negative or not a number, or what CouplingCache refuses.
  DependencyFilter(double max_coupling, int32_t max_cached_variables);

  // Puts first, in the given order, each candidate whose couplings with all those put first before
  // it are known; the others follow in the given order. O(K^2) look-ups for K candidates.
  Probe MakeProbe(std::span<const int32_t> candidates);

  // Remembers of each pair of the probe whether |gram| / sqrt(|x_j|^2 |x_k|^2) < max_coupling.
  //
  // `gram` holds x_j'x_k in the order of the probe, NumPairs(probe) of them; `squared_norms` holds
  // |x_j|^2 by variable. A zero column couples with nothing; what is not finite counts as
  // coupled, the safe side. Throws std::logic_error, having learned nothing, if `gram` has another
  // length or `squared_norms` lacks a column of the probe.
  void Learn(const Probe& probe,
             std::span<const double> gram,
             std::span<const double> squared_norms);

  // The same for an answer that only says which pairs are coupled: their numbers in the order of
  // the probe, ascending. Throws std::logic_error, having learned nothing, if they are not.
  void LearnCoupled(const Probe& probe, std::span<const int32_t> coupled_pairs);

  // The IndependentSet of the candidates, at most `parallelism` of them, in the order given, which
  // is the order of priority. An unknown pair counts as coupled, so the answer may be small but
  // has at least one variable if there is a candidate. Throws UsageError for a parallelism below 1.
  // O(K min(K, max_cached_variables / 64)).
  std::vector<int32_t> Keep(std::span<const int32_t> candidates, int parallelism) const;

  double max_coupling() const { return max_coupling_; }
  const Statistics& statistics() const { return statistics_; }

 private:
  bool CanCouple() const { return max_coupling_ <= 1; }

  double max_coupling_;
  CouplingCache cache_;
  Statistics statistics_;
};

// The number of couplings to be computed for a probe: K(K-1)/2 - m(m-1)/2 for K columns of which
// the first m are known.
int64_t NumPairs(const DependencyFilter::Probe& probe);

}  // namespace strads
