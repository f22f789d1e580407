#pragma once

#include <strads/strads.h>

#include "apps/lasso/messages.h"
#include "apps/lasso/model.h"
#include "apps/lasso/options.h"
#include "apps/lasso/scheduler.h"
#include "apps/lasso/worker.h"

namespace strads::lasso {

// The app as the contract sees it.
struct Lasso {
  using Options = lasso::Options;
  using Plan = lasso::Plan;
  using Partial = lasso::Partial;
  using Update = lasso::Update;
  using Scheduler = lasso::Scheduler;
  using Worker = lasso::Worker;
  using Model = lasso::Model;
};

// The app with its commands train, predict and evaluate.
Program MakeLasso();

}  // namespace strads::lasso
