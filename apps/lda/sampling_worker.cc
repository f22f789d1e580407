#include "apps/lda/sampling_worker.h"

#include <strads/random.h>

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

size_t Index(int64_t i) { return static_cast<size_t>(i); }

}  // namespace

SamplingWorker::SamplingWorker(const Options& options,
                               OwnDocuments own,
                               Shard shard,
                               ThreadPool& pool)
    : options_(options),
      shard_(shard),
      pool_(pool),
      ids_(std::move(own.ids)),
      grid_(own.documents,
            ids_,
            own.block_begins,
            {.groups = kGroups,
             .topics = options.topics,
             .seed = static_cast<uint64_t>(options.seed)}),
      prior_(options.prior(own.block_begins.back())),
      totals_(Index(options.topics)) {
  own.documents = {};
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
  // Far from each other for seeds and passes that are not.
  const uint64_t seed = Random(static_cast<uint64_t>(options_.seed))();
  const auto pass = static_cast<uint64_t>(int64_t{plan.epoch} * shard_.num_workers + shard_.rank);
  RunPass(grid_, block, seed, pass, *sampler_, rows, totals_, pool_);
}

Partial SamplingWorker::Push(const Plan& plan, Block& block) {
  Partial partial;
  const std::vector<int64_t> before = totals_;
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
  if (update.alpha.empty()) return;
  prior_.alpha = update.alpha;
  sampler_->SetPrior(prior_);
}

std::optional<Share> SamplingWorker::Collect() {
  if (collected_ == std::ssize(ids_)) return std::nullopt;
  Share share;
  std::vector<TopicCount> counts;
  for (; collected_ < std::ssize(ids_) && share.topics.size() < kShareTopics; ++collected_) {
    sampler_->CountsOf(collected_, counts);
    std::ranges::sort(counts, {}, &TopicCount::topic);
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
