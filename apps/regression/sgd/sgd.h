#pragma once

#include <strads/strads.h>

#include "apps/regression/sgd/messages.h"
#include "apps/regression/sgd/model.h"
#include "apps/regression/sgd/options.h"
#include "apps/regression/sgd/worker.h"

namespace strads::regression::sgd {

// The app as the contract of data-parallel apps sees it.
struct Sgd {
  using Options = sgd::Options;
  using Start = Partial;
  using Parameters = sgd::Parameters;
  using Gradient = LocalSteps;
  using Worker = sgd::Worker;
  using Model = sgd::Model;
};

}  // namespace strads::regression::sgd
