#include "apps/lda/sampling_worker.h"

#include <strads/index.h>

#include <algorithm>
#include <utility>

#include "apps/lda/invariants.h"
#include "apps/lda/log_likelihood.h"

namespace strads::lda {
namespace {

// Groups of documents and of a block's words: as many threads can be of use, and the answer does
// not depend on how many there are.
constexpr int kGroups = 8;
constexpr size_t kShareTopics = size_t{1} << 20;

TokenGrid MakeGrid(const Options& options, const OwnDocuments& own) {
  const TokenGrid::Options grid{.groups = kGroups,
                                .topics = options.topics,
                                .seed = static_cast<uint64_t>(options.seed),
                                .start_topics = options.num_start_topics()};
  if (own.topics.empty()) return {own.documents, own.ids, own.block_begins, grid};
  return {own.documents, own.block_begins, grid, own.topics};
}

}  // namespace

SamplingWorker::SamplingWorker(const Options& options,
                               OwnDocuments own,
                               Shard shard,
                               ThreadPool& pool)
    : options_(options),
      shard_(shard),
      pool_(pool),
      grid_(MakeGrid(options, own)),
      ids_(std::move(own.ids)),
      held_out_(std::move(own.held_out)),
      prior_(options.prior(own.block_begins.back())),
      totals_(Index(options.topics)) {
  own.documents = {};
  own.topics = {};
  sampler_ = MakeSampler(ParseSampler(options_.sampler, options_.topics), grid_, prior_);
}

Block SamplingWorker::MakeBlock(int32_t index) const {
  return {index, WordTopics(std::ssize(grid_.WordCounts(index)), options_.topics)};
}

void SamplingWorker::Sample(const Plan& plan, int32_t block, WordRows& rows) {
  if (plan.phase == static_cast<int>(Phase::kStart)) {
    AddTopics(grid_, block, rows, totals_);
    return;
  }
  const auto seed = static_cast<uint64_t>(options_.seed);
  const auto pass = static_cast<uint64_t>(int64_t{plan.epoch} * shard_.num_workers + shard_.rank);
  RunPass(grid_, block, seed, pass, *sampler_, rows, totals_, pool_);
}

Partial SamplingWorker::Push(const Plan& plan, Block& block) {
  Partial partial;
  const std::vector<int64_t> before = totals_;
  if (plan.phase == static_cast<int>(Phase::kHeldOut)) return Complete(plan, block);
  WordRows rows(block.rows, grid_.WordCounts(block.index), options_.topics);
  std::optional<CountsElsewhere> elsewhere;
  if (options_.checks) {
    const bool starts = plan.phase == static_cast<int>(Phase::kStart);
    elsewhere.emplace(grid_, block.index, rows, /*has_own=*/!starts);
  }
  Sample(plan, block.index, rows);
  if (elsewhere) {
    elsewhere->Check(grid_, block.index, rows);
    CheckDocuments(grid_, *sampler_);
  }
  block.rows = rows.Pack();
  partial.change = TotalsChange(before, totals_);
  unconfirmed_.push_back(partial.change);
  partial.sampled =
      plan.phase == static_cast<int>(Phase::kSample) ? grid_.SliceSize(block.index) : 0;
  partial.block_bytes = std::ssize(block.rows.bytes);
  partial.block_counts = rows.size();
  Measure(plan, rows, partial);
  return partial;
}

Partial SamplingWorker::Complete(const Plan& plan, const Block& block) {
  const std::vector<int32_t> none(grid_.WordCounts(block.index).size());
  held_out_.Take(block.index, WordRows(block.rows, none, options_.topics));
  Partial partial;
  if (!plan.ends_epoch) return partial;
  const Completion completion = held_out_.Complete(prior_, totals_, pool_);
  partial.heldout_log_probability = completion.log_probability;
  partial.heldout_tokens = completion.tokens;
  return partial;
}

void SamplingWorker::Measure(const Plan& plan, const WordRows& rows, Partial& partial) const {
  const bool is_last_visit = plan.last_visit[Index(shard_.rank)] != 0;
  if (plan.measures && is_last_visit) partial.words_likelihood = WordsLogLikelihood(prior_, rows);
  if (plan.measures && plan.ends_epoch)
    partial.documents_likelihood =
        DocumentsLogLikelihood(prior_, *sampler_, grid_.lengths(), pool_);
  if (plan.fits_alpha && plan.ends_epoch)
    partial.histogram = TopicHistogram(*sampler_, grid_.lengths(), options_.topics);
}

void SamplingWorker::Sync(const Update& update) {
  update.change.AddTo(totals_);
  unconfirmed_.front().SubtractFrom(totals_);
  unconfirmed_.pop_front();
  if (!update.alpha.empty()) SetAlpha(update.alpha);
}

void SamplingWorker::SetAlpha(const std::vector<double>& alpha) {
  prior_.alpha = alpha;
  sampler_->SetPrior(prior_);
}

void SamplingWorker::AddTokens(int64_t document, Share& share) {
  if (!tokens_) tokens_ = grid_.TokensByDocument();
  const int64_t begin = tokens_->begins[Index(document)],
                end = tokens_->begins[Index(document + 1)];
  share.token_words.insert(share.token_words.end(), tokens_->words.begin() + begin,
                           tokens_->words.begin() + end);
  share.token_topics.insert(share.token_topics.end(), tokens_->topics.begin() + begin,
                            tokens_->topics.begin() + end);
}

std::optional<Share> SamplingWorker::Collect() {
  if (collected_ == std::ssize(ids_)) return std::nullopt;
  Share share;
  std::vector<TopicCount> counts;
  for (; collected_ < std::ssize(ids_) &&
         share.topics.size() + share.token_topics.size() < kShareTopics;
       ++collected_) {
    sampler_->CountsOf(collected_, counts);
    std::ranges::sort(counts, {}, &TopicCount::topic);
    if (options_.tokens) AddTokens(collected_, share);
    share.documents.push_back(ids_[Index(collected_)]);
    share.sizes.push_back(static_cast<int32_t>(counts.size()));
    for (const TopicCount& own : counts) {
      share.topics.push_back(own.topic);
      share.counts.push_back(own.count);
    }
  }
  return share;
}

}  // namespace strads::lda
