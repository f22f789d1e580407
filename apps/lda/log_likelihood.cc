#include "apps/lda/log_likelihood.h"

#include <strads/index.h>

#include <algorithm>
#include <cstdlib>
#include <numeric>

#include "apps/lda/log_gamma.h"

namespace strads::lda {
namespace {

constexpr int64_t kChunk = 256;

}  // namespace

double TotalsLogLikelihood(const Prior& prior, std::span<const int64_t> totals) {
  const LogRising rising(prior.beta * static_cast<double>(prior.vocabulary));
  double sum = 0;
  for (const int64_t total : totals) sum -= rising(total);
  return sum;
}

double WordsLogLikelihood(const Prior& prior, const WordRows& rows) {
  const LogRising rising(prior.beta);
  double sum = 0;
  for (int64_t word = 0; word < rows.words(); ++word)
    for (const int32_t count : rows.Of(word).counts) sum += rising(count);
  return sum;
}

double DocumentsLogLikelihood(const Prior& prior,
                              const Sampler& sampler,
                              std::span<const int64_t> lengths,
                              ThreadPool& pool) {
  const LogRising rising_length(std::accumulate(prior.alpha.begin(), prior.alpha.end(), 0.0));
  // One table if alpha is one number.
  const bool symmetric =
      std::ranges::all_of(prior.alpha, [&](double alpha) { return alpha == prior.alpha.front(); });
  std::vector<LogRising> rising;
  for (size_t k = 0; k < (symmetric ? 1 : prior.alpha.size()); ++k)
    rising.emplace_back(prior.alpha[k]);
  const int64_t chunks = (std::ssize(lengths) + kChunk - 1) / kChunk;
  std::vector<double> sums(Index(chunks));
  pool.ParallelFor(chunks, [&](int64_t begin, int64_t end) {
    std::vector<TopicCount> counts;
    for (int64_t chunk = begin; chunk < end; ++chunk) {
      const int64_t last = std::min<int64_t>(std::ssize(lengths), (chunk + 1) * kChunk);
      double sum = 0;
      for (int64_t d = chunk * kChunk; d < last; ++d) {
        sampler.CountsOf(d, counts);
        for (const TopicCount& own : counts) sum += rising[symmetric ? 0 : own.topic](own.count);
        sum -= rising_length(lengths[Index(d)]);
      }
      sums[Index(chunk)] = sum;
    }
  });
  return std::accumulate(sums.begin(), sums.end(), 0.0);
}

double TotalsError(std::span<const std::vector<int64_t>> of_workers,
                   std::span<const int64_t> totals,
                   int64_t tokens) {
  double sum = 0;
  for (const auto& own : of_workers)
    for (size_t k = 0; k < totals.size(); ++k)
      sum += static_cast<double>(std::abs(own[k] - totals[k]));
  return sum / static_cast<double>(std::ssize(of_workers) * tokens);
}

}  // namespace strads::lda
