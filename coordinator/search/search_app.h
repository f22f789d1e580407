#pragma once

#include <strads/message.h>
#include <strads/options.h>
#include <strads/program.h>
#include <strads/report.h>
#include <strads/shard.h>
#include <strads/slice.h>

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "coordinator/search/grid.h"

namespace strads::search {

// The options of the command, beside those of the app and of the run.
struct SearchOptions {
  std::string grid;
  int folds = 0;
  std::string metric;
  std::string better = "auto";
  std::string best_config;

  STRADS_FIELDS(grid, folds, metric, better, best_config)
  STRADS_HELP(
      "grid: \"option=value,value,... option=lo:hi:n\": the values to try of each option; all "
      "combinations are trained",
      "folds: cross-validation: train each setting so many times, each time without another part "
      "of the data, which it is then tried on; 0: once, as the other options say",
      "metric: what is compared, a name in the summary of train; empty: best_validation_* or "
      "validation_* if there is one, of several *_rmse or else the first by name; else objective",
      "better: larger or smaller values of the metric; auto: larger for accuracy, auc, f1, r2, "
      "precision, recall, ndcg, likelihood, npmi, umass",
      "best_config: file for the options of the best setting, as --config of train reads it")
};

// What every role is told: what to train, and how often.
struct Spec {
  std::string app;
  std::string solver;  // that has the app trained by a program of its own; empty: none
  Grid grid;
  OptionValues base;  // of the options that are not in the grid
  int folds = 0;
  std::string metric;
  std::string better;
  std::string best_config;
  int workers = 1;
  STRADS_FIELDS(app, solver, grid, base, folds, metric, better, best_config, workers)

  int64_t trainings() const { return grid.size() * (folds > 0 ? folds : 1); }
  // The options of training n: of setting n / folds without part n mod folds.
  OptionValues ValuesOf(int64_t n) const;
};

// `solver` is that of the app whose program `app` is, or empty. Throws UsageError if something is
// missing or contradicts the app's options.
Spec MakeSpec(const Program& app, const std::string& solver, const OptionValues& values);

// Worker p does training first + p.
struct Plan {
  int64_t first = 0;
  STRADS_FIELDS(first)
};

struct Partial {
  bool trained = false;
  std::map<std::string, double> values;  // of the summary; empty: the training failed
  STRADS_FIELDS(trained, values)
};

struct Update {
  int64_t trained = 0;
  STRADS_FIELDS(trained)
};

class Scheduler {
 public:
  Scheduler(const Spec& spec, Slice slice) : spec_(spec), slice_(slice), round_(slice.index) {}
  Plan Schedule();
  void Feedback(const Update&) {}

 private:
  const Spec spec_;
  const Slice slice_;
  int64_t round_;
};

// Trains by itself, in its own thread.
class Worker {
 public:
  // `app` must outlive it.
  Worker(const Program& app, Spec spec, Shard shard)
      : app_(app), spec_(std::move(spec)), shard_(shard) {}
  // Throws Error if the training does, because of its options or data. One that ends without a
  // finite objective has no values.
  Partial Push(const Plan& plan);

 private:
  const Program& app_;
  const Spec spec_;
  const Shard shard_;
};

// How a setting did.
struct Setting {
  std::vector<std::string> values;  // of the options of the grid
  double mean = 0;                  // of the metric, over the folds
  double error = 0;                 // its standard error; 0 without folds
  bool tried = false;
  bool failed = false;  // a training diverged, or did not tell the metric
  STRADS_FIELDS(values, mean, error, tried, failed)
};

class Model {
 public:
  Model() = default;
  explicit Model(Spec spec);

  Update Pull(const Plan& plan, std::span<const Partial> partials);
  strads::Report Report() const;

 private:
  void Choose(const std::map<std::string, double>& values);
  void Finish(int64_t setting);
  bool IsBetter(const Setting& a, const Setting& b) const;
  // What is wrong if a training does not tell the metric.
  std::string WhyUntold(const Setting& setting, const std::map<std::string, double>& told) const;
  void WriteBest() const;

  std::string app_;
  std::string metric_;
  bool larger_is_better_ = false;
  int folds_ = 0;
  std::vector<std::string> options_;  // of the grid
  std::vector<Setting> settings_;     // in the order of the grid
  int64_t best_ = -1;                 // of settings_

 public:
  STRADS_FIELDS(app_, metric_, larger_is_better_, folds_, options_, settings_, best_)

  // For people: the best settings first.
  std::string Table() const;

 private:
  Spec spec_;
  std::map<int64_t, std::vector<double>> open_;  // values of the folds of a setting so far
  int64_t trained_ = 0;
};

}  // namespace strads::search
