#pragma once

#include <strads/fields.h>
#include <strads/parallel.h>

#include <cstdint>
#include <span>
#include <vector>

#include "apps/lda/sampler.h"

namespace strads::lda {

// How many documents have a topic how often: what alpha is estimated from. Those of disjoint
// documents add up. 8 bytes for each number that a topic, or a length, occurs in documents.
class TopicHistogram {
 public:
  TopicHistogram() = default;
  // Of the sampler's documents with these lengths.
  TopicHistogram(const Sampler& sampler, std::span<const int64_t> lengths, int topics);

  void Add(const TopicHistogram& other);

  // How many documents have a topic, or a length, `count` times.
  struct Bin {
    using Number = int32_t;
    int32_t topic = 0;
    int32_t count = 0;
    int32_t documents = 0;
    friend bool operator==(const Bin&, const Bin&) = default;
  };
  // By topic and then count, ascending; the lengths are those of topic -1.
  const std::vector<Bin>& bins() const { return bins_; }

 private:
  std::vector<Bin> bins_;

 public:
  STRADS_FIELDS(bins_)
};

// The alpha that makes the topics' counts of documents most likely, from `alpha` on: at most
// `steps` steps of the fixed point (Minka, "Estimating a Dirichlet distribution", 2000; with
// histograms as in Wallach, "Structured Topic Models for Language", 2008, ch. 2)
//
//   alpha_k <- alpha_k sum_d [psi(n_dk + alpha_k) - psi(alpha_k)] / sum_d [psi(N_d + A) - psi(A)]
//
// none of which makes them less likely. If symmetric, all are moved by the mean of the numerators.
// Topics that no document has end at kLeastAlpha. O(steps (bins + K + the greatest count)).
inline constexpr double kLeastAlpha = 1e-6;
std::vector<double> FitAlpha(const TopicHistogram& histogram,
                             std::vector<double> alpha,
                             bool symmetric,
                             int steps);

}  // namespace strads::lda
