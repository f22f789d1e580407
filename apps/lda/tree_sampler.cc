#include <strads/aligned_vector.h>
#include <strads/index.h>
#include <strads/vector_clones.h>

#include <algorithm>

#include "apps/lda/document_topics.h"
#include "apps/lda/sampler.h"
#include "apps/lda/vectors.h"
#include "apps/lda/weight_tree.h"
#include "apps/lda/word_scratch.h"

namespace strads::lda {
namespace {

// A document's topics are asked for this many tokens before they are used.
constexpr int kAhead = 4;

// What a group has of its own.
struct TreeScratch {
  TreeScratch(int topics, int64_t capacity)
      : word(topics), weight(Index(topics), 0), tree(topics), sums(Index(capacity)) {}

  WordScratch word;
  AlignedVector<float> weight;  // (n_wk + beta) / (n_k + V beta)
  WeightTree tree;              // alpha_k times that
  AlignedVector<float> sums;
};

// A cell as the inner loop wants it.
template <class Count>
struct TreeWork {
  const Cell& cell;
  WordRows& rows;
  int64_t* totals;
  Random& random;
  TreeScratch& scratch;
  DocumentTopics<Count>& documents;
  const float* alpha;
  int topics;
  float beta;
  float v_beta;
};

using Short16 = uint16_t __attribute__((vector_size(32)));

// Where `topic` is among topics[0, size), or 65,535 if it is not; reads up to 15 beyond.
STRADS_INLINE int FindTopic(const Topic* topics, int size, int topic) {
  const Short16 wanted = Short16{} + static_cast<uint16_t>(topic);
  Short16 place = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  Short16 found = ~Short16{};
  for (int n = 0; n < size; n += 16) {
    Short16 own;
    Load(topics + n, own);
    const Short16 candidate = place | ~(Short16)(own == wanted);  // NOLINT: the same bits
    found = found < candidate ? found : candidate;
    place += 16;
  }
  Short8 least, other;
  const auto take = [&]() __attribute__((always_inline)) { least = least < other ? least : other; };
  least = __builtin_shufflevector(found, found, 0, 1, 2, 3, 4, 5, 6, 7);
  other = __builtin_shufflevector(found, found, 8, 9, 10, 11, 12, 13, 14, 15);
  take();
  other = __builtin_shufflevector(least, least, 4, 5, 6, 7, 0, 1, 2, 3);
  take();
  other = __builtin_shufflevector(least, least, 2, 3, 0, 1, 6, 7, 4, 5);
  take();
  other = __builtin_shufflevector(least, least, 1, 0, 3, 2, 5, 4, 7, 6);
  take();
  return least[0];
}

template <class Count>
using DocumentRow = typename DocumentTopics<Count>::Row;

template <class Count>
STRADS_INLINE void Remove(const DocumentRow<Count>& row, int topic) {
  const int place = FindTopic(row.topics, *row.size, topic);
  if (--row.counts[place] > 0) return;
  const int last = --*row.size;
  row.topics[place] = row.topics[last];
  row.counts[place] = row.counts[last];
  row.topics[last] = 0;
  row.counts[last] = 0;
}

template <class Count>
STRADS_INLINE void Add(const DocumentRow<Count>& row, int topic) {
  int place = FindTopic(row.topics, *row.size, topic);
  if (place >= *row.size) {
    place = (*row.size)++;
    row.topics[place] = static_cast<Topic>(topic);
  }
  ++row.counts[place];
}

// Draws a topic in proportion to (n_dk + alpha_k) weight_k and adds it to the document's.
template <class Count>
STRADS_INLINE int Draw(const TreeWork<Count>& work, const DocumentRow<Count>& row, double uniform) {
  const float* const weight = work.scratch.weight.data();
  float* const sums = work.scratch.sums.data();
  const int vectors = (*row.size + kLanes - 1) / kLanes;
  Float8 sum{};
  for (int v = 0; v < vectors; ++v) {
    const Topic* const t = row.topics + v * kLanes;
    const Float8 weights = {weight[t[0]], weight[t[1]], weight[t[2]], weight[t[3]],
                            weight[t[4]], weight[t[5]], weight[t[6]], weight[t[7]]};
    Float8 counts;
    LoadCounts(row.counts + v * kLanes, counts);
    sum += counts * weights;
    Store(sum, sums + v * kLanes);
  }
  PrefixSums(sum);
  const double of_document = static_cast<double>(sum[kLanes - 1]);
  const double goal = uniform * (of_document + work.scratch.tree.total());
  if (goal >= of_document) {
    const int topic = work.scratch.tree.Find(goal - of_document);
    Add<Count>(row, topic);
    return topic;
  }
  const auto own_goal = static_cast<float>(goal);
  const int lane = std::min(CountSet(sum <= own_goal), std::min(*row.size, kLanes) - 1);
  float ends[1 + kLanes] = {};
  Store(sum, ends + 1);
  const float rest = own_goal - ends[lane];
  int v = 0;
  for (int i = 0; i < vectors; ++i) v += sums[i * kLanes + lane] <= rest ? 1 : 0;
  int place = std::min(v, vectors - 1) * kLanes + lane;
  if (place >= *row.size) place -= kLanes;
  ++row.counts[place];
  return row.topics[place];
}

template <class Count>
STRADS_INLINE void SampleTree(const TreeWork<Count>& work) {
  const Cell& cell = work.cell;
  WordScratch& word = work.scratch.word;
  int32_t* const counts = word.counts();
  const auto set = [&](int topic) __attribute__((always_inline)) {
    const float weight = (static_cast<float>(counts[topic]) + work.beta) /
                         (static_cast<float>(work.totals[topic]) + work.v_beta);
    work.scratch.weight[Index(topic)] = weight;
    work.scratch.tree.Set(topic, work.alpha[topic] * weight);
  };
  for (int k = 0; k < work.topics; ++k) set(k);
  for (size_t i = 0; i < cell.words.size(); ++i) {
    word.Load(work.rows, cell.words[i]);
    if (i + 1 < cell.words.size()) work.rows.Prefetch(cell.words[i + 1]);
    for (const Topic topic : work.rows.Of(cell.words[i]).topics) set(topic);
    for (int64_t n = cell.begins[i]; n < cell.begins[i + 1]; ++n) {
      if (n + kAhead < cell.begins.back()) {
        const DocumentRow<Count> ahead = work.documents.Of(cell.documents[n + kAhead]);
        __builtin_prefetch(ahead.topics, 1);
        __builtin_prefetch(ahead.topics + 32, 1);
        __builtin_prefetch(ahead.counts, 1);
        __builtin_prefetch(ahead.counts + 64 / sizeof(Count), 1);
      }
      const DocumentRow<Count> row = work.documents.Of(cell.documents[n]);
      const int old = cell.topics[n];
      --counts[old];
      --work.totals[old];
      Remove<Count>(row, old);
      set(old);
      const int drawn = Draw(work, row, work.random.Uniform());
      ++counts[drawn];
      ++work.totals[drawn];
      set(drawn);
      word.Use(static_cast<Topic>(drawn));
      cell.topics[n] = static_cast<Topic>(drawn);
    }
    word.Store(work.rows, cell.words[i]);
    for (const Topic topic : work.rows.Of(cell.words[i]).topics) set(topic);
  }
}

STRADS_VECTOR_CLONES void SampleCell(const TreeWork<uint16_t>& work) { SampleTree(work); }
STRADS_VECTOR_CLONES void SampleCell(const TreeWork<uint32_t>& work) { SampleTree(work); }

template <class Count>
class TreeSampler final : public Sampler {
 public:
  TreeSampler(const TokenGrid& grid, const Prior& prior)
      : topics_(grid.topics()),
        documents_(grid),
        scratch_(Index(grid.groups()), TreeScratch(topics_, documents_.MaxCapacity())) {
    SetPrior(prior);
  }

  void SetPrior(const Prior& prior) override {
    alpha_.assign(prior.alpha.begin(), prior.alpha.end());
    beta_ = static_cast<float>(prior.beta);
    v_beta_ = static_cast<float>(prior.beta * static_cast<double>(prior.vocabulary));
  }

  void Sample(std::span<CellWork> work) override {
    for (CellWork& own : work) SampleOne(own);
  }

  void SampleOne(CellWork& own) {
    SampleCell(TreeWork<Count>{.cell = own.cell,
                               .rows = *own.rows,
                               .totals = own.totals.data(),
                               .random = own.random,
                               .scratch = scratch_[Index(own.group)],
                               .documents = documents_,
                               .alpha = alpha_.data(),
                               .topics = topics_,
                               .beta = beta_,
                               .v_beta = v_beta_});
  }

  void CountsOf(int64_t document, std::vector<TopicCount>& counts) const override {
    documents_.CountsOf(document, counts);
  }

 private:
  int topics_;
  std::vector<float> alpha_;
  float beta_ = 0;
  float v_beta_ = 0;
  DocumentTopics<Count> documents_;
  std::vector<TreeScratch> scratch_;
};

}  // namespace

std::unique_ptr<Sampler> MakeTreeSampler(const TokenGrid& grid, const Prior& prior) {
  if (grid.HasShortDocuments()) return std::make_unique<TreeSampler<uint16_t>>(grid, prior);
  return std::make_unique<TreeSampler<uint32_t>>(grid, prior);
}

}  // namespace strads::lda
