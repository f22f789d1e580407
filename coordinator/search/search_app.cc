#include "coordinator/search/search_app.h"

#include <strads/error.h>
#include <strads/output_file.h>
#include <strads/require.h>
#include <strads/run.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <utility>

#include "coordinator/train.h"

namespace strads::search {
namespace {

constexpr const char* kShare = "validation_share";
constexpr const char* kFold = "validation_fold";

bool HasOption(const Program& app, const std::string& name) {
  return std::ranges::any_of(app.options, [&](const OptionInfo& o) { return o.name == name; });
}

void CheckFolds(const Program& app,
                const SearchOptions& options,
                const OptionValues& values,
                const Grid& grid) {
  Require(options.folds == 0 || options.folds >= 2, "folds", std::to_string(options.folds),
          "0 or at least 2");
  if (options.folds == 0) return;
  const auto given = values.find(kShare);
  if (given != values.end() && internal::FormatOption(0.0) != given->second)
    throw UsageError(
        "--folds sets --validation_share itself, expected no --validation_share beside it");
  for (const char* name : {kShare, kFold}) {
    if (!HasOption(app, name))
      throw UsageError("--folds needs an app with the options " + std::string(kShare) + " and " +
                       kFold + ", which " + app.name + " has not");
    if (std::ranges::any_of(grid.axes, [&](const Axis& axis) { return axis.name == name; }))
      throw UsageError(std::string("--folds sets ") + name + ", which --grid has too");
  }
}

// Of the search itself; a training is alone, in one thread of the worker.
const std::set<std::string> kOfTheSearch = {
    "workers",      "schedulers",    "staleness", "processes",    "role",
    "listen",       "connect",       "insecure",  "join_timeout", "load_timeout",
    "peer_timeout", "round_timeout", "model",     "metrics",      "progress",
    "slow_rank",    "slow_factor",   "threads",   "consistency",  "backup_workers",
    "trace",        "delay_mean",    "holders",   "lookahead"};

Grid GridOf(const Program& app, const std::string& text) {
  std::vector<OptionInfo> searched = app.options;
  std::erase_if(searched, [](const OptionInfo& o) { return kOfTheSearch.contains(o.name); });
  std::set<std::string> shared;
  for (const OptionInfo& option : DescribeOptions<RunOptions>()) shared.insert(option.name);
  for (const OptionInfo& option : DescribeOptions<SearchOptions>()) shared.insert(option.name);
  return ParseGrid(text, searched, shared);
}

RunOptions OwnRun(const OptionValues& values, int threads) {
  auto options = MakeOptions<RunOptions>(values);
  options.threads = threads;
  options.progress = false;
  return options;
}

// What was chosen: neither the defaults nor what is the search's.
OptionValues Chosen(const Program& app, OptionValues values) {
  for (const std::string& name : kOfTheSearch) values.erase(name);
  std::map<std::string, std::string> defaults;
  for (const OptionInfo& option : app.options) defaults[option.name] = option.default_value;
  for (const OptionInfo& option : DescribeOptions<RunOptions>()) {
    // One that the app has as well may have another default there.
    if (defaults.erase(option.name) == 0) defaults[option.name] = option.default_value;
  }
  for (const auto& [name, value] : defaults) {
    const auto found = values.find(name);
    if (found != values.end() && found->second == value) values.erase(found);
  }
  for (const OptionInfo& option : DescribeOptions<SearchOptions>()) values.erase(option.name);
  return values;
}

// What the summary of a training has, for people.
std::string NamesOf(const std::map<std::string, double>& values) {
  std::string names;
  for (const auto& [name, value] : values) names += (names.empty() ? "" : ", ") + name;
  return names;
}

// The first by name of what is told of held-out rows, but before a loss, which may be another in
// each setting, an error in units of the data. Empty: nothing is.
std::string ValidationOf(const std::map<std::string, double>& values) {
  for (const std::string prefix : {"best_validation_", "validation_"}) {
    std::string first;
    for (const auto& [name, value] : values) {
      if (!name.starts_with(prefix)) continue;
      if (name.ends_with("_rmse")) return name;
      if (first.empty()) first = name;
    }
    if (!first.empty()) return first;
  }
  return {};
}

}  // namespace

OptionValues Spec::ValuesOf(int64_t n) const {
  OptionValues values = base;
  const int64_t each = folds > 0 ? folds : 1;
  const std::vector<std::string> setting = grid.At(n / each);
  for (size_t a = 0; a < setting.size(); ++a) values[grid.axes[a].name] = setting[a];
  if (folds > 0) {
    values[kShare] = internal::FormatOption(1.0 / folds);
    values[kFold] = internal::FormatOption(n % each);
  }
  return values;
}

Spec MakeSpec(const Program& app, const std::string& solver, const OptionValues& values) {
  const auto options = MakeOptions<SearchOptions>(values);
  Spec spec{.app = app.name,
            .solver = solver,
            .grid = GridOf(app, options.grid),
            .base = Chosen(app, values),
            .folds = options.folds,
            .metric = options.metric,
            .better = options.better,
            .best_config = options.best_config,
            .workers = MakeOptions<RunOptions>(values).workers};
  Require(spec.better == "auto" || spec.better == "larger" || spec.better == "smaller", "better",
          spec.better, "auto, larger or smaller");
  CheckFolds(app, options, values, spec.grid);
  for (const Axis& axis : spec.grid.axes) {
    if (axis.name != "solver") continue;
    for (const std::string& value : axis.values) {
      if (app.solvers.contains(value))
        throw UsageError("--grid: solver=" + value + " has flags of its own, expected --solver=" +
                         value + " beside a --grid without it");
    }
  }
  // A wrong value is found before anything is trained.
  for (int64_t n = 0; n < spec.trainings(); n += std::max(1, spec.folds)) {
    const OptionValues setting = spec.ValuesOf(n);
    OwnRun(setting, 1).Validate();
    const Bytes packed = app.pack_options(setting);
    if (app.is_data_parallel())
      app.make_data_parallel_model(packed, Slice{});
    else
      app.make_model(packed);
  }
  if (!spec.best_config.empty()) CheckOutputPath(spec.best_config);
  return spec;
}

Plan Scheduler::Schedule() {
  const int64_t round = std::exchange(round_, round_ + slice_.count);
  return {std::min(round * spec_.workers, spec_.trainings())};
}

Partial Worker::Push(const Plan& plan) {
  const int64_t n = plan.first + shard_.rank;
  // Rounds that were on their way when the search was told to end are not worth reading the data.
  if (n >= spec_.trainings() || StopRequest()) return {};
  const OptionValues values = spec_.ValuesOf(n);
  RunHooks hooks;
  hooks.stop = &StopRequest();
  Summary summary;
  try {
    summary = Run(app_, values, OwnRun(values, shard_.threads), hooks).summary;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kStopped) throw;
    return {};
  }
  if (summary.termination == Termination::kUserStop) return {};
  Partial partial{.trained = true, .values = {}};
  if (ExitCode(summary.termination) != 0) return partial;
  partial.values = summary.extra;
  partial.values["objective"] = summary.objective;
  return partial;
}

Model::Model(Spec spec) : app_(spec.app), folds_(spec.folds), spec_(std::move(spec)) {
  for (const Axis& axis : spec_.grid.axes) options_.push_back(axis.name);
  for (int64_t n = 0; n < spec_.grid.size(); ++n) settings_.push_back({.values = spec_.grid.At(n)});
}

// From the first training that tells something.
void Model::Choose(const std::map<std::string, double>& values) {
  metric_ = spec_.metric.empty() ? ValidationOf(values) : spec_.metric;
  if (metric_.empty() && spec_.folds > 0)
    throw UsageError("--folds needs --metric: " + spec_.app +
                     " tells no validation_* (of a fold without rows there is none), but " +
                     NamesOf(values));
  if (metric_.empty()) metric_ = "objective";
  if (!values.contains(metric_))
    throw UsageError("--metric=" + metric_ + " is not told by " + spec_.app +
                     ", expected one of: " + NamesOf(values));
  constexpr std::array kLarger = {"accuracy", "auc",  "f1",         "r2",   "R2",   "precision",
                                  "recall",   "ndcg", "likelihood", "npmi", "umass"};
  larger_is_better_ = spec_.better == "larger" ||
                      (spec_.better == "auto" && std::ranges::any_of(kLarger, [&](const char* end) {
                         return metric_.ends_with(end);
                       }));
}

bool Model::IsBetter(const Setting& a, const Setting& b) const {
  if (a.tried != b.tried) return a.tried;
  if (a.failed != b.failed) return b.failed;
  return larger_is_better_ ? a.mean > b.mean : a.mean < b.mean;
}

void Model::Finish(int64_t setting) {
  const std::vector<double> values = open_.extract(setting).mapped();
  Setting& made = settings_[static_cast<size_t>(setting)];
  const auto n = static_cast<double>(values.size());
  double sum = 0, squares = 0;
  for (const double value : values) sum += value;
  made.mean = sum / n;
  for (const double value : values) squares += (value - made.mean) * (value - made.mean);
  made.error = n > 1 ? std::sqrt(squares / (n - 1) / n) : 0;
  made.tried = true;
  made.failed = !std::isfinite(made.mean);
  if (made.failed) made.mean = made.error = 0;
  if (!made.failed && (best_ < 0 || IsBetter(made, settings_[static_cast<size_t>(best_)])))
    best_ = setting;
}

std::string Model::WhyUntold(const Setting& setting,
                             const std::map<std::string, double>& told) const {
  std::string text = "the training of";
  for (size_t a = 0; a < options_.size(); ++a) text += " " + options_[a] + "=" + setting.values[a];
  text += " told no " + metric_;
  if (folds_ > 0 && ValidationOf(told).empty())
    return text + ": its fold has no row, expected fewer --folds";
  return text + " but " + NamesOf(told) + ", expected a --metric that all settings tell";
}

Update Model::Pull(const Plan& plan, std::span<const Partial> partials) {
  const int64_t each = std::max(1, folds_), best_before = best_;
  for (size_t p = 0; p < partials.size(); ++p) {
    if (!partials[p].trained) continue;
    const int64_t setting = (plan.first + static_cast<int64_t>(p)) / each;
    if (setting >= std::ssize(settings_)) throw ProtocolError("a training that no plan asked for");
    if (metric_.empty() && !partials[p].values.empty()) Choose(partials[p].values);
    const auto found = partials[p].values.find(metric_);
    if (found == partials[p].values.end() && !partials[p].values.empty())
      throw UsageError(WhyUntold(settings_[static_cast<size_t>(setting)], partials[p].values));
    std::vector<double>& values = open_[setting];
    values.push_back(found == partials[p].values.end() ? std::nan("") : found->second);
    ++trained_;
    if (std::ssize(values) == each) Finish(setting);
  }
  const bool is_done = trained_ == spec_.trainings();
  if (is_done && best_ < 0)
    throw FailedError("none of the " + std::to_string(settings_.size()) +
                      " settings of --grid could be trained to a finite " +
                      (metric_.empty() ? "objective" : metric_));
  // As soon as it is known: whatever ends the search, what it has found is there.
  if (!spec_.best_config.empty() && best_ >= 0 && (is_done || best_ != best_before)) WriteBest();
  return {trained_};
}

strads::Report Model::Report() const {
  strads::Report report;
  report.has_model = trained_ > 0;
  if (best_ >= 0) report.penalty = settings_[static_cast<size_t>(best_)].mean;
  report.updates = trained_;
  if (trained_ == spec_.trainings())
    report.done = "trained " + std::to_string(settings_.size()) + " settings" +
                  (folds_ > 0 ? ", each on " + std::to_string(folds_) + " folds" : "");
  return report;
}

}  // namespace strads::search
