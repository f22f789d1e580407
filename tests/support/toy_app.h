#pragma once

#include <strads/strads.h>

#include <Eigen/Dense>
#include <algorithm>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <vector>

#include "strads/random.h"

namespace strads::testing {

// Ridge regression with data made from a seed: minimise over b
//
//   P(b) = 1/2 |y - X b|^2 + lambda/2 |b|^2
//
// one variable a round, in turns. P is strongly convex, so P(b) - min P <= |P'(b)|^2 / (2 lambda)
// is a certificate, and the minimiser solves (X'X + lambda I) b = X'y.
struct Toy {
  struct Options {
    int rows = 40;
    int columns = 6;
    double lambda = 0.5;
    int64_t seed = 1;
    int measure_every = 12;  // rounds of scheduler 0
    int bad_shard = -1;      // the rank whose data cannot be read
    int bad_round = -1;      // the push at which that rank fails instead
    STRADS_FIELDS(rows, columns, lambda, seed, measure_every, bad_shard, bad_round)
  };
  struct Plan {
    int32_t column = -1;  // -1: measure, which is fenced
    STRADS_FIELDS(column)
  };
  struct Partial {
    double xr = 0, xx = 0;
    std::vector<double> all_xr;  // if measuring
    double yy = 0;
    STRADS_FIELDS(xr, xx, all_xr, yy)
  };
  struct Update {
    int32_t column = -1;
    double change = 0;
    STRADS_FIELDS(column, change)
  };

  // Row i of X, and then y_i.
  static std::vector<double> Row(const Options& options, int64_t i) {
    Random random(static_cast<uint64_t>(options.seed), static_cast<uint64_t>(i));
    std::vector<double> row;
    double y = random.Uniform() - 0.5;
    for (int j = 0; j < options.columns; ++j) {
      row.push_back(2 * random.Uniform() - 1);
      y += (j - 2) * row.back();
    }
    row.push_back(y);
    return row;
  }

  class Scheduler {
   public:
    Scheduler(const Options& options, Slice slice)
        : options_(options), slice_(slice), range_(slice.RangeOf(options.columns)) {}
    Scheduled<Plan> Schedule() {
      const int64_t turn = turn_++;
      const int64_t width = range_.second - range_.first;
      if (width == 0 || (slice_.index == 0 && turn % options_.measure_every == 0)) {
        return {Plan{}, true};
      }
      return Plan{static_cast<int32_t>(range_.first + next_++ % width)};
    }
    void Feedback(const Update&) {}

   private:
    const Options options_;
    const Slice slice_;
    const std::pair<int64_t, int64_t> range_;
    int64_t turn_ = 0;
    int64_t next_ = 0;
  };

  class Worker {
   public:
    Worker(const Options& options, Shard shard) : options_(options), rank_(shard.rank) {
      if (rank_ == options.bad_shard && options.bad_round < 0) throw DataError("toy:7: no data");
      const auto [first, last] = shard.RangeOf(options.rows);
      x_.resize(last - first, options.columns);
      residual_.resize(last - first);
      for (int64_t i = first; i < last; ++i) {
        const std::vector<double> row = Row(options, i);
        for (int j = 0; j < options.columns; ++j) x_(i - first, j) = row[static_cast<size_t>(j)];
        residual_(i - first) = row.back();
      }
      yy_ = residual_.squaredNorm();
    }
    Partial Push(const Plan& plan) {
      if (rank_ == options_.bad_shard && pushes_++ == options_.bad_round) {
        throw DataError("toy:9: the data went away");
      }
      Partial partial;
      if (plan.column < 0) {
        for (int j = 0; j < options_.columns; ++j) {
          partial.all_xr.push_back(x_.col(j).dot(residual_));
        }
        partial.yy = yy_;
      } else {
        partial.xr = x_.col(plan.column).dot(residual_);
        partial.xx = x_.col(plan.column).squaredNorm();
      }
      return partial;
    }
    void Sync(const Update& update) {
      if (update.column >= 0) residual_ -= update.change * x_.col(update.column);
    }
    double Loss() const { return 0.5 * residual_.squaredNorm(); }

   private:
    const Options options_;
    const int rank_;
    Eigen::MatrixXd x_;
    Eigen::VectorXd residual_;
    double yy_ = 0;
    int64_t pushes_ = 0;
  };

  class Model {
   public:
    Model() = default;
    explicit Model(const Options& options)
        : coefficients_(Eigen::VectorXd::Zero(options.columns)), lambda_(options.lambda) {
      if (!(options.lambda > 0)) throw UsageError("--lambda is out of range, expected more than 0");
    }
    Update Pull(const Plan& plan, std::span<const Partial> partials) {
      if (plan.column < 0) {
        Measure(partials);
        return {};
      }
      double xr = 0, xx = 0;
      for (const Partial& partial : partials) {
        xr += partial.xr;
        xx += partial.xx;
      }
      double& b = coefficients_(plan.column);
      const double change = (xr - lambda_ * b) / (xx + lambda_);
      b += change;
      ++updates_;
      return {plan.column, change};
    }
    strads::Report Report() const {
      strads::Report report;
      report.penalty = 0.5 * lambda_ * coefficients_.squaredNorm();
      report.gap = gap_;
      report.updates = updates_;
      report.nonzeros = (coefficients_.array() != 0).count();
      return report;
    }
    const Eigen::VectorXd& coefficients() const { return coefficients_; }

   private:
    void Measure(std::span<const Partial> partials) {
      Eigen::VectorXd gradient = lambda_ * coefficients_;
      double yy = 0;
      for (const Partial& partial : partials) {
        for (size_t j = 0; j < partial.all_xr.size(); ++j) {
          gradient(static_cast<Eigen::Index>(j)) -= partial.all_xr[j];
        }
        yy += partial.yy;
      }
      gap_ = gradient.squaredNorm() / (2 * lambda_) / (0.5 * yy);
    }

    Eigen::VectorXd coefficients_;

   public:
    STRADS_FIELDS(coefficients_)

   private:
    double lambda_ = 0;
    double gap_ = std::numeric_limits<double>::infinity();
    int64_t updates_ = 0;
  };

  // The minimiser, from all data at once.
  static Eigen::VectorXd Solution(const Options& options) {
    Eigen::MatrixXd gram =
        options.lambda * Eigen::MatrixXd::Identity(options.columns, options.columns);
    Eigen::VectorXd xy = Eigen::VectorXd::Zero(options.columns);
    for (int64_t i = 0; i < options.rows; ++i) {
      const std::vector<double> row = Row(options, i);
      const Eigen::Map<const Eigen::VectorXd> x(row.data(), options.columns);
      gram += x * x.transpose();
      xy += row.back() * x;
    }
    return gram.ldlt().solve(xy);
  }
  static double Objective(const Options& options, const Eigen::VectorXd& b) {
    double twice = options.lambda * b.squaredNorm();
    for (int64_t i = 0; i < options.rows; ++i) {
      const std::vector<double> row = Row(options, i);
      const Eigen::Map<const Eigen::VectorXd> x(row.data(), options.columns);
      const double r = row.back() - x.dot(b);
      twice += r * r;
    }
    return 0.5 * twice;
  }
};
static_assert(App<Toy>);

inline const Program& ToyProgram() {
  static const Program program = MakeProgram<Toy>("toy");
  return program;
}

}  // namespace strads::testing
