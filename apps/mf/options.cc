#include "apps/mf/options.h"

#include <strads/require.h>

#include <cmath>

namespace strads::mf {
namespace {

constexpr int kSgdEpochs = 40;
constexpr int kCcdEpochs = 15;

void Contradict(bool both, const char* what) {
  if (both) throw UsageError(what);
}

}  // namespace

void Options::Validate() const {
  if (data.empty()) throw UsageError("--data is missing, expected --data=FILE");
  const auto number = [](double value) { return std::to_string(value); };
  Require(solver == "sgd" || solver == "ccd", "solver", solver, "sgd or ccd");
  Require(penalty == "weighted" || penalty == "plain", "penalty", penalty, "weighted or plain");
  Require(duplicates == "refuse" || duplicates == "last", "duplicates", duplicates,
          "refuse or last");
  Require(rank >= 1 && rank <= 100'000, "rank", std::to_string(rank), "1 to 100000");
  Require(lambda >= 0 && std::isfinite(lambda), "lambda", number(lambda), "at least 0");
  hold_out().Validate();
  Require(epochs >= 0, "epochs", std::to_string(epochs), "at least 0");
  Require(change >= 0, "change", number(change), "at least 0");
  Require(patience >= 0, "patience", std::to_string(patience), "at least 0");
  Require(rate > 0 && std::isfinite(rate), "rate", number(rate), "more than 0");
  Require(inner >= 1, "inner", std::to_string(inner), "at least 1");
  Require(blocks == 0 || blocks >= workers, "blocks", std::to_string(blocks),
          "at least one for each worker");
  Require(extra_decay > 0 && extra_decay <= 1, "extra_decay", number(extra_decay),
          "more than 0 and at most 1");
  Require(alpha >= 0 && std::isfinite(alpha), "alpha", number(alpha), "at least 0");
  Contradict(!validation.empty() && validation_share > 0,
             "--validation and --validation_share contradict each other");
  Contradict(patience > 0 && !validates(), "--patience needs --validation or --validation_share");
  Contradict(implicit && solver != "ccd", "--implicit needs --solver=ccd");
  Contradict(implicit && biases, "--implicit and --biases contradict each other");
  Contradict(fugue && solver != "sgd", "--fugue needs --solver=sgd");
  const Options defaults;
  Contradict(rate != defaults.rate && solver != "sgd", "--rate needs --solver=sgd");
  Contradict(blocks != defaults.blocks && solver != "sgd", "--blocks needs --solver=sgd");
  Contradict(extra_decay != defaults.extra_decay && !fugue, "--extra_decay needs --fugue");
  Contradict(inner != defaults.inner && solver != "ccd", "--inner needs --solver=ccd");
  Contradict(alpha != defaults.alpha && !implicit, "--alpha needs --implicit");
}

int Options::num_blocks() const {
  if (!uses_blocks()) return 0;
  if (blocks > 0) return blocks;
  return workers == 1 ? 1 : 2 * workers;
}

int Options::num_epochs() const {
  if (epochs > 0) return epochs;
  return uses_blocks() ? kSgdEpochs : kCcdEpochs;
}

RatingsOptions Options::ratings() const {
  return {.implicit = implicit,
          .unknown = UnknownIds::kSkip,
          .duplicates = duplicates == "last" ? Duplicates::kLast : Duplicates::kRefuse};
}

}  // namespace strads::mf
