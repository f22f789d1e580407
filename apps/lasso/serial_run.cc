#include "apps/lasso/serial_run.h"

#include <strads/error.h>

#include <utility>

namespace strads::lasso {
namespace {

constexpr int64_t kMostRounds = 100'000;  // for one lambda

}  // namespace

SerialRun::SerialRun(const Options& options, Dataset data, int threads)
    : scheduler_(options, Slice{}), worker_(options, std::move(data), threads), model_(options) {}

void SerialRun::Follow(std::function<std::vector<double>(const Model&)> start,
                       double tolerance,
                       std::function<void(const Model&)> on_point) {
  bool is_done = false;
  size_t left = 0;
  int64_t rounds = 0;
  model_.Follow({[&](const Model& model) {
                   std::vector<double> lambdas = start(model);
                   left = lambdas.size();
                   return lambdas;
                 },
                 tolerance,
                 [&](const Model& model) {
                   on_point(model);
                   is_done = --left == 0;
                   rounds = 0;
                 }});
  while (!is_done) {
    const Scheduled<Plan> scheduled = scheduler_.Schedule();
    const Partial partial = worker_.Push(scheduled.plan);
    const Update update = model_.Pull(scheduled.plan, {&partial, 1});
    worker_.Sync(update);
    scheduler_.Feedback(update);
    if (++rounds == kMostRounds) model_.GoOn();
    if (rounds == 2 * kMostRounds)
      throw DataError("there is no best model without the variables that are penalised");
  }
}

}  // namespace strads::lasso
