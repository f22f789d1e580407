#pragma once

#include <strads/strads.h>

#include "apps/lda/messages.h"
#include "apps/lda/model.h"
#include "apps/lda/options.h"
#include "apps/lda/scheduler.h"
#include "apps/lda/worker.h"

namespace strads::lda {

// Latent Dirichlet allocation as the contract sees it.
struct Lda {
  using Options = lda::Options;
  using Plan = lda::Plan;
  using Partial = lda::Partial;
  using Update = lda::Update;
  using Block = lda::Block;
  using Share = lda::Share;
  using Scheduler = lda::Scheduler;
  using Worker = lda::Worker;
  using Model = lda::Model;
};

// The app with its commands train, topics, infer and evaluate.
Program MakeLda();

}  // namespace strads::lda
