#pragma once

#include <cstdint>
#include <span>
#include <vector>

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

// What a shard knows of an iteration; over shards, add them.
struct FaceSums {
  std::vector<double> ascent;  // X'r, where r = g - (X X' + Q) d is what is left of the gradient
  double residual = 0;         // r'r
  double diagonal = 0;         // r'Q r
  double cross = 0;            // r'Q p, p being the direction before
  int64_t free = 0;            // variables
  int64_t outside = 0;         // of them, those whose a + d is out of bounds
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

  // The iteration `move`, of which every shard has the same. O(entries).
  template <class Rows>
  void Move(const Rows& x, double bias, int64_t num_features, const FaceMove& move) {
    const double* const u = move.image.data();
    for (Variable& of : variables_) {
      const double margin = x.Dot(of.row, u) + (bias != 0 ? bias * u[num_features] : 0);
      of.direction = of.residual + move.beta * of.direction;
      of.moved += move.length * of.direction;
      of.residual -= move.length * (of.sign * margin + of.diagonal * of.direction);
    }
  }

  // O(entries + width).
  template <class Rows>
  FaceSums Sums(const Rows& x, double bias, int64_t num_features) const {
    FaceSums sums;
    sums.ascent.resize(static_cast<size_t>(num_features + (bias != 0 ? 1 : 0)), 0.0);
    double* const ascent = sums.ascent.data();
    for (const Variable& of : variables_) {
      x.Add(of.row, of.sign * of.residual, ascent);
      if (bias != 0) ascent[num_features] += bias * of.sign * of.residual;
      sums.residual += of.residual * of.residual;
      sums.diagonal += of.diagonal * of.residual * of.residual;
      sums.cross += of.diagonal * of.residual * of.direction;
      const double to = of.value + of.moved;
      sums.outside += to < 0 || to > of.upper;
    }
    sums.free = static_cast<int64_t>(variables_.size());
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
