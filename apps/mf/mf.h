#pragma once

#include <strads/strads.h>

#include "apps/mf/messages.h"
#include "apps/mf/model.h"
#include "apps/mf/options.h"
#include "apps/mf/scheduler.h"
#include "apps/mf/worker.h"

namespace strads::mf {

// Matrix factorization as the contract sees it.
struct Mf {
  using Options = mf::Options;
  using Plan = mf::Plan;
  using Partial = mf::Partial;
  using Update = mf::Update;
  using Block = mf::Block;
  using Share = mf::Share;
  using Scheduler = mf::Scheduler;
  using Worker = mf::Worker;
  using Model = mf::Model;
};

// The app with its commands train, predict, evaluate and recommend.
Program MakeMf();

}  // namespace strads::mf
