#include <strads/aligned_vector.h>
#include <strads/index.h>
#include <strads/vector_clones.h>

#include <algorithm>
#include <numeric>

#include "apps/lda/alias_table.h"
#include "apps/lda/sampler.h"
#include "apps/lda/topic_table.h"
#include "apps/lda/vectors.h"
#include "apps/lda/word_scratch.h"

namespace strads::lda {
namespace {

// A document's topics are asked for this many tokens before they are used.
constexpr int kAhead = 4;
constexpr int kTopicsAtOnce = 16;
constexpr Topic kNoTopic = 65535;
static_assert(kNoTopic >= kMaxTopics);

constexpr int64_t PadToVector(int64_t topics) {
  return (topics + kTopicsAtOnce - 1) / kTopicsAtOnce * kTopicsAtOnce;
}

// The topics of each document's tokens, padded with kNoTopic to whole vectors; after those of a
// long document a TopicTable of them. As cells go word by word through all of their documents, each
// must keep its own; a short one's tokens are counted in less time than a table's misses take.
struct DocumentTokens {
  DocumentTokens(const TokenGrid& grid, int32_t shortest_long);

  bool IsLong(int32_t length) const { return length >= long_length; }
  STRADS_INLINE TopicTable TableOf(Topic* tokens, int32_t length) const {
    return {tokens + PadToVector(length), length, number_of_topics};
  }

  int number_of_topics;
  int32_t long_length;
  bool some_long = false;
  std::vector<int64_t> begins;
  std::vector<int32_t> lengths;
  AlignedVector<Topic> topics;
  AlignedVector<int32_t> places;  // of each token of the grid: where in its document it is
};

DocumentTokens::DocumentTokens(const TokenGrid& grid, int32_t shortest_long)
    : number_of_topics(grid.topics()), long_length(shortest_long) {
  int64_t end = 0;
  for (const int64_t length : grid.lengths()) {
    begins.push_back(end);
    lengths.push_back(static_cast<int32_t>(length));
    end += PadToVector(length);
    if (!IsLong(lengths.back())) continue;
    some_long = true;
    end += PadToVector(TopicTable::SizeInTopics(length, number_of_topics));
  }
  topics.resize(Index(end), kNoTopic);
  const auto documents = grid.token_documents();
  const auto grid_topics = grid.token_topics();
  std::vector<int32_t> next(lengths.size());
  places.reserve(documents.size());
  for (size_t n = 0; n < documents.size(); ++n) {
    const auto d = Index(documents[n]);
    topics[Index(begins[d] + next[d])] = grid_topics[n];
    places.push_back(next[d]++);
  }
  for (size_t d = 0; d < lengths.size(); ++d) {
    if (!IsLong(lengths[d])) continue;
    Topic* const tokens = topics.data() + begins[d];
    std::fill_n(tokens + PadToVector(lengths[d]),
                TopicTable::SizeInTopics(lengths[d], number_of_topics), Topic{0});
    TopicTable table = TableOf(tokens, lengths[d]);
    for (int32_t n = 0; n < lengths[d]; ++n) table.Add(tokens[n]);
  }
}

// What a group has of its own.
struct MetropolisScratch {
  explicit MetropolisScratch(int topics) : word(topics) {}

  WordScratch word;
  // To draw tokens of the word that are not of the cell: the topic of each if there are few for
  // their topics, else their topics with a table of how often.
  bool listed = false;
  std::vector<Topic> other_tokens;
  std::vector<Topic> others;
  std::vector<double> other_counts;
  AliasTable other_table;
};

// A cell as the inner loop wants it.
struct MetropolisWork {
  const Cell& cell;
  WordRows& rows;
  int64_t* totals;
  Random& random;
  MetropolisScratch& scratch;
  DocumentTokens& documents;
  const float* alpha;
  const AliasTable* alpha_table;  // null if all alphas are the same
  double alpha_sum;
  int topics;
  int cycles;
  float beta;
  float v_beta;
};

struct TwoCounts {
  int32_t first;
  int32_t second;
};

using Short16 = uint16_t __attribute__((vector_size(32)));

STRADS_INLINE int32_t SumLanes(const Short16& x) {
  const Short8 low = __builtin_shufflevector(x, x, 0, 1, 2, 3, 4, 5, 6, 7);
  const Short8 high = __builtin_shufflevector(x, x, 8, 9, 10, 11, 12, 13, 14, 15);
  const Int8 both = __builtin_convertvector(low, Int8) + __builtin_convertvector(high, Int8);
  return -CountSet(both);
}

// How many of topics[0, length), padded, are `first` and how many are `second`.
STRADS_INLINE TwoCounts CountTwo(const Topic* topics, int32_t length, int first, int second) {
  constexpr int32_t kChunk = kTopicsAtOnce * 32768;  // lanes count to 65,535
  TwoCounts counts{0, 0};
  for (int32_t begin = 0; begin < length; begin += kChunk) {
    const int32_t end = begin + std::min(kChunk, length - begin);
    Short16 firsts{}, seconds{};
    for (int32_t n = begin; n < end; n += kTopicsAtOnce) {
      Short16 own;
      Load(topics + n, own);
      firsts -= (Short16)(own == static_cast<uint16_t>(first));    // NOLINT: the same bits
      seconds -= (Short16)(own == static_cast<uint16_t>(second));  // NOLINT
    }
    counts.first += SumLanes(firsts);
    counts.second += SumLanes(seconds);
  }
  return counts;
}

// Tokens are listed where there are at most so many for each of their topics.
constexpr int64_t kListed = 4;

// Lists the tokens of a row's topics that are left in counts.
STRADS_INLINE void ListTokens(std::span<const Topic> row,
                              const int32_t* counts,
                              std::vector<Topic>& tokens) {
  size_t size = 0;
  for (const Topic topic : row) {
    const int32_t count = counts[topic];
    tokens[size] = topic;
    size += static_cast<size_t>(count > 0);  // as often as not, and in no order: no branch
    for (int32_t more = 1; more < count; ++more) tokens[size++] = topic;
  }
}

// Makes the scratch ready to draw tokens of the word that are not of the cell; returns how many
// they are.
STRADS_INLINE int64_t FindOthers(const MetropolisWork& work, size_t i) {
  MetropolisScratch& scratch = work.scratch;
  int32_t* const counts = scratch.word.counts();
  const WordRows::Row row = work.rows.Of(work.cell.words[i]);
  const auto begin = work.cell.begins[i], end = work.cell.begins[i + 1];
  const int64_t others = std::accumulate(row.counts.begin(), row.counts.end(), begin - end);
  scratch.listed = others <= kListed * std::ssize(row.topics);
  for (int64_t n = begin; n < end; ++n) --counts[work.cell.topics[n]];
  if (scratch.listed) {
    if (std::ssize(scratch.other_tokens) <= others)
      scratch.other_tokens.resize(2 * Index(others + 1));
    ListTokens(row.topics, counts, scratch.other_tokens);
  } else {
    scratch.others.clear();
    scratch.other_counts.clear();
    for (const Topic topic : row.topics) {
      if (counts[topic] <= 0) continue;
      scratch.others.push_back(topic);
      scratch.other_counts.push_back(counts[topic]);
    }
    scratch.other_table.Build(scratch.other_counts);
  }
  for (int64_t n = begin; n < end; ++n) ++counts[work.cell.topics[n]];
  return others;
}

// A number of 0..count - 1 that is not `but`, for x in [0, count - 1).
STRADS_INLINE int64_t OtherThan(int64_t but, double x) {
  const auto n = static_cast<int64_t>(x);
  return n < but ? n : n + 1;
}

// Asks for what the cell's token n will need.
template <bool SomeLong>
STRADS_INLINE void Prefetch(const MetropolisWork& work, int64_t n) {
  DocumentTokens& documents = work.documents;
  const auto document = Index(work.cell.documents[n]);
  Topic* const tokens = documents.topics.data() + documents.begins[document];
  const int32_t length = documents.lengths[document];
  if (SomeLong && documents.IsLong(length)) {
    __builtin_prefetch(tokens + documents.places[Index(n)], 1);
    documents.TableOf(tokens, length).Prefetch(work.cell.topics[n]);
  } else {
    for (int line = 0; line < 4; ++line) __builtin_prefetch(tokens + 32 * line, 1);
  }
}

template <bool SomeLong>
STRADS_INLINE void SampleMetropolis(const MetropolisWork& work) {
  const Cell& cell = work.cell;
  MetropolisScratch& scratch = work.scratch;
  int32_t* const counts = scratch.word.counts();
  int64_t* const totals = work.totals;
  Random& random = work.random;
  const double all_beta = static_cast<double>(work.beta) * work.topics;
  const auto alpha = [&](int k) __attribute__((always_inline)) {
    // Not a table of one number over and over, which would take the cache's room.
    return work.alpha[work.alpha_table == nullptr ? 0 : k];
  };
  const auto spread = [&](double x, double each) __attribute__((always_inline)) {
    return std::min(static_cast<int>(x / each), work.topics - 1);
  };
  for (size_t i = 0; i < cell.words.size(); ++i) {
    scratch.word.Load(work.rows, cell.words[i]);
    if (i + 1 < cell.words.size()) work.rows.Prefetch(cell.words[i + 1]);
    const int64_t begin = cell.begins[i], end = cell.begins[i + 1];
    const auto in_cell = static_cast<double>(end - begin - 1);
    const auto in_word = in_cell + static_cast<double>(FindOthers(work, i));
    for (int64_t n = begin; n < end; ++n) {
      if (n + kAhead < cell.begins.back()) Prefetch<SomeLong>(work, n + kAhead);
      const auto document = Index(cell.documents[n]);
      Topic* const tokens = work.documents.topics.data() + work.documents.begins[document];
      const int32_t length = work.documents.lengths[document];
      const int32_t place = work.documents.places[Index(n)];
      const bool is_long = SomeLong && work.documents.IsLong(length);
      const int old = cell.topics[n];
      int topic = old;
      --counts[old];
      --totals[old];
      const auto total = [&](int k) __attribute__((always_inline)) {
        return static_cast<float>(totals[k]) + work.v_beta;
      };
      float now = total(topic);  // always of `topic`
      for (int cycle = 0; cycle < work.cycles; ++cycle) {
        double x = random.Uniform() * (in_word + all_beta);
        int proposal;
        if (x < in_cell) {
          proposal = cell.topics[begin + OtherThan(n - begin, x)];
        } else if (x < in_word) {
          proposal = scratch.listed ? scratch.other_tokens[Index(static_cast<int64_t>(x - in_cell))]
                                    : scratch.others[scratch.other_table.Draw(random())];
        } else {
          proposal = spread(x - in_word, static_cast<double>(work.beta));
        }
        if (proposal != topic) {
          TwoCounts own;
          if (is_long) {
            const TopicTable table = work.documents.TableOf(tokens, length);
            own = {table.Of(proposal), table.Of(topic)};
          } else {
            own = CountTwo(tokens, length, proposal, topic);
          }
          const int self = proposal == old ? 1 : 0, now_self = topic == old ? 1 : 0;
          const float then = total(proposal);
          const float gain = (static_cast<float>(own.first - self) + alpha(proposal)) * now;
          const float cost = (static_cast<float>(own.second - now_self) + alpha(topic)) * then;
          const auto uniform = static_cast<float>(random() >> 40) * 0x1p-24F;
          if (uniform * cost < gain) {
            topic = proposal;
            now = then;
          }
        }

        const auto others = static_cast<double>(length - 1);
        x = random.Uniform() * (others + work.alpha_sum);
        if (x < others) {
          proposal = tokens[OtherThan(place, x)];
        } else if (work.alpha_table == nullptr) {
          proposal = spread(x - others, static_cast<double>(work.alpha[0]));
        } else {
          proposal = static_cast<int>(work.alpha_table->Draw(random()));
        }
        if (proposal != topic) {
          const float then = total(proposal);
          const float gain = (static_cast<float>(counts[proposal]) + work.beta) * now;
          const float cost = (static_cast<float>(counts[topic]) + work.beta) * then;
          const auto uniform = static_cast<float>(random() >> 40) * 0x1p-24F;
          if (uniform * cost < gain) {
            topic = proposal;
            now = then;
          }
        }
      }
      ++counts[topic];
      ++totals[topic];
      scratch.word.Use(static_cast<Topic>(topic));
      cell.topics[n] = static_cast<Topic>(topic);
      tokens[place] = static_cast<Topic>(topic);
      if (is_long && topic != old) {
        TopicTable table = work.documents.TableOf(tokens, length);
        table.Remove(old);
        table.Add(topic);
      }
    }
    scratch.word.Store(work.rows, cell.words[i]);
  }
}

STRADS_VECTOR_CLONES void SampleCell(const MetropolisWork& work) {
  work.documents.some_long ? SampleMetropolis<true>(work) : SampleMetropolis<false>(work);
}

class MetropolisSampler final : public Sampler {
 public:
  MetropolisSampler(const TokenGrid& grid, const Prior& prior, int cycles, int32_t long_length)
      : topics_(grid.topics()),
        cycles_(cycles),
        documents_(grid, long_length),
        scratch_(Index(grid.groups()), MetropolisScratch(topics_)) {
    SetPrior(prior);
  }

  void SetPrior(const Prior& prior) override {
    alpha_.assign(prior.alpha.begin(), prior.alpha.end());
    alpha_sum_ = std::accumulate(alpha_.begin(), alpha_.end(), 0.0);
    symmetric_ = std::ranges::all_of(alpha_, [&](float a) { return a == alpha_.front(); });
    alpha_table_.Build(prior.alpha);
    beta_ = static_cast<float>(prior.beta);
    v_beta_ = static_cast<float>(prior.beta * static_cast<double>(prior.vocabulary));
  }

  void Sample(std::span<CellWork> work) override {
    for (CellWork& own : work) SampleOne(own);
  }

  void SampleOne(CellWork& own) {
    SampleCell({.cell = own.cell,
                .rows = *own.rows,
                .totals = own.totals.data(),
                .random = own.random,
                .scratch = scratch_[Index(own.group)],
                .documents = documents_,
                .alpha = alpha_.data(),
                .alpha_table = symmetric_ ? nullptr : &alpha_table_,
                .alpha_sum = alpha_sum_,
                .topics = topics_,
                .cycles = cycles_,
                .beta = beta_,
                .v_beta = v_beta_});
  }

  void CountsOf(int64_t document, std::vector<TopicCount>& counts) const override {
    const auto d = Index(document);
    const auto begin = documents_.topics.begin() + documents_.begins[d];
    std::vector<Topic> topics(begin, begin + documents_.lengths[d]);
    std::ranges::sort(topics);
    counts.clear();
    for (const Topic topic : topics) {
      if (counts.empty() || counts.back().topic != topic) counts.push_back({topic, 0});
      ++counts.back().count;
    }
  }

 private:
  int topics_;
  int cycles_;
  std::vector<float> alpha_;
  double alpha_sum_ = 0;
  bool symmetric_ = true;
  AliasTable alpha_table_;
  float beta_ = 0;
  float v_beta_ = 0;
  DocumentTokens documents_;
  std::vector<MetropolisScratch> scratch_;
};

}  // namespace

std::unique_ptr<Sampler> MakeMetropolisSampler(const TokenGrid& grid,
                                               const Prior& prior,
                                               int cycles,
                                               int32_t long_length) {
  return std::make_unique<MetropolisSampler>(grid, prior, cycles, long_length);
}

}  // namespace strads::lda
