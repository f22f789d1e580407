#pragma once

#include <strads/next_plan.h>
#include <strads/strads.h>

#include "apps/regression/messages.h"
#include "apps/regression/model.h"
#include "apps/regression/options.h"
#include "apps/regression/worker.h"

namespace strads::regression {

// The app as the contract sees it.
struct Regression {
  using Options = regression::Options;
  using Plan = regression::Plan;
  using Partial = regression::Partial;
  using Update = regression::Update;
  using Scheduler = NextPlan<Options, Plan, Update>;
  using Worker = regression::Worker;
  using Model = regression::Model;
};

// The app with its commands train, predict and evaluate.
Program MakeRegression();

}  // namespace strads::regression
