#pragma once

#include <strads/app.h>
#include <strads/parallel.h>
#include <strads/shard.h>

#include <cstdint>
#include <optional>

#include "apps/lda/messages.h"
#include "apps/lda/options.h"
#include "apps/lda/reading.h"
#include "apps/lda/sampling_worker.h"

namespace strads::lda {

// A worker: reads its documents, and then samples their topics.
class Worker {
 public:
  // Throws kData.
  Worker(const Options& options, Shard shard)
      : options_(options), shard_(shard), pool_(shard.threads), reading_(options, shard) {}

  Partial Push(const Plan& plan);
  Partial Push(const Plan& plan, Block& block);
  Block MakeBlock(const Plan&, int32_t index) { return sampling_->MakeBlock(index); }
  void Sync(const Update& update);
  std::optional<Share> Collect();
  // The likelihood is no sum over workers: it is all in the model's report, once it is measured.
  double Loss() const { return has_measured_ ? 0 : kUnknownLoss; }

 private:
  const Options options_;
  const Shard shard_;
  ThreadPool pool_;
  Reading reading_;
  Update counted_;                   // between kCount and kLoad
  std::optional<OwnDocuments> own_;  // between kLoad's push and its sync
  std::optional<SamplingWorker> sampling_;
  int64_t seen_ = 0;  // updates
  bool has_measured_ = false;
};

}  // namespace strads::lda
