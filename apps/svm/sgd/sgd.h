#pragma once

#include <strads/strads.h>

#include "apps/svm/sgd/messages.h"
#include "apps/svm/sgd/model.h"
#include "apps/svm/sgd/options.h"
#include "apps/svm/sgd/worker.h"

namespace strads::sgd {

// The app as the contract of data-parallel apps sees it.
struct Sgd {
  using Options = sgd::Options;
  using Start = sgd::Start;
  using Parameters = sgd::Parameters;
  using Gradient = LocalSteps;
  using Worker = sgd::Worker;
  using Model = sgd::Model;
};

// The app with the commands train, and predict and evaluate as those of svm: its models are svm's.
Program MakeSgd();

}  // namespace strads::sgd
