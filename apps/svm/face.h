#pragma once

#include <strads/fields.h>

#include <cstdint>
#include <span>
#include <vector>

#include "apps/svm/training_rows.h"

namespace strads::svm {

// The face of the feasible set of a dual problem that a point is on: its free variables, those at
// no bound, while all others stay. On it the dual objective is a quadratic,
//
//   max over d   sum_i g_i d_i - 1/2 sum_i d_i^2 q_i - 1/2 |X'd|^2
//
// with rows y_i x_i of X, q_i the diagonal of the dual and g its gradient at the point, whose
// optimum conjugate gradients find, at one sum over all shards for an iteration; then the variables
// are put back inside their bounds (Moré and Toraldo, "On the Solution of Large Quadratic
// Programming Problems with Bound Constraints", SIAM Journal on Optimization 1991).

// What a shard knows of an iteration; over shards, add them. r = g - (X X' + Q) d is what is left
// of the gradient.
struct FaceNumbers {
  double residual = 0;  // r'r
  double diagonal = 0;  // r'Q r
  double cross = 0;     // r'Q p, p being the direction before
  int64_t free = 0;     // variables
  int64_t outside = 0;  // of them, those whose a + d is out of bounds
  STRADS_FIELDS(residual, diagonal, cross, free, outside)
};
struct FaceSums {
  std::vector<double> ascent;  // X'r
  FaceNumbers numbers;
};

// An iteration: the direction becomes p = r + beta p, d moves along it by `length`, and `image` is
// X'p.
struct FaceMove {
  double beta = 0, length = 0;
  std::vector<double> image;
};

// The free variables of a shard.
class Face {
 public:
  struct Variable {
    int32_t index;
    int64_t row;
    double sign;      // y_i
    double diagonal;  // q_i
    double value;     // a_i
    double upper;     // its bound; the lower one is 0
    double residual;  // r_i, at first g_i
    double direction = 0;
    double moved = 0;  // d_i
  };

  void Begin() { variables_.clear(); }
  void Add(const Variable& variable) { variables_.push_back(variable); }
  std::span<const Variable> variables() const { return variables_; }

  // The iteration `move`, of which every shard has the same; `x` are the rows of rows.x.
  // O(entries).
  template <class Rows>
  void Move(const TrainingRows& rows, const Rows& x, const FaceMove& move) {
    for (Variable& of : variables_) {
      const double margin = rows.Dot(x, of.row, move.image.data());
      of.direction = of.residual + move.beta * of.direction;
      of.moved += move.length * of.direction;
      of.residual -= move.length * (of.sign * margin + of.diagonal * of.direction);
    }
  }

  // O(entries + width).
  template <class Rows>
  FaceSums Sums(const TrainingRows& rows, const Rows& x) const {
    FaceSums sums;
    sums.ascent.resize(static_cast<size_t>(rows.width()), 0.0);
    FaceNumbers& numbers = sums.numbers;
    for (const Variable& of : variables_) {
      rows.Add(x, of.row, of.sign * of.residual, sums.ascent.data());
      numbers.residual += of.residual * of.residual;
      numbers.diagonal += of.diagonal * of.residual * of.residual;
      numbers.cross += of.diagonal * of.residual * of.direction;
      const double to = of.value + of.moved;
      numbers.outside += to < 0 || to > of.upper;
    }
    numbers.free = static_cast<int64_t>(variables_.size());
    return sums;
  }

 private:
  std::vector<Variable> variables_;
};

// The coordinator's side of it, for one problem.
class FaceSearch {
 public:
  void Begin() { *this = {}; }
  // Takes the sums over all shards; false if it ends there, else `move` is what is to be done.
  bool Next(FaceSums sums, FaceMove& move);

 private:
  int iterations_ = 0;
  double first_residual_ = 0, residual_ = 0, diagonal_ = 0;
  std::vector<double> image_;
};

}  // namespace strads::svm
