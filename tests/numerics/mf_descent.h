#pragma once

#include <strads/parallel.h>

#include <Eigen/Core>
#include <vector>

#include "apps/mf/ccd.h"
#include "apps/mf/ccd_shard.h"
#include "apps/mf/columns.h"
#include "apps/mf/implicit.h"
#include "tests/numerics/mf_problems.h"

namespace strads::testing {

struct DescentHow {
  int rank = 3;
  float mean = 0;
  float lambda = 0.1F;
  bool weighted = false;
  bool nonnegative = false;
  bool biases = false;
  bool implicit = false;
  float alpha = 2;
  int threads = 1;
};

// CCD++ on one worker, as an app does it. With biases, two more columns follow those of the rank:
// b with h = 1, and c with w = 1.
class Descent {
 public:
  Descent(RatingsProblem problem, const DescentHow& how)
      : problem_(std::move(problem)),
        how_(how),
        columns_(how.rank + (how.biases ? 2 : 0)),
        pool_(how.threads),
        shard_(how.implicit
                   ? mf::CcdShard::Implicit(
                         problem_.ratings, problem_.users, problem_.items, how.alpha)
                   : mf::CcdShard(problem_.ratings, problem_.users, problem_.items, how.mean)),
        user_penalties_(mf::RowPenalties(how.lambda, how.weighted, problem_.UserCounts())),
        item_penalties_(mf::RowPenalties(how.lambda, how.weighted, problem_.ItemCounts())),
        user_sums_(user_penalties_.size()),
        item_sums_(item_penalties_.size()),
        w_(problem_.users, columns_),
        h_(problem_.items, columns_) {
    mf::Factors start(problem_.items, columns_);
    DrawFactors(1, mf::Side::kItems, 0, 0, 1, start);
    h_ = mf::Columns(start);
    if (!how.biases) return;
    Fix(h_.Column(columns_ - 2), w_.Column(columns_ - 1), h_.Column(columns_ - 1));
  }

  int columns() const { return columns_; }
  mf::Columns& w() { return w_; }
  mf::Columns& h() { return h_; }
  mf::CcdShard& shard() { return shard_; }
  ThreadPool& pool() { return pool_; }
  const RatingsProblem& problem() const { return problem_; }
  bool MovesUsers(int t) const { return !how_.biases || t != columns_ - 1; }
  bool MovesItems(int t) const { return !how_.biases || t != columns_ - 2; }

  void Open(int t) { shard_.Open(w_.Column(t), h_.Column(t)); }
  void Close(int t) { shard_.Close(w_.Column(t), h_.Column(t), pool_); }
  // The decrease.
  double SolveUsers(int t) {
    shard_.UserSums(h_.Column(t), user_sums_, pool_);
    return SolveColumn(user_sums_, user_penalties_, Others(w_, h_, t), IsNonnegative(t),
                       w_.Column(t));
  }
  double SolveItems(int t) {
    shard_.ItemSums(w_.Column(t), item_sums_, pool_);
    return SolveColumn(item_sums_, item_penalties_, Others(h_, w_, t), IsNonnegative(t),
                       h_.Column(t));
  }
  void Epoch(int inner = 1) {
    for (int t = 0; t < columns_; ++t) {
      Open(t);
      for (int i = 0; i < inner; ++i) {
        if (MovesUsers(t)) SolveUsers(t);
        if (MovesItems(t)) SolveItems(t);
      }
      Close(t);
    }
  }

  // Of all observed cells, in double from the factors.
  double Loss() const {
    const Eigen::MatrixXd y = Predicted();
    double loss = how_.implicit ? y.squaredNorm() : 0;
    for (const Rating& r : problem_.ratings) {
      const double p = y(r.user, r.item);
      loss += how_.implicit ? (1 + how_.alpha * r.value) * (1 - p) * (1 - p) - p * p
                            : (r.value - how_.mean - p) * (r.value - how_.mean - p);
    }
    return loss;
  }
  double Objective() const {
    double sum = Loss();
    for (int t = 0; t < columns_; ++t) {
      if (MovesUsers(t)) sum += Weigh(user_penalties_, w_.Column(t));
      if (MovesItems(t)) sum += Weigh(item_penalties_, h_.Column(t));
    }
    return sum;
  }
  // Half the derivative of the objective by one number, divided by its scale there: half the
  // second derivative.
  double UserSlope(int64_t user, int t) const { return Slope(user, t, true); }
  double ItemSlope(int64_t item, int t) const { return Slope(item, t, false); }

 private:
  static void Fix(std::span<float> ones, std::span<float> other_ones, std::span<float> zero) {
    std::ranges::fill(ones, 1.0F);
    std::ranges::fill(other_ones, 1.0F);
    std::ranges::fill(zero, 0.0F);
  }
  bool IsNonnegative(int t) const { return how_.nonnegative && t < how_.rank; }
  mf::AllCells Others(const mf::Columns& own, const mf::Columns& other, int t) const {
    return how_.implicit ? OverAllCells(own, mf::GramColumn(other, t), t) : mf::AllCells{};
  }
  static double Weigh(const std::vector<float>& penalties, std::span<const float> x) {
    double sum = 0;
    for (size_t i = 0; i < x.size(); ++i) sum += static_cast<double>(penalties[i]) * x[i] * x[i];
    return sum;
  }
  Eigen::MatrixXd Predicted() const {
    Eigen::MatrixXd y = Eigen::MatrixXd::Zero(problem_.users, problem_.items);
    for (int t = 0; t < columns_; ++t) {
      const Eigen::Map<const Eigen::VectorXf> w(w_.Column(t).data(), problem_.users);
      const Eigen::Map<const Eigen::VectorXf> h(h_.Column(t).data(), problem_.items);
      y += w.cast<double>() * h.cast<double>().transpose();
    }
    return y;
  }
  double Slope(int64_t row, int t, bool is_user) const {
    const Eigen::MatrixXd y = Predicted();
    const auto n = static_cast<size_t>(row);
    const double penalty = is_user ? user_penalties_[n] : item_penalties_[n];
    const std::span<const float> other = is_user ? h_.Column(t) : w_.Column(t);
    const double x = is_user ? w_.Column(t)[n] : h_.Column(t)[n];
    double slope = penalty * x, curvature = penalty;
    const auto add = [&](double residual, double weight, double z) {
      slope -= weight * residual * z;
      curvature += std::abs(weight) * z * z;
    };
    if (how_.implicit) {
      for (size_t j = 0; j < other.size(); ++j) {
        const auto k = static_cast<Eigen::Index>(j);
        add(-(is_user ? y(row, k) : y(k, row)), 1, other[j]);
      }
    }
    for (const Rating& r : problem_.ratings) {
      if ((is_user ? r.user : r.item) != row) continue;
      const double p = y(r.user, r.item), z = other[static_cast<size_t>(is_user ? r.item : r.user)];
      if (how_.implicit) {
        add(1 - p, 1 + how_.alpha * r.value, z);
        add(-p, -1, z);
      } else {
        add(r.value - how_.mean - p, 1, z);
      }
    }
    return slope / std::max(curvature, 1e-12);
  }

  RatingsProblem problem_;
  DescentHow how_;
  int columns_;
  ThreadPool pool_;
  mf::CcdShard shard_;
  std::vector<float> user_penalties_, item_penalties_;
  std::vector<mf::RowSums> user_sums_, item_sums_;
  mf::Columns w_, h_;
};

}  // namespace strads::testing
