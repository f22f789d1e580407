#pragma once

#include <strads/strads.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "apps/lasso/block.h"
#include "strads/dependency_filter.h"
#include "strads/divergence_guard.h"
#include "strads/working_set.h"

namespace strads::lasso {

// Lasso: minimise over b
//
//   P(b) = 1/2 |y - X b|^2 + lambda |b|_1
//
// by parallel coordinate descent on a schedule (Lee et al., NIPS 2014). X is n x p; its rows and y
// are split over the workers. scikit-learn and glmnet divide the first term by n: their lambda is
// this one divided by n. The run stops on the duality gap relative to P(0) = 1/2 |y|^2:
//
//   gap = (P(b) - max_t D(s_t r_t)) / P(0),   D(u) = y'u - 1/2 |u|^2,   r = y - X b,
//
// with s_t the best scale that makes s_t r_t dual feasible, |s_t X'r_t|_inf <= lambda, over all
// measurements t so far.
struct Options {
  std::string data;
  std::string target;
  int64_t num_features = 0;
  double lambda = 0;
  double lambda_ratio = 0.1;
  std::string schedule = "working_set";
  int parallelism = 64;
  double max_coupling = 0.3;
  double candidates = 2;
  int coupling_cache = 4096;
  int block_memory = 1024;
  bool divergence_guard = true;
  int64_t seed = 1;

  STRADS_FIELDS(data,
                target,
                num_features,
                lambda,
                lambda_ratio,
                schedule,
                parallelism,
                max_coupling,
                candidates,
                coupling_cache,
                block_memory,
                divergence_guard,
                seed)
  STRADS_HELP(
      "data: libsvm or Matrix Market file (.gz, .xz, .zst too), one sample a row",
      "target: file of the target vector, for Matrix Market data",
      "num_features: number of variables; 0: the largest index in the data",
      "lambda: weight of the L1 norm in 1/2|y - Xb|^2 + lambda|b|_1; 0: use lambda_ratio",
      "lambda_ratio: lambda as a share of lambda_max = max_j |x_j'y|, where all variables are zero",
      "schedule: which variables are updated next: cyclic, shuffled, random (Shotgun), priority, "
      "dependency (priority with dependency check, STRADS), or working_set (those that matter, "
      "solved as one block)",
      "parallelism: variables updated in one round, at most",
      "max_coupling: dependency: largest |cos(x_j, x_k)| of two variables of a round",
      "candidates: dependency: variables drawn for each that may be kept",
      "coupling_cache: dependency: variables whose couplings with each other a scheduler remembers",
      "block_memory: working_set: megabytes that the coordinator may use for what it solves as one "
      "block: inner products, or columns where these are smaller; beyond, priority goes on",
      "divergence_guard: halve the parallelism when the objective rises, and start again from zero "
      "if it is worse than zero")
};

// Which variables a round updates, and which couplings it asks for on the way. Or, if `measure`,
// all of X'r and |r|^2 and no update; if `restart`, first all variables become zero. Or, if
// `solve`, which variables join the block of all that have joined so far, which is then solved as
// one.
struct Plan {
  bool measure = false;
  bool restart = false;
  bool solve = false;
  bool gather = false;           // solve by columns: send those of the block not sent before
  std::vector<int32_t> columns;  // updated each by itself
  std::vector<int32_t> joining;  // the block
  std::vector<int32_t> probe;    // columns of later rounds; DependencyFilter::Probe
  int32_t probe_known = 0;
  int32_t scheduler = 0;    // that made it
  int32_t parallelism = 0;  // in force, for the record
  STRADS_FIELDS(
      measure, restart, solve, gather, columns, joining, probe, probe_known, scheduler, parallelism)
};

// A shard's share: inner products over its rows.
struct Partial {
  int64_t updates_seen = 0;     // synced before this push
  double loss = 0;              // 1/2 |r|^2
  std::vector<double> xr;       // x_j'r of plan.columns; if measuring, of all columns of the shard
  std::vector<double> xx;       // |x_j|^2 of all columns, in the first measurement
  double yr = 0, yy = 0;        // y'r, y'y if measuring
  int64_t entries = 0;          // non-zeros of the shard, in the first measurement
  std::vector<double> gram;     // couplings of the probe, or of what joins with the block
  Eigen::VectorXd y;            // of the rows, with the first columns that are gathered
  std::vector<int32_t> counts;  // of the entries of each column gathered
  std::vector<int32_t> rows;    // of those entries, from the first row of the shard
  std::vector<double> values;
  STRADS_FIELDS(updates_seen, loss, xr, xx, yr, yy, entries, gram, y, counts, rows, values)
};

// What changed, and what schedulers want to know.
struct Update {
  std::vector<int32_t> columns;  // if measuring: those that would change now
  std::vector<double> changes;   // of b; if measuring: what the change would be
  std::vector<double> scaled;    // changes times |x_j|: in units of the fitted values
  bool measured = false;
  bool solved = false;        // a block
  bool block_grew = false;    // for it
  int64_t num_variables = 0;  // if measuring
  int64_t nonzeros = 0;       // of the model
  int64_t block_size = 0;
  double mean_entries = 0;     // non-zeros of X in a column, in the first measurement
  double objective = 0;        // before the round, of the newest state that all workers reported
  std::vector<int32_t> probe;  // the plan's, and its pairs that are coupled, by number
  int32_t probe_known = 0;
  std::vector<int32_t> coupled;
  int32_t scheduler = 0;  // that made the plan
  STRADS_FIELDS(columns,
                changes,
                scaled,
                measured,
                solved,
                block_grew,
                num_variables,
                nonzeros,
                block_size,
                mean_entries,
                objective,
                probe,
                probe_known,
                coupled,
                scheduler)
};

class Scheduler {
 public:
  Scheduler(const Options& options, Slice slice);
  Scheduled<Plan> Schedule();
  void Feedback(const Update& update);

 private:
  void SetUp(int64_t num_variables);
  bool MeasurementIsDue() const;
  std::vector<int32_t> Draw(int count);
  std::vector<int32_t> NextColumns();
  void AskForCouplings(Plan& plan);
  void Learn(const Update& update);
  struct Changes {
    std::vector<int32_t> columns;
    std::vector<double> scaled;
  };
  // Those of this scheduler's slice.
  Changes OwnChanges(const Update& update) const;
  void PlanBlock(Plan& plan);
  void ChooseBlock(const Update& update);

  const Options options_;
  const Slice slice_;
  int parallelism_;
  std::unique_ptr<strads::Schedule> schedule_;  // once the number of variables is known
  PrioritySchedule* priority_ = nullptr;        // schedule_, if it is by priority
  int64_t num_variables_ = 0;

  // Plans of this scheduler without feedback yet, oldest first, and the variables in them, which
  // are not planned again: a second update would not know of the first.
  std::deque<std::vector<int32_t>> in_flight_;
  std::vector<bool> is_in_flight_;

  // If couplings are checked: variables are drawn a plan ahead, and kept once couplings are known.
  std::optional<DependencyFilter> filter_;
  double num_candidates_;                   // drawn for a plan
  std::deque<std::vector<int32_t>> asked_;  // candidates whose couplings are on their way
  std::deque<std::vector<int32_t>> ready_;  // candidates whose couplings are known

  // If blocks are solved: until the block would be too large.
  std::optional<WorkingSet> working_set_;
  std::vector<int32_t> joining_;  // with the next plan
  bool block_is_due_ = false;
  bool gather_ = false;
  bool is_stuck_ = false;          // the last block could not be improved
  int blocks_since_measured_ = 0;  // of all schedulers
  double mean_entries_ = 0;

  DivergenceGuard guard_;
  bool alone_ = false;  // every round is fenced
  bool measuring_ = false;
  bool restart_ = false;  // with the next plan
  double null_objective_ = 0;
  double updates_since_measured_ = 0;
  double updates_between_ = 0;  // measurements, at most
  double change_when_measured_ = 0;
};

class Worker {
 public:
  Worker(const Options& options, Shard shard);
  Partial Push(const Plan& plan);
  void Sync(const Update& update);
  double Loss() const { return loss_; }

 private:
  void Measure(Partial& partial);
  void Gather(Partial& partial);
  bool Has(int32_t column) const;

  ThreadPool pool_;
  Dataset data_;
  std::vector<int32_t> block_;  // in the order of joining
  size_t num_gathered_ = 0;     // of block_
  Eigen::VectorXd residual_;
  double loss_ = 0;
  int64_t updates_seen_ = 0;
  bool norms_sent_ = false;
};

class Model {
 public:
  Model() = default;
  explicit Model(const Options& options);
  Update Pull(const Plan& plan, std::span<const Partial> partials);
  strads::Report Report() const;

  double lambda() const { return lambda_; }
  const SparseVector& coefficients() const { return coefficients_; }

 private:
  void Check(const Plan& plan, std::span<const Partial> partials) const;
  void Measure(const Plan& plan, std::span<const Partial> partials, Update& update);
  void SolveBlock(const Plan& plan, std::span<const Partial> partials, Update& update);
  void UpdateColumns(const Plan& plan, std::span<const Partial> partials, Update& update);
  void FindCoupled(std::span<const Partial> partials, Update& update) const;
  double Minimiser(int32_t column, double xr) const;

  double lambda_ = 0;
  SparseVector coefficients_;

 public:
  STRADS_FIELDS(lambda_, coefficients_)

 private:
  std::vector<double> norms_;         // |x_j|^2
  std::vector<double> xy_;            // x_j'y
  std::vector<double> xr_;            // x_j'r when last measured
  std::optional<Block> block_;        // of working_set
  std::deque<double> l1_norms_{0.0};  // |b|_1 after n updates, from n = first_l1_norm_
  int64_t first_l1_norm_ = 0;
  double lambda_ratio_ = 0;
  double lambda_max_ = 0;
  double max_coupling_ = 0;
  bool solves_blocks_ = false;
  double null_objective_ = 0;
  double best_dual_ = -std::numeric_limits<double>::infinity();
  double gap_ = std::numeric_limits<double>::infinity();
  int64_t nonzeros_ = 0;
  int64_t updates_ = 0;
  int32_t parallelism_ = 0;
};

// The app as the contract sees it.
struct Lasso {
  using Options = lasso::Options;
  using Plan = lasso::Plan;
  using Partial = lasso::Partial;
  using Update = lasso::Update;
  using Scheduler = lasso::Scheduler;
  using Worker = lasso::Worker;
  using Model = lasso::Model;
};

// The app with its commands train, predict and evaluate.
Program MakeLasso();

}  // namespace strads::lasso
