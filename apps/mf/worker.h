#pragma once

#include <strads/parallel.h>
#include <strads/shard.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "apps/mf/ccd_worker.h"
#include "apps/mf/messages.h"
#include "apps/mf/options.h"
#include "apps/mf/reading.h"
#include "apps/mf/sgd_worker.h"

namespace strads::mf {

// A worker: reads the ratings of its users, and then is one of a solver.
class Worker {
 public:
  Worker(const Options& options, Shard shard)
      : options_(options), shard_(shard), pool_(shard.threads), reading_(options, shard) {}

  Partial Push(const Plan& plan);
  Partial Push(const Plan& plan, Block& block);
  void Extend(const Plan& plan, Block& block, Partial& partial);
  Block MakeBlock(const Plan& plan, int32_t index);
  void Sync(const Update& update);
  std::optional<Share> Collect();
  double Loss() const;

 private:
  // The rounds of kNames and kLoad. Throws kData.
  Partial Read(const Plan& plan);

  const Options options_;
  const Shard shard_;
  ThreadPool pool_;
  Reading reading_;
  Update names_;                   // between kNames and kLoad
  std::optional<OwnRatings> own_;  // between kLoad's push and its sync
  std::optional<SgdWorker> sgd_;
  std::optional<CcdWorker> ccd_;
};

}  // namespace strads::mf
