#include "apps/regression/options.h"

#include <strads/error.h>
#include <strads/feature_stats.h>
#include <strads/options.h>
#include <strads/require.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string_view>

namespace strads::regression {
namespace {

template <size_t N>
bool IsOneOf(const std::string& value, const std::array<std::string_view, N>& names) {
  return std::ranges::find(names, value) != names.end();
}

double Bound(const char* name, const std::string& text, double without) {
  double value = without;
  if (!text.empty()) internal::ParseOption(name, text, value);
  return value;
}

constexpr double kInfinity = std::numeric_limits<double>::infinity();

}  // namespace

double Options::LowerBound() const { return Bound("lower", lower, -kInfinity); }
double Options::UpperBound() const { return Bound("upper", upper, kInfinity); }

void Options::RefuseWithoutEffect() const {
  const Options defaults;
  const auto refuse = [](const char* name, auto value, const std::string& why) {
    throw UsageError("--" + std::string(name) + "=" + internal::FormatOption(value) + " is of " +
                     why);
  };
  if (loss != "huber" && delta != defaults.delta)
    refuse("delta", delta, "--loss=huber, the loss is " + loss);
  if (solver != "gd" && alpha != defaults.alpha)
    refuse("alpha", alpha, "--solver=gd, the solver is " + solver);
  if (solver != "auto" && solver != "lbfgs" && memory != defaults.memory)
    refuse("memory", memory, "--solver=lbfgs, the solver is " + solver);
}

void Options::Validate() const {
  constexpr std::array<std::string_view, 3> kLosses = {"squared", "huber", "logistic"};
  constexpr std::array<std::string_view, 9> kSolvers = {
      "auto", "normal", "coordinate", "cg", "lbfgs", "newton", "fista", "ista", "gd"};
  if (data.empty()) throw UsageError("--data is missing, expected --data=FILE");
  Require(num_features >= 0, "num_features", std::to_string(num_features), "at least 0");
  Require(IsOneOf(loss, kLosses), "loss", loss, "squared, huber or logistic");
  Require(delta > 0, "delta", std::to_string(delta), "more than 0");
  Require(lambda >= 0, "lambda", std::to_string(lambda), "at least 0");
  Require(l1_ratio >= 0 && l1_ratio <= 1, "l1_ratio", std::to_string(l1_ratio), "0 to 1");
  Require(LowerBound() <= UpperBound(), "lower", lower, "at most --upper");
  RequireScale(scale);
  hold_out().Validate();
  Require(IsOneOf(solver, kSolvers), "solver", solver,
          "auto, normal, coordinate, cg, lbfgs, newton, fista, ista, gd or sgd");
  Require(alpha >= 0, "alpha", std::to_string(alpha), "at least 0");
  Require(memory >= 1, "memory", std::to_string(memory), "at least 1");
  RefuseWithoutEffect();
  if ((solver == "normal" || solver == "coordinate" || solver == "cg") && loss != "squared")
    throw UsageError("--solver=" + solver + " needs --loss=squared");
  if (solver == "newton" && !IsLogistic())
    throw UsageError("--solver=newton needs --loss=logistic");
  constexpr std::array<std::string_view, 4> kOfKinks = {"auto", "coordinate", "fista", "ista"};
  if (!IsOneOf(solver, kOfKinks) && !IsSmooth())
    throw UsageError("--solver=" + solver + " takes no L1 penalty and no bounds, expected " +
                     (loss == "squared" ? "coordinate, " : "") + "fista or ista");
}

}  // namespace strads::regression
