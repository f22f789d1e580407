#pragma once

#include <strads/fields.h>

#include <Eigen/Core>
#include <algorithm>
#include <cstdint>
#include <iterator>
#include <utility>
#include <vector>

#include "apps/lasso/free_columns.h"

namespace strads::lasso {

// What is done next with the block of variables that are solved for as one: all is measured, or
// what joins is asked for and the block is solved. Or nothing.
struct BlockStep {
  bool measure = false;
  bool solve = false;
  bool gather = false;                // solve by columns: workers send those not sent before
  std::vector<int32_t> joining = {};  // variables, those of a group together
  STRADS_FIELDS(measure, solve, gather, joining)
};

// Which variables a round updates, and which couplings it asks for on the way. Or, if `measure`,
// all of X'r and the loss, and no update; if `restart`, first all variables become zero. Or, if
// `follow`, the step that the last update says is next, so that such plans can be made ahead of any
// measurement. Variables of a group stand together. Or, if there is a `seed`, only its inner
// products with all variables are asked for.
struct Plan {
  bool measure = false;
  bool restart = false;
  bool follow = false;
  std::vector<int32_t> columns;  // updated each (each group) by itself
  std::vector<int32_t> blocks;   // if not empty, sizes of parts of `columns`: in each only the one
                                 // that gains most
  int32_t seed = -1;
  std::vector<int32_t> probe;  // columns of later rounds; DependencyFilter::Probe
  int32_t probe_known = 0;
  int32_t scheduler = 0;    // that made it
  int32_t parallelism = 0;  // in force, for the record
  STRADS_FIELDS(
      measure, restart, follow, columns, blocks, seed, probe, probe_known, scheduler, parallelism)
};

// What a round by this plan does, `next` being the last update's.
inline BlockStep StepOf(const Plan& plan, BlockStep& next) {
  return plan.follow ? std::exchange(next, {}) : BlockStep{.measure = plan.measure};
}

// A shard's share: sums over its rows. r is minus the derivative of the loss by the fitted values;
// for the squared loss rows are scaled by the square roots of their weights, so that w does not
// appear, and e is what that makes of a column of ones. For the logistic loss e = 1.
struct Partial {
  int64_t updates_seen = 0;  // synced before this push
  double loss = 0;
  std::vector<double> xr;  // x_j'r of plan.columns; if measuring, of all columns of the shard that
                           // no update has screened
  double er = 0;           // e'r, if there is an intercept

  // If measuring:
  double yr = 0, yy = 0, ey = 0;  // squared loss: y'r, y'y, e'y
  double entropy = 0;             // logistic loss: sum_i w_i H(probability of row i)
  double curvature = 0;           // logistic loss: its second derivative by the intercept
  int64_t misplaced = 0;          // logistic loss: rows that are not put into their class
  // Of free columns, once an update has named them (free_columns.h): of a point that an update of
  // before made, X't of all columns; and unless that update was the last to change anything,
  // X_F'C X_F for the next.
  std::vector<double> dual_slopes;
  DualSums dual;
  std::vector<double> free_products;
  // In the first measurement:
  double weight = 0;            // sum_i w_i
  std::vector<double> xx;       // sum_i w_i x_ij^2 of all columns
  std::vector<double> xe;       // sum_i w_i x_ij of all columns, if they are needed
  std::vector<double> spreads;  // then, sum_i w_i (x_ij - xe_j / weight)^2
  int64_t num_rows = 0;         // of the shard
  int64_t entries = 0;          // non-zeros of the shard
  int32_t threads = 1;          // that the worker may use

  std::vector<double> couplings;  // x_seed'x_j of all columns
  std::vector<double> gram;       // couplings of the probe, or of what joins with the block
  Eigen::VectorXd y;              // of the rows, with the first columns that are gathered
  Eigen::VectorXd weights;        // of the rows, likewise, if not all are 1
  std::vector<int32_t> counts;  // of the entries of each column gathered, or of all columns in the
                                // first measurement if they are needed
  std::vector<int32_t> rows;    // of those entries, from the first row of the shard; none if the
                                // shard is dense, whose columns have all of its rows
  std::vector<double> values;
  STRADS_FIELDS(updates_seen,
                loss,
                xr,
                er,
                yr,
                yy,
                ey,
                entropy,
                curvature,
                misplaced,
                dual_slopes,
                dual,
                free_products,
                weight,
                xx,
                xe,
                spreads,
                num_rows,
                entries,
                threads,
                couplings,
                gram,
                y,
                weights,
                counts,
                rows,
                values)
};

// What changed, and what schedulers want to know.
struct Update {
  std::vector<int32_t> columns;
  std::vector<double> changes;  // of b
  double intercept_change = 0;
  std::vector<int32_t> units;  // variables or groups that changed; if measuring, and no block is
                               // solved: that would now
  std::vector<double> scaled;  // their changes in units of the fitted values; empty `units` are
                               // `columns`
  bool measured = false;
  bool measure_again = false;
  bool begins = false;            // what is penalised may change from now on
  BlockStep next;                 // of plans that follow
  bool begins_block = false;      // anew, though it was given up
  bool gives_block_up = false;    // no plan is to follow any more
  bool goes_alone = false;        // then: what is left to gain parallel updates would spoil
  std::vector<int32_t> screened;  // variables that are zero in the best model: not measured again
  int64_t num_variables = 0;      // if measuring
  std::vector<double> shifts;     // to be taken from the columns of these variables; empty: none
  double target_shift = 0;        // to be taken from y
  std::vector<int32_t> free;      // variables beside which bounds need a point of their own
  std::vector<double> free_step;  // by which it is to be made, of r before this update
  std::vector<int32_t> group_of;  // each variable, in the first measurement, if there are groups
  std::vector<int32_t> counts;    // of the entries of each variable, likewise, if needed
  std::vector<double> couplings;  // of the plan's seed
  double objective = 0;           // before the round, of the newest state that all workers reported
  std::vector<int32_t> probe;     // the plan's, and its pairs that are coupled, by number
  int32_t probe_known = 0;
  std::vector<int32_t> coupled;
  int32_t scheduler = 0;  // that made the plan
  STRADS_FIELDS(columns,
                changes,
                intercept_change,
                units,
                scaled,
                measured,
                measure_again,
                begins,
                next,
                begins_block,
                gives_block_up,
                goes_alone,
                screened,
                num_variables,
                shifts,
                target_shift,
                free,
                free_step,
                group_of,
                counts,
                couplings,
                objective,
                probe,
                probe_known,
                coupled,
                scheduler)
};

// Takes `some`, ascending, out of `all`, ascending.
inline void RemoveSorted(std::vector<int32_t>& all, const std::vector<int32_t>& some) {
  if (some.empty()) return;
  std::vector<int32_t> rest;
  std::ranges::set_difference(all, some, std::back_inserter(rest));
  all = std::move(rest);
}

}  // namespace strads::lasso
