#pragma once

#include <strads/message.h>

#include <cstdint>
#include <limits>
#include <map>
#include <string>

namespace strads {

// What a model tells about itself after a pull.
struct Report {
  // The part of the objective that depends on the model alone.
  double penalty = 0;
  // How far the model is from the optimum at most, relative to the objective of the empty model
  // (or what else the app documents; svm: to its own); infinite until a round has certified it. The
  // run has converged once it is at most --tolerance.
  double gap = std::numeric_limits<double>::infinity();
  // If known, a bound that no objective is below, and what gaps are relative to: from these follows
  // the gap of a model that was not certified itself.
  double least_objective = -std::numeric_limits<double>::infinity();
  double gap_unit = 0;
  // Not empty: the run is over, for this reason, which the app found by a criterion of its own.
  std::string done = {};
  bool converged = true;  // if done: rather than that it did all that it was asked for
  // The model does not have yet what the last rounds have found. If time or the user ends the run,
  // the model is told by its EndSoon() to see to that, and the run goes on until it has. Before the
  // last two of --max_rounds it is told so as well. Models of a data-parallel app are not asked.
  bool pending = false;
  // The objective, and what else was measured, is of the model as it was some rounds ago.
  bool is_behind = false;
  // At the end of a run: whether there is a model to be saved. Not if it ended before the data were
  // read, say: then what an earlier run has saved stays.
  bool has_model = true;
  // The objective of the empty model, if it is known. A run that ends above it by over 1000 times
  // its magnitude has failed; an empty model of objective 0 gives no measure of far.
  double empty_objective = std::numeric_limits<double>::infinity();
  // Not all of the model that was collected is finite. The run has failed, whatever its objective,
  // which may be that of some rounds ago or not known.
  bool has_diverged = false;
  // The round was for reading the data: the time of solving counts from its end.
  bool loads = false;
  int64_t nonzeros = 0;  // variables that are not zero
  int64_t updates = 0;   // variables updated so far, repetitions counted
  // What else the app wants in the metrics and the summary, by name.
  std::map<std::string, double> extra = {};

  STRADS_FIELDS(penalty,
                gap,
                least_objective,
                gap_unit,
                done,
                converged,
                pending,
                is_behind,
                has_model,
                empty_objective,
                has_diverged,
                loads,
                nonzeros,
                updates,
                extra)
};

}  // namespace strads
