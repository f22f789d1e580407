#pragma once

#include <strads/parallel.h>

#include <cstdint>
#include <span>
#include <vector>

#include "apps/lda/prior.h"
#include "apps/lda/sampler.h"
#include "apps/lda/word_topics.h"

namespace strads::lda {

// The joint log-likelihood log p(w, z | alpha, beta) of words and topics, theta and phi integrated
// out, in nats (Griffiths, Steyvers, PNAS 2004):
//
//   sum_k [ log G(V beta) - log G(n_k + V beta) ]                                     of totals
//   + sum_k sum_w [ log G(n_wk + beta) - log G(beta) ]                                of slices
//   + sum_d [ log G(A) - log G(N_d + A) + sum_k log G(n_dk + alpha_k) - log G(alpha_k) ]
//                                                                                     of documents
//
// with A = sum_k alpha_k. The parts of disjoint slices and documents add up.
double TotalsLogLikelihood(const Prior& prior, std::span<const int64_t> totals);
// O(topics of all words).
double WordsLogLikelihood(const Prior& prior, const WordRows& rows);
// The same whatever pool.threads(). O(topics of all documents).
double DocumentsLogLikelihood(const Prior& prior,
                              const Sampler& sampler,
                              std::span<const int64_t> lengths,
                              ThreadPool& pool);

// How far workers' totals are from the true ones, as a share of the tokens:
//
//   1 / (P M) sum_p |s_p - s|_1                                  with P workers and M tokens
//
// s_p are the totals n_k that worker p last sampled with, s the true ones (Lee et al., NIPS 2014).
double TotalsError(std::span<const std::vector<int64_t>> of_workers,
                   std::span<const int64_t> totals,
                   int64_t tokens);

}  // namespace strads::lda
