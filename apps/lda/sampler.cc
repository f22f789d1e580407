#include "apps/lda/sampler.h"

#include <strads/error.h>
#include <strads/index.h>

#include <algorithm>

#include "apps/lda/word_scratch.h"

namespace strads::lda {
namespace {

constexpr uint64_t kPassStream = uint64_t{0x5a} << 56;
constexpr int kDenseTopics = 400;
constexpr int kCycles = 2;

}  // namespace

SamplerKind ParseSampler(const std::string& name, int topics) {
  if (name == "auto") return topics <= kDenseTopics ? SamplerKind::kDense : SamplerKind::kTree;
  if (name == "dense") return SamplerKind::kDense;
  if (name == "tree") return SamplerKind::kTree;
  if (name == "metropolis") return SamplerKind::kMetropolis;
  throw UsageError("sampler '" + name + "', expected auto, dense, tree or metropolis");
}

std::unique_ptr<Sampler> MakeSampler(SamplerKind kind, const TokenGrid& grid, const Prior& prior) {
  if (kind == SamplerKind::kDense) return MakeDenseSampler(grid, prior);
  if (kind == SamplerKind::kTree) return MakeTreeSampler(grid, prior);
  return MakeMetropolisSampler(grid, prior, kCycles);
}

void AddTopics(TokenGrid& grid, int64_t slice, WordRows& rows, std::span<int64_t> totals) {
  WordScratch scratch(grid.topics());
  for (int step = 0; step < grid.groups(); ++step) {
    for (int group = 0; group < grid.groups(); ++group) {
      const Cell cell = grid.At(slice, step, group);
      for (size_t i = 0; i < cell.words.size(); ++i) {
        scratch.Load(rows, cell.words[i]);
        for (int64_t n = cell.begins[i]; n < cell.begins[i + 1]; ++n) {
          const Topic topic = cell.topics[n];
          ++scratch.counts()[topic];
          ++totals[topic];
          scratch.Use(topic);
        }
        scratch.Store(rows, cell.words[i]);
      }
    }
  }
}

void RunPass(TokenGrid& grid,
             int64_t slice,
             uint64_t seed,
             uint64_t number,
             Sampler& sampler,
             WordRows& rows,
             std::span<int64_t> totals,
             ThreadPool& pool) {
  const int groups = grid.groups();
  std::vector<std::vector<int64_t>> own(Index(groups));
  std::vector<int64_t> before(totals.begin(), totals.end());
  for (int step = 0; step < groups; ++step) {
    std::vector<CellWork> work;
    for (int group = 0; group < groups; ++group) {
      own[Index(group)] = before;
      const auto stream = static_cast<uint64_t>((slice * groups + step) * groups + group);
      work.push_back({.cell = grid.At(slice, step, group),
                      .group = group,
                      .rows = &rows,
                      .totals = own[Index(group)],
                      .random = Random::OfPass(seed, number, kPassStream + stream)});
    }
    // Two at once are faster than one after the other, but not than two threads.
    const int64_t each = groups >= 2 * pool.threads() ? 2 : 1;
    pool.ParallelFor((groups + each - 1) / each, [&](int64_t begin, int64_t end) {
      for (int64_t n = begin; n < end; ++n) {
        const int64_t first = n * each, last = std::min<int64_t>(groups, first + each);
        sampler.Sample(std::span(work).subspan(Index(first), Index(last - first)));
      }
    });
    for (size_t k = 0; k < totals.size(); ++k) {
      for (const auto& changed : own) totals[k] += changed[k] - before[k];
    }
    before.assign(totals.begin(), totals.end());
  }
}

}  // namespace strads::lda
