#include "apps/lda/alpha.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <utility>

namespace strads::lda {
namespace {

constexpr double kTolerance = 1e-6;

// sum over bins [first, last) of documents (psi(count + x) - psi(x)), counts ascending:
// psi(x + 1) = psi(x) + 1 / x.
template <class Iterator>
double DigammaSum(Iterator first, Iterator last, double x) {
  double sum = 0, rise = 0;
  int32_t count = 0;
  for (; first != last; ++first) {
    for (; count < first->count; ++count) rise += 1 / (x + count);
    sum += first->documents * rise;
  }
  return sum;
}

}  // namespace

TopicHistogram::TopicHistogram(const Sampler& sampler,
                               std::span<const int64_t> lengths,
                               int topics) {
  std::vector<std::map<int32_t, int32_t>> of_topics(static_cast<size_t>(topics) + 1);
  std::vector<TopicCount> counts;
  for (size_t d = 0; d < lengths.size(); ++d) {
    ++of_topics[0][static_cast<int32_t>(lengths[d])];
    sampler.CountsOf(static_cast<int64_t>(d), counts);
    for (const TopicCount& own : counts) ++of_topics[size_t{own.topic} + 1][own.count];
  }
  for (size_t k = 0; k < of_topics.size(); ++k) {
    for (const auto& [count, documents] : of_topics[k])
      bins_.push_back({static_cast<int32_t>(k) - 1, count, documents});
  }
}

void TopicHistogram::Add(const TopicHistogram& other) {
  const auto key = [](const Bin& bin) { return std::pair(bin.topic, bin.count); };
  std::vector<Bin> sum;
  sum.reserve(bins_.size() + other.bins_.size());
  std::ranges::merge(bins_, other.bins_, std::back_inserter(sum), {}, key, key);
  bins_.clear();
  for (const Bin& bin : sum) {
    if (!bins_.empty() && key(bins_.back()) == key(bin)) {
      bins_.back().documents += bin.documents;
    } else {
      bins_.push_back(bin);
    }
  }
}

std::vector<double> FitAlpha(const TopicHistogram& histogram,
                             std::vector<double> alpha,
                             bool symmetric,
                             int steps) {
  const std::vector<TopicHistogram::Bin>& bins = histogram.bins();
  std::vector<std::vector<TopicHistogram::Bin>::const_iterator> begins;
  for (int32_t k = -1; k <= static_cast<int32_t>(alpha.size()); ++k) {
    begins.push_back(std::ranges::lower_bound(bins, k, {}, &TopicHistogram::Bin::topic));
  }
  for (int step = 0; step < steps; ++step) {
    const double sum = std::accumulate(alpha.begin(), alpha.end(), 0.0);
    const double of_lengths = DigammaSum(begins[0], begins[1], sum);
    if (of_lengths <= 0) break;  // no tokens
    std::vector<double> of_topics;
    for (size_t k = 0; k < alpha.size(); ++k)
      of_topics.push_back(DigammaSum(begins[k + 1], begins[k + 2], alpha[k]));
    if (symmetric) {
      const double mean = std::accumulate(of_topics.begin(), of_topics.end(), 0.0) /
                          static_cast<double>(of_topics.size());
      std::ranges::fill(of_topics, mean);
    }
    double moved = 0;
    for (size_t k = 0; k < alpha.size(); ++k) {
      const double next = std::max(kLeastAlpha, alpha[k] * of_topics[k] / of_lengths);
      moved = std::max(moved, std::abs(next - alpha[k]) / alpha[k]);
      alpha[k] = next;
    }
    if (moved < kTolerance) break;
  }
  return alpha;
}

}  // namespace strads::lda
