#include <strads/aligned_vector.h>
#include <strads/index.h>
#include <strads/vector_clones.h>

#include <algorithm>
#include <limits>

#include "apps/lda/sampler.h"
#include "apps/lda/vectors.h"
#include "apps/lda/word_scratch.h"

namespace strads::lda {
namespace {

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

// What all cells have in common; pointers are to arrays of `stride` numbers, of documents one each.
template <class Count>
struct DenseModel {
  Count* documents;
  const float* alpha;
  int topics;
  int stride;
  float beta;
  float v_beta;
};

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

// The tokens of a cell one after the other: while (Next()) { Remove(); Draw(); Add(); }.
template <class Count>
class DenseTokens {
 public:
  STRADS_INLINE DenseTokens(const DenseModel<Count>& model, CellWork& work, DenseScratch& scratch)
      : model_(model),
        work_(work),
        word_(scratch.word),
        totals_(work.totals.data()),
        counts_(scratch.word.counts()),
        inverse_(scratch.inverse.data()),
        weight_(scratch.weight.data()),
        sums_(scratch.sums.data()),
        random_(work.random),
        token_(work.cell.begins.front() - 1),
        word_end_(work.cell.begins.front()) {
    for (int k = 0; k < model.topics; ++k)
      inverse_[k] = 1 / (static_cast<float>(totals_[k]) + model.v_beta);
  }

  // Goes to the next token, maybe of another word; none: false.
  STRADS_INLINE bool Next() {
    if (++token_ < word_end_) return true;
    if (place_ > 0) word_.Store(*work_.rows, work_.cell.words[place_ - 1]);
    if (place_ == work_.cell.words.size()) return false;
    word_.Load(*work_.rows, work_.cell.words[place_++]);
    word_end_ = work_.cell.begins[place_];
    for (int k = 0; k < model_.topics; ++k)
      weight_[k] = (static_cast<float>(counts_[k]) + model_.beta) * inverse_[k];
    return true;
  }

  // Takes the token out of all counts, then sums up (n_dk + alpha_k) weight_k: vectors are in two
  // halves whose lanes are summed up one by one.
  STRADS_INLINE void Remove() {
    row_ = model_.documents + int64_t{work_.cell.documents[token_]} * model_.stride;
    if (token_ + kAhead < work_.cell.begins.back()) {
      const Count* const ahead =
          model_.documents + int64_t{work_.cell.documents[token_ + kAhead]} * model_.stride;
      for (int k = 0; k < model_.stride; k += 64 / static_cast<int>(sizeof(Count)))
        __builtin_prefetch(ahead + k, 1);
    }
    const int old = work_.cell.topics[token_];
    --counts_[old];
    --totals_[old];
    Change(row_, old, -1);
    SetWeight(old);

    const int vectors = model_.stride / kLanes, half = (vectors + 1) / 2;
    Float8 first{}, second{};
    for (int v = 0; v < vectors - half; ++v) {
      AddVector(v, first);
      AddVector(half + v, second);
    }
    if (2 * half > vectors) {
      AddVector(half - 1, first);
      Store(Float8{} + std::numeric_limits<float>::max(), sums_ + vectors * kLanes);
    }
    Store(first, firsts_ + kLanes);
    prefix_ = first + second;
  }

  // Draws first a lane, then a half, then one of the half's vectors.
  STRADS_INLINE void Draw() {
    const int vectors = model_.stride / kLanes, half = (vectors + 1) / 2;
    const float uniform = static_cast<float>(random_() >> 40) * 0x1p-24F;
    Float8 prefix = prefix_;
    PrefixSums(prefix);
    Store(prefix, ends_ + 1);
    const float goal = uniform * prefix[kLanes - 1];
    const int lane = std::min(CountSet(prefix <= goal), std::min(model_.topics, kLanes) - 1);
    float rest = goal - ends_[lane];
    const int second =
        static_cast<int>(rest >= firsts_[kLanes + lane]) & static_cast<int>(vectors > 1);
    rest -= firsts_[second * kLanes + lane];
    const float* const sums = sums_ + second * half * kLanes + lane;
    int v = 0;
    for (int i = 0; i < half; ++i) v += static_cast<int>(sums[i * kLanes] <= rest);
    const int last = half - 1 - second * (2 * half - vectors);
    const int topic = (second * half + std::min(v, last)) * kLanes + lane;
    drawn_ = topic < model_.topics ? topic : topic - kLanes;
  }

  STRADS_INLINE void Add() {
    ++counts_[drawn_];
    ++totals_[drawn_];
    Change(row_, drawn_, 1);
    SetWeight(drawn_);
    word_.Use(static_cast<Topic>(drawn_));
    work_.cell.topics[token_] = static_cast<Topic>(drawn_);
  }

 private:
  STRADS_INLINE void SetWeight(int topic) {
    inverse_[topic] = 1 / (static_cast<float>(totals_[topic]) + model_.v_beta);
    SetElement(weight_, topic,
               (static_cast<float>(counts_[topic]) + model_.beta) * inverse_[topic]);
  }
  STRADS_INLINE void AddVector(int v, Float8& sum) {
    Float8 counts, alphas, weights;
    LoadCounts(row_ + v * kLanes, counts);
    Load(model_.alpha + v * kLanes, alphas);
    Load(weight_ + v * kLanes, weights);
    sum += (counts + alphas) * weights;
    Store(sum, sums_ + v * kLanes);
  }

  const DenseModel<Count> model_;
  const CellWork& work_;
  WordScratch& word_;
  int64_t* const totals_;
  int32_t* const counts_;
  float* const inverse_;
  float* const weight_;
  float* const sums_;
  Random random_;
  int64_t token_;
  int64_t word_end_;
  size_t place_ = 0;  // of the next word
  Count* row_ = nullptr;
  int drawn_ = 0;
  Float8 prefix_{};
  float ends_[1 + kLanes] = {};
  float firsts_[2 * kLanes] = {};  // zeros, then the first half's lanes
};

template <class Count>
STRADS_INLINE void SampleDense(const DenseModel<Count>& model,
                               std::span<CellWork> work,
                               DenseScratch* scratch) {
  DenseTokens<Count> one(model, work[0], scratch[work[0].group]);
  bool more = one.Next();
  if (work.size() > 1) {
    DenseTokens<Count> other(model, work[1], scratch[work[1].group]);
    bool others = other.Next();
    while (more && others) {
      one.Remove();
      other.Remove();
      one.Draw();
      other.Draw();
      one.Add();
      other.Add();
      more = one.Next();
      others = other.Next();
    }
    for (; others; others = other.Next()) {
      other.Remove();
      other.Draw();
      other.Add();
    }
  }
  for (; more; more = one.Next()) {
    one.Remove();
    one.Draw();
    one.Add();
  }
}

STRADS_VECTOR_CLONES void SampleCells(const DenseModel<uint16_t>& model,
                                      std::span<CellWork> work,
                                      DenseScratch* scratch) {
  SampleDense(model, work, scratch);
}
STRADS_VECTOR_CLONES void SampleCells(const DenseModel<uint32_t>& model,
                                      std::span<CellWork> work,
                                      DenseScratch* scratch) {
  SampleDense(model, work, scratch);
}

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

  void Sample(std::span<CellWork> work) override {
    SampleCells(DenseModel<Count>{.documents = documents_.data(),
                                  .alpha = alpha_.data(),
                                  .topics = topics_,
                                  .stride = stride_,
                                  .beta = beta_,
                                  .v_beta = v_beta_},
                work, scratch_.data());
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
