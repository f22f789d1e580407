#include "apps/regression/penalised_quadratic.h"

#include <strads/index.h>
#include <strads/prox.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "apps/regression/column_basis.h"

namespace strads::regression {
namespace {

// A variable that goes no further than this share of the largest one has moved by rounding.
constexpr double kRounding = 1e-15;
// Multiplications of a factor run so much faster than those of sweeps, which wait for memory.
constexpr double kSpeed = 4;
// Of a direction that the fit does not notice: less than this share of its largest is rounding.
constexpr double kLeastPivot = 1e-9;

}  // namespace

void PenalisedQuadratic::Minimise(Eigen::VectorXd& u,
                                  Eigen::VectorXd& slopes,
                                  double enough,
                                  double most_work) {
  double work = 0, since = 0;
  // Where cuts go on and on, sweeps alone would not come to an end either.
  int most_steps = 1;
  StepWhileCut(u, slopes, most_steps, most_work);
  do {
    if (variables_.Violation(u, slopes) <= enough) break;
    const Sweep sweep = Descend(u, slopes);
    work += sweep.work;
    since += sweep.work;
    if (sweep.furthest <= kRounding * u.cwiseAbs().maxCoeff()) break;
    if (since < WorkOfStep(FreeOf(u))) continue;
    most_steps *= 2;
    work += StepWhileCut(u, slopes, most_steps, most_work - work);
    since = 0;
  } while (work < most_work);
  Factor(FreeOf(u));
  if (is_singular_) MakeIndependent(u, slopes);
}

double PenalisedQuadratic::StepWhileCut(Eigen::VectorXd& u,
                                        Eigen::VectorXd& slopes,
                                        int most_steps,
                                        double most_work) {
  double work = 0;
  bool is_cut = true;
  for (int step = 0; is_cut && step < most_steps && work <= most_work; ++step) {
    std::vector<Eigen::Index> free = FreeOf(u);
    work += WorkOfStep(free);
    Factor(std::move(free));
    if (is_singular_) {
      MakeIndependent(u, slopes);
      free = FreeOf(u);
      work += WorkOfStep(free);
      Factor(std::move(free));
    }
    is_cut = Step(u, slopes);
  }
  return work;
}

PenalisedQuadratic::Sweep PenalisedQuadratic::Descend(Eigen::VectorXd& u,
                                                      Eigen::VectorXd& slopes) const {
  const Eigen::Index count = a_.rows();
  Sweep sweep{.work = static_cast<double>(count)};
  for (Eigen::Index j = 0; j < count; ++j) {
    const double bend = a_(j, j), before = u[j];
    if (!(bend > 0)) continue;
    const double to =
        BoxProx(before - slopes[j] / bend, variables_.l1()[j] / bend, variables_.l2()[j] / bend,
                variables_.lower()[j], variables_.upper()[j]);
    if (to == before) continue;
    Move(j, to, u, slopes);
    sweep.work += static_cast<double>(count);
    sweep.furthest = std::max(sweep.furthest, std::abs(to - before));
  }
  return sweep;
}

void PenalisedQuadratic::Move(Eigen::Index j,
                              double to,
                              Eigen::VectorXd& u,
                              Eigen::VectorXd& slopes) const {
  slopes.head(a_.rows()) += (to - u[j]) * a_.col(j);
  u[j] = to;
}

bool PenalisedQuadratic::IsFree(Eigen::Index j, double u) const {
  return a_(j, j) > 0 && u > variables_.lower()[j] && u < variables_.upper()[j] &&
         (u != 0 || variables_.l1()[j] == 0);
}

std::vector<Eigen::Index> PenalisedQuadratic::FreeOf(const Eigen::VectorXd& u) const {
  std::vector<Eigen::Index> free;
  for (Eigen::Index j = 0; j < a_.rows(); ++j)
    if (IsFree(j, u[j])) free.push_back(j);
  return free;
}

double PenalisedQuadratic::WorkOfStep(const std::vector<Eigen::Index>& free) const {
  const auto count = static_cast<double>(free.size());
  const double factor = free == free_ ? 0 : count * count * count / 3 / kSpeed;
  return factor + count * static_cast<double>(a_.rows());
}

// Of a diagonal that is larger by what rounding may take from it: where features are copies of each
// other the matrix has no factor.
void PenalisedQuadratic::Factor(std::vector<Eigen::Index> free) {
  if (free == free_) return;
  free_ = std::move(free);
  const auto count = static_cast<Eigen::Index>(free_.size());
  Eigen::MatrixXd bend(count, count);
  for (double more = 4 * static_cast<double>(count) * std::numeric_limits<double>::epsilon();
       more < 1; more *= 10) {
    bend = a_(free_, free_);
    bend.diagonal() += variables_.l2()(free_);
    bend.diagonal() *= 1 + more;
    factor_.compute(bend);
    if (factor_.info() == Eigen::Success) break;
  }
  is_singular_ = count > 0 && factor_.rcond() < 16 * static_cast<double>(count) *
                                                    std::numeric_limits<double>::epsilon();
}

// Where features of free variables depend on each other: along a direction that the fit does not
// notice, to the side to which the objective falls, until a variable is free no more, as a solution
// of linear inequalities is made a basic one.
void PenalisedQuadratic::MakeIndependent(Eigen::VectorXd& u, Eigen::VectorXd& slopes) const {
  Eigen::MatrixXd bend = a_(free_, free_);
  bend.diagonal() += variables_.l2()(free_);
  ColumnBasis basis = BasisOf(bend);
  const auto rank = std::ssize(basis.basic), others = std::ssize(basis.rest);
  std::vector<Eigen::Index> along;  // the basic variables, and the one that is not
  for (const Eigen::Index i : basis.basic) along.push_back(free_[Index(i)]);
  along.push_back(0);
  for (Eigen::Index c = 0; c < others; ++c) {
    along.back() = free_[Index(basis.rest[Index(c)])];
    Eigen::VectorXd direction(rank + 1);
    direction << -basis.combination.col(c), 1;
    const double least = kLeastPivot * direction.cwiseAbs().maxCoeff();
    direction = (direction.array().abs() > least).select(direction, 0);
    if (direction.dot(SlopesOf(along, u, slopes)) > 0) direction = -direction;
    // Far away there is nothing to gain, and less accuracy.
    const Way way = WayAlong(along, direction, u);
    if (way.length * direction.cwiseAbs().maxCoeff() > u.cwiseAbs().maxCoeff()) continue;
    Go(along, direction, way, u, slopes);
    const Eigen::Index first = way.first;
    if (first == rank) continue;
    // The variable that has stopped leaves the basis to the other.
    along[Index(first)] = along.back();
    const Eigen::VectorXd column = basis.combination.col(c);
    for (Eigen::Index o = c + 1; o < others; ++o) {
      const double share = basis.combination(first, o) / column[first];
      basis.combination.col(o) -= share * column;
      basis.combination(first, o) = share;
    }
  }
}

Eigen::VectorXd PenalisedQuadratic::SlopesOf(const std::vector<Eigen::Index>& some,
                                             const Eigen::VectorXd& u,
                                             const Eigen::VectorXd& slopes) const {
  Eigen::VectorXd of_some = slopes(some) + variables_.l2()(some).cwiseProduct(u(some));
  of_some += variables_.l1()(some).cwiseProduct(u(some).cwiseSign());
  return of_some;
}

// Where u_j comes to a bound or the kink of the penalty on its way.
double PenalisedQuadratic::EndOf(Eigen::Index j, double u, double direction) const {
  const bool has_kink = variables_.l1()[j] > 0;
  const double lower = variables_.lower()[j], upper = variables_.upper()[j];
  if (direction < 0) return has_kink && u >= 0 ? std::max(lower, 0.0) : lower;
  return has_kink && u <= 0 ? std::min(upper, 0.0) : upper;
}

bool PenalisedQuadratic::Step(Eigen::VectorXd& u, Eigen::VectorXd& slopes) {
  if (free_.empty()) return false;
  const Eigen::VectorXd step = -factor_.solve(SlopesOf(free_, u, slopes));
  Way way = WayAlong(free_, step, u);
  if (way.length > 1) way = {.length = 1};
  Go(free_, step, way, u, slopes);
  return way.first >= 0;
}

PenalisedQuadratic::Way PenalisedQuadratic::WayAlong(const std::vector<Eigen::Index>& along,
                                                     const Eigen::VectorXd& direction,
                                                     const Eigen::VectorXd& u) const {
  Way way;
  for (Eigen::Index i = 0; i < direction.size(); ++i) {
    if (direction[i] == 0) continue;
    const Eigen::Index j = along[Index(i)];
    const double room = (EndOf(j, u[j], direction[i]) - u[j]) / direction[i];
    if (room < way.length) way = {.length = room, .first = i};
  }
  return way;
}

void PenalisedQuadratic::Go(const std::vector<Eigen::Index>& along,
                            const Eigen::VectorXd& direction,
                            const Way& way,
                            Eigen::VectorXd& u,
                            Eigen::VectorXd& slopes) const {
  for (Eigen::Index i = 0; i < direction.size(); ++i) {
    if (direction[i] == 0) continue;
    const Eigen::Index j = along[Index(i)];
    const double end = EndOf(j, u[j], direction[i]), to = u[j] + way.length * direction[i];
    const bool is_beyond = direction[i] < 0 ? to < end : to > end;
    Move(j, i == way.first || is_beyond ? end : to, u, slopes);
  }
}

double PenalisedQuadratic::Left(const Eigen::VectorXd& u, const Eigen::VectorXd& slopes) {
  Factor(FreeOf(u));
  double left = 0;
  for (Eigen::Index j = 0; j < a_.rows(); ++j) {
    if (!(a_(j, j) > 0) || IsFree(j, u[j])) continue;
    const double subgradient = variables_.Subgradient(j, u[j], slopes[j]);
    left += subgradient * subgradient / (a_(j, j) + variables_.l2()[j]) / 2;
  }
  if (free_.empty()) return left;
  const Eigen::VectorXd of_free = SlopesOf(free_, u, slopes);
  return left + of_free.dot(factor_.solve(of_free)) / 2;
}

}  // namespace strads::regression
