#pragma once

#include <strads/prox.h>

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "apps/lasso/group_step.h"

namespace strads::lasso {

// The penalty of the lasso family, over units: single variables, or groups of them.
//
//   sum_u  l1_u |D_u b_u|_2 + l2_u/2 |D_u b_u|_2^2,   and b >= 0 if non-negative
//
// D is diagonal: the scales of the variables. A unit with l1 = l2 = 0 is free; one with l1
// infinite stays zero. For a single variable the first term is l1 |d b|: lasso and elastic net (Zou
// and Hastie, 2005); for groups, the group lasso (Yuan and Lin, 2006).
class Penalty {
 public:
  struct Unit {
    int32_t first = 0;  // of its variables
    int32_t count = 1;
    double l1 = 0;  // of a single variable: times its scale
    double l2 = 0;  // of a single variable: times the square of its scale
    bool IsFree() const { return l1 == 0 && l2 == 0; }
  };

  Penalty() = default;
  // `members` are the variables of the first unit, then of the second, and so on; empty if they are
  // 0, 1, 2, ... `scales` are of the variables of groups, in the same order; empty if there are no
  // groups.
  Penalty(std::vector<Unit> units,
          std::vector<int32_t> members,
          std::vector<double> scales,
          bool nonnegative)
      : units_(std::move(units)),
        members_(std::move(members)),
        scales_(std::move(scales)),
        nonnegative_(nonnegative) {
    FindCommon();
  }
  // Unit u is variable u, alone, for u < count, and all have the l1 and l2 of `common`.
  Penalty(int64_t count, const Unit& common, bool nonnegative)
      : num_alike_(static_cast<int>(count)), common_(common), nonnegative_(nonnegative) {}
  // lambda |b|_1 over `count` variables.
  static Penalty Lasso(int64_t count, double lambda) { return {count, {.l1 = lambda}, false}; }

  int num_units() const { return num_alike_ + static_cast<int>(units_.size()); }
  Unit unit(int u) const {
    if (num_alike_ > 0) return {u, 1, common_.l1, common_.l2};
    return units_[static_cast<size_t>(u)];
  }
  // To go through all units in order.
  class Units {
   public:
    class Iterator {
     public:
      Iterator(const Penalty& penalty, int u) : penalty_(penalty), u_(u) {}
      Unit operator*() const { return penalty_.unit(u_); }
      Iterator& operator++() {
        ++u_;
        return *this;
      }
      bool operator!=(const Iterator& other) const { return u_ != other.u_; }

     private:
      const Penalty& penalty_;
      int u_;
    };
    explicit Units(const Penalty& penalty) : penalty_(penalty) {}
    Iterator begin() const { return {penalty_, 0}; }
    Iterator end() const { return {penalty_, penalty_.num_units()}; }

   private:
    const Penalty& penalty_;
  };
  Units units() const { return Units(*this); }
  // Calls `adjust` with every unit, which may change l1 and l2.
  template <class F>
  void Adjust(const F& adjust) {
    adjust(common_);
    for (Unit& unit : units_) adjust(unit);
    FindCommon();
  }
  // If unit u is variable u, alone, and all have the same l1 and l2, these, else null. In this, the
  // usual case, there is nothing to be read of units.
  const Unit* common_unit() const { return num_alike_ > 0 ? &common_ : nullptr; }
  bool nonnegative() const { return nonnegative_; }
  // The k-th variable in the order of units.
  int32_t Variable(int32_t k) const {
    return members_.empty() ? k : members_[static_cast<size_t>(k)];
  }
  double Scale(int32_t k) const { return scales_.empty() ? 1 : scales_[static_cast<size_t>(k)]; }

  // The penalty over these units alone, whose variables become 0, 1, 2, ... in this order.
  Penalty Over(std::span<const int> units) const;

  // Of one unit, and of all.
  double Value(const Unit& unit, const double* b) const {
    if (unit.count > 1) return ValueOfGroup(unit, b);
    const double value = b[Variable(unit.first)];
    return value == 0 ? 0 : unit.l1 * std::abs(value) + 0.5 * unit.l2 * value * value;
  }
  double Value(const double* b) const;

  // argmin over b of  a/2 b^2 - z b + what the unit, a single variable, adds. Zero if there is no
  // least b.
  double Minimise(const Unit& unit, double z, double a) const {
    const double curvature = a + unit.l2;
    if (!(curvature > 0)) return 0;
    return (nonnegative_ ? NonnegativeSoftThreshold(z, unit.l1) : SoftThreshold(z, unit.l1)) /
           curvature;
  }

  // The change of unit's variables that minimises a bound of
  //
  //   1/2 |r - X_u c|^2 + penalty of b_u + c   with q = X_u'r and squared norms |x_j|^2 = xx:
  //
  // for a single variable the function itself, for a group the one with D^-1 X_u'X_u D^-1 replaced
  // by its trace times the identity. Written to `change`; false if it is zero.
  bool Change(
      const Unit& unit, const double* b, const double* q, const double* xx, double* change) const {
    if (unit.count > 1) return ChangeOfGroup(unit, b, q, xx, change);
    const int32_t j = Variable(unit.first);
    *change = (xx[j] > 0 ? Minimise(unit, q[j] + xx[j] * b[j], xx[j]) : 0) - b[j];
    return *change != 0;
  }

  // The same without a bound, for `step` of D^-1 X_u'X_u D^-1.
  bool ExactChange(const Unit& unit,
                   const double* b,
                   const double* q,
                   const GroupStep& step,
                   double* change) const;

  // The trace of D_u^-1 X_u'X_u D_u^-1, for squared norms |x_j|^2 = xx.
  double Trace(const Unit& unit, const double* xx) const;

  // The units that are not zero, and their variables in order.
  struct Support {
    std::vector<int> units;
    std::vector<int32_t> variables;
  };
  Support SupportOf(const double* b) const;

  // The largest of all units, which have a common one: see there.
  double LargestSteepness(const double* q) const;

  // How steep the loss falls along the unit, for q = X'r: |D_u^-1 q_u|_2, one-sided if b >= 0. The
  // unit stays at zero while that is at most l1; for a single variable D is in l1.
  double Steepness(const Unit& unit, const double* q) const {
    if (unit.count > 1) return SteepnessOfGroup(unit, q);
    return SteepnessOf(q[Variable(unit.first)]);
  }
  // Along a single variable of that slope.
  double SteepnessOf(double slope) const {
    return nonnegative_ ? std::max(slope, 0.0) : std::abs(slope);
  }

 private:
  double ValueOfGroup(const Unit& unit, const double* b) const;
  double SteepnessOfGroup(const Unit& unit, const double* q) const;
  bool ChangeOfGroup(
      const Unit& unit, const double* b, const double* q, const double* xx, double* change) const;

  void FindCommon();

  std::vector<Unit> units_;
  std::vector<int32_t> members_;
  std::vector<double> scales_;
  int num_alike_ = 0;  // units, and then there are none in units_
  Unit common_;
  bool nonnegative_ = false;
};

}  // namespace strads::lasso
