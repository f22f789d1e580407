#pragma once

#include <strads/message.h>
#include <strads/report.h>
#include <strads/side_file.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "apps/lda/messages.h"
#include "apps/lda/options.h"
#include "apps/lda/prior.h"
#include "apps/lda/row_file.h"

namespace strads::lda {

// What there is of a corpus once it is read.
struct CorpusCounts {
  int64_t documents = 0;           // trained on
  int64_t empty_documents = 0;     // of them: without a word of the vocabulary, or too short
  int64_t held_out_documents = 0;  // not trained on
  int64_t tokens = 0;              // trained on
  int64_t left_out_tokens = 0;     // of words that are not in the vocabulary

  STRADS_FIELDS(documents, empty_documents, held_out_documents, tokens, left_out_tokens)
};

// The model and what training says of it. The counts of words and documents lie in two files of
// their own, and never here as a whole.
class Model {
 public:
  Model() = default;
  explicit Model(const Options& options);

  Update Pull(const Plan& plan, std::span<const Partial> partials);
  strads::Report Report() const {
    strads::Report report = report_;
    report.has_model = has_started_ && left_ == 0;
    return report;
  }
  // Throw kData if the files cannot be written. Nothing happens if there are no counts yet.
  void Collect(const Block& block);
  void Collect(const Share& share);
  // Of counts, once all are collected.
  SideFiles TakeFiles();

  int topics() const { return topics_; }
  double beta() const { return beta_; }
  const std::vector<double>& alpha() const { return alpha_; }
  // n_k.
  const std::vector<int64_t>& totals() const { return totals_; }
  const std::vector<std::string>& words() const { return words_; }
  const CorpusCounts& corpus() const { return corpus_; }
  // Joint, per token, as last measured.
  double log_likelihood() const { return log_likelihood_; }
  // Done.
  int epochs() const { return epochs_; }

 private:
  // Each throws ProtocolError if it does not fit.
  void Check(const Plan& plan, std::span<const Partial> partials) const;
  void Check(const Share& share) const;

  Update PullCount(std::span<const Partial> partials);
  Update PullLoad(std::span<const Partial> partials);
  // Of kStart and kSample.
  Update PullChange(const Plan& plan, std::span<const Partial> partials);
  void PullHeldOut(const Plan& plan, std::span<const Partial> partials);
  // What workers' totals are wrong by after this round, as a share of the tokens.
  double ErrorOfTotals(std::span<const Partial> partials) const;
  void PutError(double of_totals);
  void EndEpoch(const Plan& plan);
  void EndRun();
  Prior prior() const { return {.alpha = alpha_, .beta = beta_, .vocabulary = std::ssize(words_)}; }
  // Throws std::logic_error unless what is collected, which is everything, is the model's.
  void CheckTotals() const;

  int topics_ = 0;
  double beta_ = 0;
  std::vector<double> alpha_;
  std::vector<int64_t> totals_;
  int epochs_ = 0;  // done
  double log_likelihood_ = 0;
  double heldout_perplexity_ = 0;  // as last measured; 0: never
  CorpusCounts corpus_;
  std::vector<std::string> words_;

 public:
  STRADS_FIELDS(topics_,
                beta_,
                alpha_,
                totals_,
                epochs_,
                log_likelihood_,
                heldout_perplexity_,
                corpus_,
                words_)

 private:
  // What the workers changed in a round.
  struct RoundChanges {
    TotalsChange all;
    std::vector<TotalsChange> of_workers;
  };

  Options options_;
  strads::Report report_;
  // Of the model that training goes on from.
  std::vector<std::string> resumed_words_;
  std::vector<int64_t> resumed_totals_;
  std::vector<std::vector<int32_t>> words_of_block_;
  double totals_error_ = 0;   // the largest so far
  bool has_started_ = false;  // all tokens are counted
  int64_t pulled_ = 0;        // updates
  // Of the rounds that some worker had not heard of in its last push; the newest is pulled_'s.
  std::deque<RoundChanges> recent_;
  // Of the epoch so far.
  double words_likelihood_ = 0, documents_likelihood_ = 0;
  int64_t longest_rounds_ = 0;  // tokens there would be if all workers had as many as the busiest
  int64_t block_counts_ = 0, block_bytes_ = 0, sent_bytes_ = 0;
  TopicHistogram histogram_;
  int64_t left_ = 0;  // words and documents that have not been collected
  std::vector<int64_t> word_totals_, document_totals_;  // sums of what has been
  std::vector<int32_t> word_of_row_;                    // of rows, block by block; with --tokens
  std::shared_ptr<RowFile> word_file_, document_file_,
      token_file_;  // since the model is collected
};

// The model in a file of `train`, without its counts. Throws kData "path: ..." if it cannot be
// read, is not of this app, or contradicts itself.
Model ReadModelFile(const std::string& path);

// For people: what was trained on, and what blocks took on the way.
std::string Describe(const Model& model);

}  // namespace strads::lda
