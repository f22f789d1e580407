#pragma once

#include <Eigen/Cholesky>
#include <limits>
#include <vector>

#include "apps/regression/variables.h"

namespace strads::regression {

// Minimises a quadratic function of the features' variables, whose second derivatives A are held,
// and the penalty and the bounds of Variables: by coordinate descent that keeps the slopes up to
// date (Friedman, Hastie and Tibshirani, "Regularization Paths for Generalized Linear Models via
// Coordinate Descent", 2010). Along features that are nearly collinear it creeps; so, whenever
// sweeps have cost as much, Newton steps go through the variables that are free, neither at a bound
// nor at the kink of the penalty, each as far as the first of them comes to one. Where features of
// free variables depend on each other, some first go to a bound or kink without a change of the
// fit.
class PenalisedQuadratic {
 public:
  // A is symmetric, a row for each feature; a variable of diagonal 0 stays where it is. `variables`
  // outlives this.
  PenalisedQuadratic(const Variables& variables, Eigen::MatrixXd a)
      : variables_(variables), a_(std::move(a)) {}

  // Moves u, and with it `slopes`, those of the function at u, until no optimality condition is
  // violated by more than `enough`, rounding allows no less, or after Newton steps and a sweep more
  // than `most_work` multiplications are done: a sweep takes one for each pair of features at most,
  // a Newton step (free variables)^3 / 3. Never uphill but for rounding.
  void Minimise(Eigen::VectorXd& u, Eigen::VectorXd& slopes, double enough, double most_work);

  // What a Newton step through the free variables would gain, and each of the others by itself: a
  // bound of what is left, as long as no other variable becomes free. O((free variables)^3), of the
  // same free variables as in the call before O((free variables)^2).
  double Left(const Eigen::VectorXd& u, const Eigen::VectorXd& slopes);

 private:
  struct Sweep {
    double work = 0;
    double furthest = 0;  // that a variable went
  };
  // So far along a direction until a variable comes to a bound or the kink of the penalty: which of
  // those along it, or -1.
  struct Way {
    double length = std::numeric_limits<double>::infinity();
    Eigen::Index first = -1;
  };

  Sweep Descend(Eigen::VectorXd& u, Eigen::VectorXd& slopes) const;
  // Newton steps until one is not cut short, there are enough or more than the work, which is
  // returned, is done.
  double StepWhileCut(Eigen::VectorXd& u,
                      Eigen::VectorXd& slopes,
                      int most_steps,
                      double most_work);
  // Whether it was cut short.
  bool Step(Eigen::VectorXd& u, Eigen::VectorXd& slopes);
  void MakeIndependent(Eigen::VectorXd& u, Eigen::VectorXd& slopes) const;
  Way WayAlong(const std::vector<Eigen::Index>& along,
               const Eigen::VectorXd& direction,
               const Eigen::VectorXd& u) const;
  void Go(const std::vector<Eigen::Index>& along,
          const Eigen::VectorXd& direction,
          const Way& way,
          Eigen::VectorXd& u,
          Eigen::VectorXd& slopes) const;
  void Move(Eigen::Index j, double to, Eigen::VectorXd& u, Eigen::VectorXd& slopes) const;
  double EndOf(Eigen::Index j, double u, double direction) const;
  bool IsFree(Eigen::Index j, double u) const;
  std::vector<Eigen::Index> FreeOf(const Eigen::VectorXd& u) const;
  double WorkOfStep(const std::vector<Eigen::Index>& free) const;
  void Factor(std::vector<Eigen::Index> free);
  // Of the objective, by variables that are at no kink.
  Eigen::VectorXd SlopesOf(const std::vector<Eigen::Index>& some,
                           const Eigen::VectorXd& u,
                           const Eigen::VectorXd& slopes) const;

  const Variables& variables_;
  const Eigen::MatrixXd a_;
  std::vector<Eigen::Index> free_;  // what the factor is of
  Eigen::LLT<Eigen::MatrixXd> factor_;
  bool is_singular_ = false;
};

}  // namespace strads::regression
