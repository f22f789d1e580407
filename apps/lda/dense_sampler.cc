#include <strads/aligned_vector.h>
#include <strads/vector_clones.h>

#include <algorithm>
#include <limits>

#include "apps/lda/sampler.h"
#include "apps/lda/vectors.h"
#include "apps/lda/word_scratch.h"

namespace strads::lda {
namespace {

size_t Index(int64_t i) { return static_cast<size_t>(i); }

// A document's counts are asked for this many tokens before they are used.
constexpr int kAhead = 3;

// What a group has of its own: arrays of one number a topic, padded with zeros to whole vectors.
struct DenseScratch {
  explicit DenseScratch(int topics, int stride)
      : word(topics),
        inverse(Index(stride), 0),
        weight(Index(stride), 0),
        sums(Index(stride + 8)) {}

  WordScratch word;
  AlignedVector<float> inverse;  // 1 / (n_k + V beta)
  AlignedVector<float> weight;   // (n_wk + beta) / (n_k + V beta)
  AlignedVector<float> sums;
};

// A cell as the inner loop wants it.
template <class Count>
struct DenseWork {
  const Cell& cell;
  WordRows& rows;
  int64_t* totals;
  Random& random;
  DenseScratch& scratch;
  Count* documents;  // stride counts each
  const float* alpha;
  int topics;
  int stride;
  float beta;
  float v_beta;
};

// Draws a topic in proportion to (row + alpha) weight. Vectors are in two halves whose lanes are
// summed up one by one: first a lane is drawn, then a half, then one of the half's vectors.
template <class Count>
STRADS_INLINE int Draw(const DenseWork<Count>& work, const Count* row, float uniform) {
  const float* const alpha = work.alpha;
  const float* const weight = work.scratch.weight.data();
  float* const sums = work.scratch.sums.data();
  const int vectors = work.stride / kLanes;
  const int half = (vectors + 1) / 2;
  Float8 first{}, second{};
  const auto add = [&](int v, Float8& sum) __attribute__((always_inline)) {
    Float8 counts, alphas, weights;
    LoadCounts(row + v * kLanes, counts);
    Load(alpha + v * kLanes, alphas);
    Load(weight + v * kLanes, weights);
    sum += (counts + alphas) * weights;
    Store(sum, sums + v * kLanes);
  };
  for (int v = 0; v < vectors - half; ++v) {
    add(v, first);
    add(half + v, second);
  }
  if (2 * half > vectors) {
    add(half - 1, first);
    Store(Float8{} + std::numeric_limits<float>::max(), sums + vectors * kLanes);
  }

  Float8 prefix = first + second;
  PrefixSums(prefix);
  float ends[1 + kLanes] = {};
  Store(prefix, ends + 1);
  const float goal = uniform * prefix[kLanes - 1];
  const int lane = std::min(CountSet(prefix <= goal), std::min(work.topics, kLanes) - 1);
  float rest = goal - ends[lane];
  float first_ends[kLanes];
  Store(first, first_ends);
  const bool in_second = rest >= first_ends[lane] && vectors > 1;
  rest -= in_second ? first_ends[lane] : 0;
  const int base = in_second ? half : 0;
  int v = 0;
  for (int i = 0; i < half; ++i) v += sums[(base + i) * kLanes + lane] <= rest ? 1 : 0;
  v = base + std::min(v, (in_second ? vectors - half : half) - 1);
  const int topic = v * kLanes + lane;
  return topic < work.topics ? topic : topic - kLanes;
}

// Adds `change` to one of a document's counts, through its whole vector as SetElement does.
STRADS_INLINE void Change(uint16_t* row, int topic, int change) {
  static constexpr uint16_t kOne[16] = {0, 0, 0, 0, 0, 0, 0, 1};
  uint16_t* const at = row + (topic & ~(kLanes - 1));
  Short8 counts, one;
  Load(at, counts);
  Load(kOne + (kLanes - 1) - (topic & (kLanes - 1)), one);
  counts += change > 0 ? one : -one;
  Store(counts, at);
}
STRADS_INLINE void Change(uint32_t* row, int topic, int change) {
  row[topic] += static_cast<uint32_t>(change);
}

template <class Count>
STRADS_INLINE void SampleDense(const DenseWork<Count>& work) {
  float* const inverse = work.scratch.inverse.data();
  float* const weight = work.scratch.weight.data();
  int32_t* const counts = work.scratch.word.counts();
  const Cell& cell = work.cell;
  for (int k = 0; k < work.topics; ++k)
    inverse[k] = 1 / (static_cast<float>(work.totals[k]) + work.v_beta);
  const auto set = [&](int topic) __attribute__((always_inline)) {
    inverse[topic] = 1 / (static_cast<float>(work.totals[topic]) + work.v_beta);
    SetElement(weight, topic, (static_cast<float>(counts[topic]) + work.beta) * inverse[topic]);
  };
  for (size_t i = 0; i < cell.words.size(); ++i) {
    work.scratch.word.Load(work.rows, cell.words[i]);
    for (int k = 0; k < work.topics; ++k)
      weight[k] = (static_cast<float>(counts[k]) + work.beta) * inverse[k];
    for (int64_t n = cell.begins[i]; n < cell.begins[i + 1]; ++n) {
      Count* const row = work.documents + int64_t{cell.documents[n]} * work.stride;
      if (n + kAhead < cell.begins.back()) {
        const Count* const ahead =
            work.documents + int64_t{cell.documents[n + kAhead]} * work.stride;
        for (int k = 0; k < work.stride; k += 64 / static_cast<int>(sizeof(Count)))
          __builtin_prefetch(ahead + k, 1);
      }
      const int old = cell.topics[n];
      const float uniform = static_cast<float>(work.random() >> 40) * 0x1p-24F;
      --counts[old];
      --work.totals[old];
      Change(row, old, -1);
      set(old);
      const int drawn = Draw(work, row, uniform);
      ++counts[drawn];
      ++work.totals[drawn];
      Change(row, drawn, 1);
      set(drawn);
      work.scratch.word.Use(static_cast<Topic>(drawn));
      cell.topics[n] = static_cast<Topic>(drawn);
    }
    work.scratch.word.Store(work.rows, cell.words[i]);
  }
}

STRADS_VECTOR_CLONES void SampleCell(const DenseWork<uint16_t>& work) { SampleDense(work); }
STRADS_VECTOR_CLONES void SampleCell(const DenseWork<uint32_t>& work) { SampleDense(work); }

// Counts of every topic for every document.
template <class Count>
class DenseSampler final : public Sampler {
 public:
  DenseSampler(const TokenGrid& grid, const Prior& prior)
      : topics_(grid.topics()),
        stride_((grid.topics() + kLanes - 1) / kLanes * kLanes),
        alpha_(Index(stride_), 0),
        documents_(grid.lengths().size() * Index(stride_), 0),
        scratch_(Index(grid.groups()), DenseScratch(topics_, stride_)) {
    const auto documents = grid.token_documents();
    const auto topics = grid.token_topics();
    for (size_t n = 0; n < documents.size(); ++n)
      ++documents_[Index(documents[n]) * Index(stride_) + topics[n]];
    SetPrior(prior);
  }

  void SetPrior(const Prior& prior) override {
    std::copy(prior.alpha.begin(), prior.alpha.end(), alpha_.begin());
    beta_ = static_cast<float>(prior.beta);
    v_beta_ = static_cast<float>(prior.beta * static_cast<double>(prior.vocabulary));
  }

  void Sample(const Cell& cell,
              int group,
              WordRows& rows,
              std::span<int64_t> totals,
              Random& random) override {
    SampleCell(DenseWork<Count>{.cell = cell,
                                .rows = rows,
                                .totals = totals.data(),
                                .random = random,
                                .scratch = scratch_[Index(group)],
                                .documents = documents_.data(),
                                .alpha = alpha_.data(),
                                .topics = topics_,
                                .stride = stride_,
                                .beta = beta_,
                                .v_beta = v_beta_});
  }

  void CountsOf(int64_t document, std::vector<TopicCount>& counts) const override {
    counts.clear();
    const Count* const row = documents_.data() + document * stride_;
    for (int k = 0; k < topics_; ++k)
      if (row[k] > 0) counts.push_back({static_cast<Topic>(k), static_cast<int32_t>(row[k])});
  }

 private:
  int topics_;
  int stride_;
  AlignedVector<float> alpha_;
  float beta_ = 0;
  float v_beta_ = 0;
  AlignedVector<Count> documents_;
  std::vector<DenseScratch> scratch_;
};

}  // namespace

std::unique_ptr<Sampler> MakeDenseSampler(const TokenGrid& grid, const Prior& prior) {
  if (grid.HasShortDocuments()) return std::make_unique<DenseSampler<uint16_t>>(grid, prior);
  return std::make_unique<DenseSampler<uint32_t>>(grid, prior);
}

}  // namespace strads::lda
