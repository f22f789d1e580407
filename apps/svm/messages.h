#pragma once

#include <strads/feature_stats.h>
#include <strads/fields.h>
#include <strads/id_table.h>
#include <strads/labelled_rows.h>
#include <strads/weight_change.h>

#include <cstdint>
#include <string>
#include <vector>

namespace strads::svm {

// What a round is for.
enum class Phase : int {
  kRows,     // workers count their rows, labels and features
  kLook,     // and, the classes being known, the rows of each and how large features are
  kSolve,    // of each problem that is not finished, some passes over the dual variables
  kMeasure,  // its primal and dual objectives
};

// What a round of kSolve does about a problem: passes over its dual variables, or, of a proximal
// point (proximal.h), points, loss and derivative at w; the derivative times a direction; or slopes
// along it.
enum class Stage : int { kPasses, kPoints, kCurve, kSlopes };

// How hard to work on a problem: see Effort, and LocalSolver.
struct ProblemPlan {
  int problem = 0;
  int stage = 0;
  double overlap = 1, accuracy = 0, passes = 0;
  double proximity = 0;
  uint8_t wants_blocks = 0;  // with the points
  STRADS_FIELDS(problem, stage, overlap, accuracy, passes, proximity, wants_blocks)
};

struct Plan {
  int phase = 0;
  std::vector<ProblemPlan> problems;  // of kSolve and kMeasure
  STRADS_FIELDS(phase, problems)
};

// A shard's part of a Step, or of ProximalSums, whose `vector` is `change`.
struct ProblemStep {
  WeightChange change;
  double along = 0, square = 0;  // w'change, |change|^2
  double gain = 0, curvature = 0;
  double violation = 0;
  int64_t passes = 0, visits = 0;
  WeightChange diagonal = {};
  std::vector<double> blocks = {};
  std::vector<double> slopes = {};
  std::vector<double> losses = {};
  double dual = 0;
  STRADS_FIELDS(change,
                along,
                square,
                gain,
                curvature,
                violation,
                passes,
                visits,
                diagonal,
                blocks,
                slopes,
                losses,
                dual)
};

// A shard's share. Vectors of kSolve and kMeasure are parallel to the plan's problems.
struct Partial {
  // kRows
  IdTable labels;
  std::vector<int64_t> label_rows;  // of each
  int64_t num_features = 0;
  int64_t nonzeros = 0;
  std::vector<std::string> features;  // their names, if the file has a header
  std::string target;
  // kLook, of the rows that are trained on
  std::vector<int64_t> class_rows;
  int64_t validation_rows = 0;
  FeatureSums feature_sums;  // to scale by
  // kSolve
  std::vector<ProblemStep> steps;
  // kMeasure
  std::vector<double> losses;  // of each problem kScales: see scaled_losses.h
  std::vector<double> duals;
  double loss_at_zero = 0;       // of each problem, at w = 0
  double largest_norm = 0;       // of |x_i|^2
  int64_t validation_right = 0;  // of the held-out rows

  STRADS_FIELDS(labels,
                label_rows,
                num_features,
                nonzeros,
                features,
                target,
                class_rows,
                validation_rows,
                feature_sums,
                steps,
                losses,
                duals,
                loss_at_zero,
                largest_norm,
                validation_right)
};

// The rank of the worker that solves a problem where workers divide classes.
inline int OwnerOf(int32_t problem, int workers) { return problem % workers; }

struct ProblemUpdate {
  double length = 1;  // of the step that was taken
  WeightChange change;
  // Of a proximal point.
  WeightChange direction;
  double advance = -1;      // so much of the direction is `change`; below 0: of none
  uint8_t commits = 0;      // the points become the dual variables
  int32_t best_scale = -1;  // the model becomes what was rated, w times this scale; -1: it does not
  STRADS_FIELDS(length, change, direction, advance, commits, best_scale)
};

struct Update {
  int phase = 0;
  // kRows
  IdTable labels;
  ClassRows class_rows;
  int64_t num_features = 0;
  uint8_t divides_classes = 0;  // every worker has all rows, and some of the problems
  // kLook
  std::vector<double> class_weights;
  std::vector<double> scales;  // of features: what they are multiplied by; empty: 1
  // kSolve, kMeasure
  std::vector<int32_t> problems;       // of the plan
  std::vector<ProblemUpdate> changes;  // kSolve
  std::vector<int32_t> best_scales;    // kMeasure: as ProblemUpdate's
  Plan next;

  STRADS_FIELDS(phase,
                labels,
                class_rows,
                num_features,
                divides_classes,
                class_weights,
                scales,
                problems,
                changes,
                best_scales,
                next)
};

}  // namespace strads::svm
