#include "apps/lda/coherence.h"

#include <strads/index.h>

#include <cmath>
#include <cstdint>

namespace strads::lda {
namespace {

// The documents of each word that a topic begins with, ascending; of others none.
std::vector<std::vector<int64_t>> DocumentsOf(const std::vector<std::vector<TopWord>>& topics,
                                              const Corpus& corpus) {
  std::vector<char> wanted(Index(corpus.num_words));
  for (const auto& words : topics)
    for (const TopWord& own : words) wanted[Index(own.word)] = 1;
  std::vector<std::vector<int64_t>> documents(wanted.size());
  for (int64_t d = 0; d < corpus.num_documents(); ++d)
    for (const int32_t word : corpus.Words(d))
      if (wanted[Index(word)]) documents[Index(word)].push_back(d);
  return documents;
}

int64_t CountCommon(const std::vector<int64_t>& a, const std::vector<int64_t>& b) {
  int64_t common = 0;
  for (size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    common += a[i] == b[j];
    const bool moves_a = a[i] <= b[j], moves_b = b[j] <= a[i];
    i += moves_a;
    j += moves_b;
  }
  return common;
}

double Npmi(double all, double v, double w, double both) {
  if (both == 0) return -1;
  if (both == all) return 0;
  return std::log(all * both / (v * w)) / std::log(all / both);
}

}  // namespace

Coherence MeasureCoherence(const std::vector<std::vector<TopWord>>& topics, const Corpus& corpus) {
  const auto documents = DocumentsOf(topics, corpus);
  const auto all = static_cast<double>(corpus.num_documents() - corpus.CountEmpty());
  Coherence mean;
  for (const auto& words : topics) {
    double umass = 0, npmi = 0;
    int pairs = 0;
    for (size_t second = 1; second < words.size(); ++second) {
      for (size_t first = 0; first < second; ++first) {
        const auto& v = documents[Index(words[first].word)];
        const auto& w = documents[Index(words[second].word)];
        if (v.empty() || w.empty()) continue;
        const auto both = static_cast<double>(CountCommon(v, w));
        const auto of_v = static_cast<double>(v.size());
        umass += std::log((both + 1) / of_v);
        npmi += Npmi(all, of_v, static_cast<double>(w.size()), both);
        ++pairs;
      }
    }
    if (pairs == 0) continue;
    mean.umass += umass;
    mean.npmi += npmi / pairs;
    ++mean.topics;
  }
  if (mean.topics > 0) {
    mean.umass /= mean.topics;
    mean.npmi /= mean.topics;
  }
  return mean;
}

}  // namespace strads::lda
