#pragma once

#include <strads/fields.h>
#include <strads/id_table.h>
#include <strads/weight_change.h>

#include <cstdint>
#include <string>
#include <vector>

#include "apps/svm/face.h"

namespace strads::svm {

// What a round is for.
enum class Phase : int {
  kRows,     // workers count their rows, labels and features
  kLook,     // and, the classes being known, the rows of each and how large features are
  kSolve,    // of each problem that is not finished, some passes over the dual variables
  kMeasure,  // its primal and dual objectives
};

// What a round of kSolve does about a problem.
enum class Stage : int { kPasses, kBeginFace, kMoveOnFace, kEndFace };

// How hard to work on a problem: see Effort, and LocalSolver.
struct ProblemPlan {
  int problem = 0;
  int stage = 0;
  double overlap = 1, accuracy = 0;
  STRADS_FIELDS(problem, stage, overlap, accuracy)
};

struct Plan {
  int phase = 0;
  std::vector<ProblemPlan> problems;  // of kSolve and kMeasure
  STRADS_FIELDS(phase, problems)
};

// A shard's part of a Step.
struct ProblemStep {
  WeightChange change;
  double gain = 0, curvature = 0;
  double violation = 0;
  int64_t passes = 0;
  FaceNumbers face = {};  // of FaceSums, whose `ascent` is `change`
  STRADS_FIELDS(change, gain, curvature, violation, passes, face)
};

// A shard's share. Vectors of kSolve and kMeasure are parallel to the plan's problems.
struct Partial {
  // kRows
  IdTable labels;
  int64_t rows = 0;
  int64_t num_features = 0;
  std::vector<std::string> features;  // their names, if the file has a header
  std::string target;
  // kLook, of the rows that are trained on
  std::vector<int64_t> class_rows;
  int64_t validation_rows = 0;
  std::vector<double> largest;        // |x_ij| of each feature, to scale by it
  std::vector<double> sums, squares;  // of x_ij, to scale by the standard deviation
  // kSolve
  std::vector<ProblemStep> steps;
  // kMeasure
  std::vector<double> losses, duals;
  int64_t validation_right = 0;  // of the held-out rows

  STRADS_FIELDS(labels,
                rows,
                num_features,
                features,
                target,
                class_rows,
                validation_rows,
                largest,
                sums,
                squares,
                steps,
                losses,
                duals,
                validation_right)
};

struct ProblemUpdate {
  double length = 1;  // of the step that was taken
  WeightChange change;
  // Of a FaceMove.
  double beta = 0, face_length = 0;
  WeightChange image;
  STRADS_FIELDS(length, change, beta, face_length, image)
};

struct Update {
  int phase = 0;
  // kRows
  IdTable labels;
  std::vector<int64_t> first_row;  // of each worker
  int64_t num_features = 0;
  // kLook
  std::vector<double> class_weights;
  std::vector<double> scales;  // of features: what they are multiplied by; empty: 1
  // kSolve, kMeasure
  std::vector<int32_t> problems;       // of the plan
  std::vector<ProblemUpdate> changes;  // kSolve
  std::vector<uint8_t> is_best;        // kMeasure: whether the model becomes what was measured
  Plan next;

  STRADS_FIELDS(phase,
                labels,
                first_row,
                num_features,
                class_weights,
                scales,
                problems,
                changes,
                is_best,
                next)
};

}  // namespace strads::svm
