#pragma once

#include <strads/app.h>
#include <strads/dependency_filter.h>
#include <strads/divergence_guard.h>
#include <strads/random.h>
#include <strads/schedule.h>
#include <strads/variable_blocks.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "apps/lasso/messages.h"
#include "apps/lasso/options.h"

namespace strads::lasso {

// Owns the priorities of its slice of the units: variables, or groups of them.
class Scheduler {
 public:
  static Planning PlanningOf(const Options& options);
  Scheduler(const Options& options, Slice slice);
  Scheduled<Plan> Schedule();
  void Feedback(const Update& update);

 private:
  void SetUp(const Update& update);
  void BeginSchedule();
  bool MeasurementIsDue() const;
  std::vector<int32_t> Draw(int count);
  std::vector<int32_t> NextUnits();
  void AskForCouplings(Plan& plan);
  void Learn(const Update& update);
  struct Changes {
    std::vector<int32_t> units;
    std::vector<double> scaled;
  };
  // Those of this scheduler's slice.
  Changes OwnChanges(const Update& update) const;
  void PlanBestOfBlocks(Plan& plan);
  void GoAlone() {
    parallelism_ = 1;
    alone_ = true;
  }
  void BeginBlock();
  // The variables of these units.
  std::vector<int32_t> ColumnsOf(std::vector<int32_t> units) const;

  const Options options_;
  const Slice slice_;
  int parallelism_;
  std::unique_ptr<strads::Schedule> schedule_;  // once variables are known, and it is needed
  PrioritySchedule* priority_ = nullptr;        // schedule_, if it is by priority
  bool is_set_up_ = false;
  int64_t num_units_ = 0;
  std::vector<std::vector<int32_t>> groups_;  // variables of each unit, if there are groups

  // Plans of this scheduler without feedback yet, oldest first, and the units in them, which are
  // not planned again: a second update would not know of the first.
  std::deque<std::vector<int32_t>> in_flight_;
  std::vector<bool> is_in_flight_;
  bool sweeps_ = false;            // draws in sweeps
  std::vector<int32_t> deferred_;  // by a sweep, as they were under way

  // If couplings are checked: variables are drawn a plan ahead, and kept once couplings are known.
  std::optional<DependencyFilter> filter_;
  double num_candidates_;                   // drawn for a plan
  std::deque<std::vector<int32_t>> asked_;  // candidates whose couplings are on their way
  std::deque<std::vector<int32_t>> ready_;  // candidates whose couplings are known

  // A block is solved, by steps that its model knows sooner than anyone could plan them.
  bool follows_;

  // If block-greedy.
  std::optional<VariableBlocks> blocks_;
  bool seed_is_asked_for_ = false;
  Random random_;

  DivergenceGuard guard_;
  bool alone_ = false;  // every round is fenced
  bool measuring_ = false;
  bool measure_again_ = false;
  bool restart_ = false;  // with the next plan
  double null_objective_ = 0;
  double updates_since_measured_ = 0;
  double updates_between_ = 0;  // measurements, at most
  double change_when_measured_ = 0;
};

}  // namespace strads::lasso
