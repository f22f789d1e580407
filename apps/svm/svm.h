#pragma once

#include <strads/next_plan.h>
#include <strads/strads.h>

#include "apps/svm/messages.h"
#include "apps/svm/model.h"
#include "apps/svm/options.h"
#include "apps/svm/worker.h"

namespace strads::svm {

// The app as the contract sees it.
struct Svm {
  using Options = svm::Options;
  using Plan = svm::Plan;
  using Partial = svm::Partial;
  using Update = svm::Update;
  using Scheduler = NextPlan<Options, Plan, Update>;
  using Worker = svm::Worker;
  using Model = svm::Model;
};

// The app with its commands train, predict, evaluate, calibrate, import and export.
Program MakeSvm();

}  // namespace strads::svm
