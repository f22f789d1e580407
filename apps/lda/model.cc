#include "apps/lda/model.h"

#include <strads/error.h>
#include <strads/index.h>
#include <strads/is_utf8.h>
#include <strads/model_file.h>
#include <strads/options.h>
#include <strads/rotation_schedule.h>
#include <strads/vocabulary.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <utility>

#include "apps/lda/fixed_topics.h"
#include "apps/lda/log_likelihood.h"

namespace strads::lda {
namespace {

constexpr int kAlphaSteps = 20;
// The mean share of tokens over the largest from which on reading again is not worth its time.
constexpr double kBalanced = 0.95;

// Cuts of the corpus that give workers about as many tokens of the vocabulary each; none if the
// shards that were counted are near that.
std::vector<double> CutsFor(std::span<const WordCounts> counts, const Vocabulary& vocabulary) {
  std::vector<int64_t> tokens;
  for (const WordCounts& shard : counts) {
    const std::vector<int32_t> numbers = shard.words.IndicesIn(vocabulary.words);
    int64_t& kept = tokens.emplace_back();
    for (size_t i = 0; i < numbers.size(); ++i)
      if (numbers[i] >= 0) kept += shard.tokens[i];
  }
  const auto sum = static_cast<double>(std::accumulate(tokens.begin(), tokens.end(), int64_t{0}));
  const auto most = static_cast<double>(std::ranges::max(tokens));
  if (sum >= kBalanced * most * static_cast<double>(tokens.size())) return {};
  return BalancedCuts(tokens);
}

}  // namespace

Model::Model(const Options& options)
    : topics_(options.topics), beta_(options.beta), options_(options) {
  options.Validate();
  if (!options.model.empty()) {
    CheckModelPath(WordRowsPath(options.model));
    CheckModelPath(DocumentRowsPath(options.model));
    if (options.tokens) CheckModelPath(TokensPath(options.model));
  }
  alpha_ = options.prior(0).alpha;
  totals_.resize(Index(topics_));
  word_totals_ = document_totals_ = totals_;
  if (options.resume.empty()) return;
  Model before = ReadModelFile(options.resume);
  if (before.topics_ != topics_ || before.beta_ != beta_)
    throw UsageError("--topics=" + std::to_string(topics_) +
                     " and --beta=" + internal::FormatOption(beta_) + " do not fit " +
                     options.resume + ", which has " + std::to_string(before.topics_) +
                     " topics and beta " + internal::FormatOption(before.beta_));
  alpha_ = std::move(before.alpha_);
  epochs_ = before.epochs_;
  resumed_words_ = std::move(before.words_);
  resumed_totals_ = std::move(before.totals_);
}

// What came over the wire is not trusted to fit.
void Model::Check(const Plan& plan, std::span<const Partial> partials) const {
  const auto phase = static_cast<Phase>(plan.phase);
  if (phase != Phase::kStart && phase != Phase::kSample) return;
  if (plan.last_visit.size() != partials.size() || plan.rotation.next.size() != partials.size())
    throw ProtocolError("a plan does not fit its workers");
  for (const Partial& partial : partials) {
    if (partial.seen < 0 || partial.seen > pulled_)
      throw ProtocolError("a partial is of updates that there were not");
  }
}

void Model::Check(const Share& share) const {
  int64_t topics = 0, tokens = 0;
  bool fits = share.sizes.size() == share.documents.size();
  for (const int32_t size : share.sizes) {
    fits = fits && size >= 0;
    topics += size;
  }
  for (const int32_t count : share.counts) {
    fits = fits && count > 0;
    tokens += count;
  }
  for (const uint16_t topic : share.topics) fits = fits && topic < topics_;
  fits = fits && std::ssize(share.topics) == topics && std::ssize(share.counts) == topics &&
         share.token_words.size() == share.token_topics.size() &&
         (!options_.tokens || std::ssize(share.token_words) == tokens);
  if (!fits) throw ProtocolError("a share does not fit the model");
}

Update Model::Pull(const Plan& plan, std::span<const Partial> partials) {
  Check(plan, partials);
  Update update;
  switch (static_cast<Phase>(plan.phase)) {
    case Phase::kCount:
      update = PullCount(partials);
      break;
    case Phase::kLoad:
      update = PullLoad(partials);
      break;
    case Phase::kStart:
    case Phase::kSample:
      update = PullChange(plan, partials);
      break;
    case Phase::kHeldOut:
      PullHeldOut(plan, partials);
      break;
    case Phase::kIdle:
      break;
  }
  report_.loads =
      plan.phase == static_cast<int>(Phase::kCount) || plan.phase == static_cast<int>(Phase::kLoad);
  update.phase = plan.phase;
  ++pulled_;
  return update;
}

Update Model::PullCount(std::span<const Partial> partials) {
  std::vector<WordCounts> counts;
  for (const Partial& partial : partials) counts.push_back(partial.words);
  Vocabulary vocabulary = MergeVocabulary(counts, options_.limits());
  for (int32_t i = 0; i < vocabulary.words.size(); ++i) {
    words_.emplace_back(vocabulary.words.Name(i));
    if (!options_.model.empty() && !IsUtf8(words_.back()))
      throw DataError(options_.data + ": word '" + words_.back() +
                      "' is not UTF-8, expected a word that the model file can hold");
    if (vocabulary.tokens[Index(i)] > std::numeric_limits<int32_t>::max())
      throw DataError(options_.data + ": has word '" + words_.back() + "' " +
                      std::to_string(vocabulary.tokens[Index(i)]) +
                      " times, expected less than 2^31 times");
  }
  if (words_.empty())
    throw DataError(options_.data + ": none of its words is kept (" +
                    std::to_string(vocabulary.too_rare) + " too rare, " +
                    std::to_string(vocabulary.too_frequent) +
                    " too frequent), see --min_df and --max_df");
  if (!options_.resume.empty() && words_ != resumed_words_)
    throw DataError(options_.data + ": does not have the words of " + options_.resume +
                    ", expected the data and flags that it was trained with");
  resumed_words_ = {};
  Update update;
  update.first_epoch = epochs_;
  update.cuts = CutsFor(counts, vocabulary);
  update.block_of_word = BalancedParts(vocabulary.tokens, options_.num_blocks());
  update.words = std::move(vocabulary.words);
  words_of_block_ = WordsOfBlocks(update.block_of_word, options_.num_blocks());
  return update;
}

Update Model::PullLoad(std::span<const Partial> partials) {
  for (const Partial& partial : partials) {
    corpus_.documents += partial.documents;
    corpus_.empty_documents += partial.empty;
    corpus_.held_out_documents += partial.held_out;
    corpus_.tokens += partial.tokens;
    corpus_.left_out_tokens += partial.left_out;
  }
  if (corpus_.tokens == 0)
    throw DataError(options_.data + ": all of its " + std::to_string(corpus_.documents) +
                    " documents are empty without the words that are left out");
  left_ = std::ssize(words_) + corpus_.documents;
  Update update;
  if (!options_.resume.empty()) update.alpha = alpha_;
  return update;
}

Update Model::PullChange(const Plan& plan, std::span<const Partial> partials) {
  const std::vector<int64_t> before = totals_;
  RoundChanges& changes = recent_.emplace_back();
  int64_t most_sampled = 0;
  for (size_t p = 0; p < partials.size(); ++p) {
    const Partial& partial = partials[p];
    partial.change.AddTo(totals_);
    most_sampled = std::max(most_sampled, partial.sampled);
    changes.of_workers.push_back(partial.change);
    report_.updates += partial.sampled;
    words_likelihood_ += partial.words_likelihood;
    documents_likelihood_ += partial.documents_likelihood;
    if (plan.last_visit[p] != 0) {
      block_counts_ += partial.block_counts;
      block_bytes_ += partial.block_bytes;
    }
    if (plan.rotation.next[p] != static_cast<int32_t>(p)) sent_bytes_ += partial.block_bytes;
    histogram_.Add(partial.histogram);
  }
  longest_rounds_ += most_sampled * std::ssize(partials);
  Update update;
  update.change = changes.all = TotalsChange(before, totals_);
  if (plan.phase == static_cast<int>(Phase::kSample)) PutError(ErrorOfTotals(partials));
  int64_t oldest = pulled_;  // that a worker has not heard of
  for (const Partial& partial : partials) oldest = std::min(oldest, partial.seen);
  while (std::ssize(recent_) > pulled_ + 1 - oldest) recent_.pop_front();
  report_.is_behind = !(plan.ends_epoch && plan.measures) || plan.fits_alpha;
  if (!plan.ends_epoch) return update;
  EndEpoch(plan);
  if (plan.fits_alpha) {
    alpha_ = FitAlpha(std::exchange(histogram_, {}), alpha_, /*symmetric=*/false, kAlphaSteps);
    update.alpha = alpha_;
    report_.extra["alpha_sum"] = std::accumulate(alpha_.begin(), alpha_.end(), 0.0);
  }
  return update;
}

void Model::PutError(double of_totals) {
  totals_error_ = std::max(totals_error_, of_totals);
  report_.extra["s_error"] = of_totals;
  report_.extra["s_error_max"] = totals_error_;
}

double Model::ErrorOfTotals(std::span<const Partial> partials) const {
  std::vector<std::vector<int64_t>> of_workers;
  for (size_t p = 0; p < partials.size(); ++p) {
    auto& own = of_workers.emplace_back(totals_);
    const int64_t unheard = pulled_ + 1 - partials[p].seen;
    const auto end = recent_.end();
    for (auto round = end - std::min(unheard, std::ssize(recent_)); round != end; ++round) {
      round->all.SubtractFrom(own);
      round->of_workers[p].AddTo(own);
    }
  }
  return TotalsError(of_workers, totals_, corpus_.tokens);
}

void Model::EndEpoch(const Plan& plan) {
  const bool starts = plan.phase == static_cast<int>(Phase::kStart);
  if (starts) {
    has_started_ = true;
    recent_.clear();
    if (!resumed_totals_.empty() && totals_ != resumed_totals_)
      throw DataError(TokensPath(options_.resume) + ": does not have the topics of " +
                      options_.resume + ", expected the file of the same run");
  }
  const int64_t tokens = std::accumulate(totals_.begin(), totals_.end(), int64_t{0});
  if (tokens != corpus_.tokens || std::ranges::min(totals_) < 0)
    throw std::logic_error("topics have " + std::to_string(tokens) + " tokens, expected " +
                           std::to_string(corpus_.tokens));
  epochs_ = plan.epoch;
  report_.extra["epoch"] = plan.epoch;
  report_.nonzeros = std::exchange(block_counts_, 0);
  report_.extra["bytes_per_count"] = static_cast<double>(std::exchange(block_bytes_, 0)) /
                                     static_cast<double>(std::max<int64_t>(1, report_.nonzeros));
  report_.extra["bytes_per_round"] =
      static_cast<double>(std::exchange(sent_bytes_, 0)) / options_.num_blocks();
  if (!starts)
    report_.extra["balance"] =
        static_cast<double>(tokens) /
        static_cast<double>(std::max<int64_t>(1, std::exchange(longest_rounds_, 0)));
  const double joint = TotalsLogLikelihood(prior(), totals_) + std::exchange(words_likelihood_, 0) +
                       std::exchange(documents_likelihood_, 0);
  if (plan.measures) {
    log_likelihood_ = joint / static_cast<double>(tokens);
    report_.penalty = -log_likelihood_;
    report_.extra["log_likelihood"] = log_likelihood_;
  }
  if (plan.epoch >= options_.epochs && !options_.MeasuresHeldOut(plan.epoch)) EndRun();
}

void Model::PullHeldOut(const Plan& plan, std::span<const Partial> partials) {
  if (!plan.ends_epoch) return;
  Completion completion;
  for (const Partial& partial : partials) {
    completion.log_probability += partial.heldout_log_probability;
    completion.tokens += partial.heldout_tokens;
  }
  if (completion.tokens > 0) {
    heldout_perplexity_ = completion.perplexity();
    report_.extra["heldout_perplexity"] = heldout_perplexity_;
  }
  if (plan.epoch >= options_.epochs) EndRun();
}

void Model::EndRun() {
  report_.done = "did the " + std::to_string(options_.epochs) + " epochs of --epochs";
  report_.converged = false;
}

void Model::Collect(const Block& block) {
  if (!has_started_) return;
  if (Index(block.index) >= words_of_block_.size())
    throw ProtocolError("a block of words that there is not");
  const std::vector<int32_t>& words = words_of_block_[Index(block.index)];
  if (words.empty()) return;
  const std::vector<int32_t> none(words.size());
  const WordRows rows(block.rows, none, topics_);
  rows.AddTo(word_totals_);
  if (!options_.model.empty()) {
    if (!word_file_) word_file_ = std::make_shared<RowFile>(WordRowsPath(options_.model));
    for (size_t n = 0; n < words.size(); ++n) {
      const WordRows::Row row = rows.Of(static_cast<int64_t>(n));
      word_file_->Write(words[n], row.topics, row.counts, words_[Index(words[n])]);
    }
  }
  if ((left_ -= std::ssize(words)) == 0) CheckTotals();
}

void Model::Collect(const Share& share) {
  if (!has_started_) return;
  Check(share);
  if (!options_.model.empty() && !document_file_) {
    document_file_ = std::make_shared<RowFile>(DocumentRowsPath(options_.model));
    if (options_.tokens) token_file_ = std::make_shared<RowFile>(TokensPath(options_.model));
    for (const auto& words : words_of_block_)
      word_of_row_.insert(word_of_row_.end(), words.begin(), words.end());
  }
  std::vector<int32_t> words;
  for (const int32_t row : share.token_words) words.push_back(word_of_row_.at(Index(row)));
  size_t begin = 0, token = 0;
  for (size_t d = 0; d < share.documents.size(); ++d) {
    const auto size = Index(share.sizes[d]);
    const auto topics = std::span(share.topics).subspan(begin, size);
    const auto counts = std::span(share.counts).subspan(begin, size);
    for (size_t n = 0; n < size; ++n) document_totals_.at(topics[n]) += counts[n];
    if (document_file_) document_file_->Write(share.documents[d], topics, counts);
    if (token_file_) {
      const auto length = Index(std::accumulate(counts.begin(), counts.end(), int64_t{0}));
      token_file_->WriteTokens(share.documents[d], std::span(words).subspan(token, length),
                               std::span(share.token_topics).subspan(token, length));
      token += length;
    }
    begin += size;
  }
  if ((left_ -= std::ssize(share.documents)) == 0) CheckTotals();
}

void Model::CheckTotals() const {
  if (word_totals_ != totals_ || document_totals_ != totals_)
    throw std::logic_error("the counts of words, documents and topics do not add up to the same");
}

SideFiles Model::TakeFiles() {
  SideFiles files;
  for (auto* file : {&word_file_, &document_file_, &token_file_}) {
    if (*file) files.push_back((*file)->Complete());
    file->reset();
  }
  return files;
}

std::string Describe(const Model& model) {
  const CorpusCounts& corpus = model.corpus();
  std::string text = std::to_string(corpus.tokens) + " tokens of " +
                     std::to_string(model.words().size()) + " words in " +
                     std::to_string(corpus.documents) + " documents";
  if (corpus.empty_documents > 0)
    text += ", " + std::to_string(corpus.empty_documents) + " of them empty";
  if (corpus.held_out_documents > 0)
    text += "; " + std::to_string(corpus.held_out_documents) + " documents held out";
  if (corpus.left_out_tokens > 0)
    text += "; " + std::to_string(corpus.left_out_tokens) +
            " tokens left out, of words that are not in the vocabulary";
  return text;
}

}  // namespace strads::lda
