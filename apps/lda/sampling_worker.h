#pragma once

#include <strads/parallel.h>
#include <strads/shard.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "apps/lda/messages.h"
#include "apps/lda/options.h"
#include "apps/lda/prior.h"
#include "apps/lda/reading.h"
#include "apps/lda/sampler.h"
#include "apps/lda/token_grid.h"

namespace strads::lda {

// Gibbs sampling on a worker: its documents stay, blocks of words come and go.
class SamplingWorker {
 public:
  // `pool` must outlive it.
  SamplingWorker(const Options& options, OwnDocuments own, Shard shard, ThreadPool& pool);
  // Of each topic; from the beginning, or by an update.
  void SetAlpha(const std::vector<double>& alpha);

  Block MakeBlock(int32_t index) const;
  Partial Push(const Plan& plan, Block& block);
  // Of a round that samples.
  void Sync(const Update& update);
  // The next documents; none: that was all.
  std::optional<Share> Collect();

 private:
  void Sample(const Plan& plan, int32_t block, WordRows& rows);
  // Of kHeldOut.
  Partial Complete(const Plan& plan, const Block& block);
  void AddTokens(int64_t document, Share& share);
  void Measure(const Plan& plan, const WordRows& rows, Partial& partial) const;

  const Options options_;
  const Shard shard_;
  ThreadPool& pool_;
  TokenGrid grid_;
  const std::vector<int64_t> ids_;
  HeldOut held_out_;
  Prior prior_;
  std::unique_ptr<Sampler> sampler_;
  // n_k as far as is known here: what updates have said, and own changes since.
  std::vector<int64_t> totals_;
  std::deque<TotalsChange> unconfirmed_;         // own changes that no update has held yet
  int64_t collected_ = 0;                        // documents
  std::optional<TokenGrid::ByDocument> tokens_;  // while they are collected
};

}  // namespace strads::lda
