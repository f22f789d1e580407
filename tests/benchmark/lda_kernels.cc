// Epochs of latent Dirichlet allocation in one process, without the framework: joint log-likelihood
// per token against seconds.
#include <strads/error.h>
#include <strads/rotation_schedule.h>

#include <algorithm>
#include <cstdio>
#include <numeric>
#include <string>
#include <vector>

#include "apps/lda/log_likelihood.h"
#include "apps/lda/sampler.h"
#include "tests/benchmark/kernel_bench.h"

namespace strads::benchmark {
namespace {

// Lines of lda-c: how many words, then word:count of each.
Corpus ReadDocuments(const std::string& path) {
  std::FILE* const file = std::fopen(path.c_str(), "r");
  if (file == nullptr) throw DataError(path + ": cannot be opened, expected documents in lda-c");
  Corpus documents;
  int size = 0;
  while (std::fscanf(file, "%d", &size) == 1) {
    for (int n = 0; n < size; ++n) {
      int word = 0, count = 0;
      if (std::fscanf(file, "%d:%d", &word, &count) != 2) throw DataError(path + ": expected w:c");
      documents.words.push_back(word);
      documents.counts.push_back(count);
    }
    documents.begins.push_back(std::ssize(documents.words));
  }
  std::fclose(file);
  return documents;
}

// Only words in at least `low` documents and at most a share `high` of them, numbered anew, and
// then only documents of at least `length` tokens. Returns the number of words.
int64_t Filter(int low, double high, int64_t length, Corpus& documents) {
  std::vector<int64_t> in;
  for (const int32_t word : documents.words) {
    if (word >= std::ssize(in)) in.resize(static_cast<size_t>(word) + 1);
    ++in[static_cast<size_t>(word)];
  }
  const double most = high * static_cast<double>(documents.num_documents());
  std::vector<int32_t> number(in.size(), -1);
  int32_t words = 0;
  for (size_t w = 0; w < in.size(); ++w)
    if (in[w] >= low && static_cast<double>(in[w]) <= most) number[w] = words++;
  Corpus kept;
  for (int64_t d = 0; d < documents.num_documents(); ++d) {
    const auto own = documents.Words(d), counts = documents.Counts(d);
    int64_t tokens = 0;
    for (size_t n = 0; n < own.size(); ++n)
      if (number[static_cast<size_t>(own[n])] >= 0) tokens += counts[n];
    if (tokens < length) continue;
    for (size_t n = 0; n < own.size(); ++n) {
      if (number[static_cast<size_t>(own[n])] < 0) continue;
      kept.words.push_back(number[static_cast<size_t>(own[n])]);
      kept.counts.push_back(counts[n]);
    }
    kept.begins.push_back(std::ssize(kept.words));
  }
  documents = kept;
  return words;
}

// Numbers words anew so that slices of about equal weight are ranges: returns where they begin.
std::vector<int64_t> MakeSlices(int64_t vocabulary, int slices, Corpus& documents) {
  std::vector<int64_t> weights(static_cast<size_t>(vocabulary));
  for (size_t n = 0; n < documents.words.size(); ++n)
    weights[static_cast<size_t>(documents.words[n])] += documents.counts[n];
  const std::vector<int32_t> part = BalancedParts(weights, slices);
  std::vector<int64_t> begins(static_cast<size_t>(slices) + 1);
  for (const int32_t p : part) ++begins[static_cast<size_t>(p) + 1];
  std::partial_sum(begins.begin(), begins.end(), begins.begin());
  std::vector<int64_t> next = begins;
  std::vector<int32_t> number;
  number.reserve(part.size());
  for (const int32_t p : part)
    number.push_back(static_cast<int32_t>(next[static_cast<size_t>(p)]++));
  for (int32_t& word : documents.words) word = number[static_cast<size_t>(word)];
  return begins;
}

void Run(const Arguments& arguments) {
  Corpus documents = ReadDocuments(arguments.at("train"));
  const int64_t vocabulary =
      Filter(static_cast<int>(Number(arguments, "low", 5)), Number(arguments, "high", 0.3),
             static_cast<int64_t>(Number(arguments, "length", 5)), documents);
  const int topics = static_cast<int>(Number(arguments, "k", 100));
  const int slices = static_cast<int>(Number(arguments, "slices", 1));
  const lda::Prior prior{
      .alpha = std::vector<double>(static_cast<size_t>(topics),
                                   Number(arguments, "alpha", 50) / static_cast<double>(topics)),
      .beta = Number(arguments, "beta", 0.01),
      .vocabulary = vocabulary};
  ThreadPool pool(static_cast<int>(Number(arguments, "threads", 1)));
  const std::vector<int64_t> begins = MakeSlices(vocabulary, slices, documents);

  double start = Now();
  std::vector<int64_t> ids(static_cast<size_t>(documents.num_documents()));
  std::iota(ids.begin(), ids.end(), 0);
  const auto seed = static_cast<uint64_t>(Number(arguments, "seed", 1));
  lda::TokenGrid grid(
      documents, ids, begins,
      {.groups = static_cast<int>(Number(arguments, "groups", 8)), .topics = topics, .seed = seed});
  const auto name = arguments.find("sampler");
  const auto kind = lda::ParseSampler(name == arguments.end() ? "auto" : name->second, topics);
  const auto sampler =
      kind == lda::SamplerKind::kMetropolis
          ? MakeMetropolisSampler(grid, prior, static_cast<int>(Number(arguments, "cycles", 2)))
          : MakeSampler(kind, grid, prior);
  std::vector<int64_t> totals(static_cast<size_t>(topics));
  std::vector<lda::WordTopics> packed;
  for (int64_t b = 0; b < slices; ++b) {
    const lda::WordTopics none(std::ssize(grid.WordCounts(b)), topics);
    lda::WordRows rows(none, grid.WordCounts(b), topics);
    AddTopics(grid, b, rows, totals);
    packed.push_back(rows.Pack());
  }
  std::printf("%lld documents, %lld words, %lld tokens; set up in %.3f s\n",
              static_cast<long long>(documents.num_documents()), static_cast<long long>(vocabulary),
              static_cast<long long>(grid.size()), Now() - start);

  double seconds = 0, cpu_seconds = 0;
  const int epochs = static_cast<int>(Number(arguments, "epochs", 30));
  const int every = static_cast<int>(Number(arguments, "every", 5));
  for (int epoch = 0; epoch < epochs; ++epoch) {
    start = Now();
    const double cpu_start = CpuSeconds();
    double packing = 0, words = 0;
    size_t bytes = 0;
    int64_t entries = 0;
    const bool shows = (epoch + 1) % every == 0;
    for (int64_t b = 0; b < slices; ++b) {
      double from = Now();
      auto& slice = packed[static_cast<size_t>(b)];
      lda::WordRows rows(slice, grid.WordCounts(b), topics);
      packing += Now() - from;
      RunPass(grid, b, seed, static_cast<uint64_t>(epoch), *sampler, rows, totals, pool);
      from = Now();
      slice = rows.Pack();
      packing += Now() - from;
      bytes += slice.bytes.size();
      if (shows) {
        words += WordsLogLikelihood(prior, rows);
        entries += rows.size();
      }
    }
    const double took = Now() - start;
    seconds += took;
    const double cpu_took = CpuSeconds() - cpu_start;
    cpu_seconds += cpu_took;
    if (!shows) continue;
    const double joint = TotalsLogLikelihood(prior, totals) + words +
                         DocumentsLogLikelihood(prior, *sampler, grid.lengths(), pool);
    const auto tokens = static_cast<double>(grid.size());
    std::printf(
        "%4d  %7.3f s  cpu %7.3f s  %6.2f Mtok/s of cpu  packing %4.1f %%  %lld counts  %.2f bytes "
        "each  %.4f\n",
        epoch + 1, seconds, cpu_seconds, tokens / cpu_took / 1e6, 100 * packing / took,
        static_cast<long long>(entries), static_cast<double>(bytes) / static_cast<double>(entries),
        joint / tokens);
    std::fflush(stdout);
  }
}

}  // namespace
}  // namespace strads::benchmark

// Usage: benchmark_lda_kernels train=FILE [NAME=VALUE ...]: k, sampler, threads, groups, slices,
// epochs, every, alpha (times the number of topics), beta, seed, cycles; low, high, length: which
// words and documents.
int main(int argc, char** argv) {
  const auto arguments = strads::benchmark::ParseArguments(argc, argv);
  strads::benchmark::Run(arguments);
}
