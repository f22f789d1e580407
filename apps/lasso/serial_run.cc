#include "apps/lasso/serial_run.h"

#include <strads/error.h>

#include <utility>

namespace strads::lasso {
namespace {

constexpr int64_t kMostRounds = 100'000;  // for one lambda

}  // namespace

SerialRun::SerialRun(const Options& options, Dataset data, int threads)
    : data_(options.data),
      scheduler_(options, Slice{}),
      worker_(options, std::move(data), threads),
      model_(options) {}

SerialRun::SerialRun(const Options& options, SummedRows rows, int threads)
    : data_(options.data),
      scheduler_(options, Slice{}),
      worker_(options, std::move(rows), threads),
      model_(options) {}

void SerialRun::Follow(std::function<std::vector<double>(const Model&)> start,
                       double tolerance,
                       std::function<void(const Model&)> on_point) {
  model_.Follow({[this, start = std::move(start)](const Model& model) {
                   std::vector<double> lambdas = start(model);
                   left_ = lambdas.size();
                   return lambdas;
                 },
                 tolerance,
                 [this, on_point = std::move(on_point)](const Model& model) {
                   on_point(model);
                   is_done_ = --left_ == 0;
                   rounds_ = 0;
                 }});
}

bool SerialRun::GoOn() {
  if (is_done_) return false;
  const Scheduled<Plan> scheduled = scheduler_.Schedule();
  const Partial partial = worker_.Push(scheduled.plan);
  const Update update = model_.Pull(scheduled.plan, {&partial, 1});
  worker_.Sync(update);
  scheduler_.Feedback(update);
  if (++rounds_ == kMostRounds || model_.IsInVain()) model_.GoOn();
  if (rounds_ == 2 * kMostRounds) {
    throw DataError(data_ +
                    ": the best model of the variables that are not penalised was not found");
  }
  return !is_done_;
}

}  // namespace strads::lasso
