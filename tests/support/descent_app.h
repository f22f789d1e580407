#pragma once

#include <strads/strads.h>

#include <Eigen/Dense>
#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "tests/support/toy_app.h"

namespace strads::testing {

// The problem of Toy by gradient descent on the newest gradient of every worker (Blatt, Hero and
// Gauchman, "A convergent incremental gradient method with a constant step size", SIAM J. Optim.
// 2007), which has the same limit however late gradients are:
//
//   b -= step (sum_q g_q + lambda b),   g_q = -X_q'(y_q - X_q b_q), the last that q sent
//
// The model keeps books of its own on how stale the parameters were that gradients come from.
// Holders each have a range of b, and books of their own.
struct Descent {
  struct Options {
    int rows = 40;
    int columns = 6;
    double lambda = 0.5;
    double step = 5e-4;
    int bad_shard = -1;  // the rank that fails
    int bad_clock = -1;  // from this push on; -1: when it reads its data
    STRADS_FIELDS(rows, columns, lambda, step, bad_shard, bad_clock)

    Toy::Options problem() const {
      Toy::Options options;
      options.rows = rows;
      options.columns = columns;
      options.lambda = lambda;
      return options;
    }
  };
  struct Start {
    int64_t rows = 0;
    bool IsEmpty() const { return rows == 0; }
    STRADS_FIELDS(rows)
  };
  struct Books {
    int64_t pulled = 0;
    int64_t staleness_max = -1'000'000;
    int64_t staleness_sum = 0;
    STRADS_FIELDS(pulled, staleness_max, staleness_sum)
  };
  struct Parameters {
    Eigen::VectorXd b;
    std::vector<int64_t> clocks;  // of each worker that are in b, for each of its parts
    Books books;

    static Parameters Join(std::span<const Parameters> parts) {
      Parameters whole;
      whole.b =
          JoinParts(parts, [](const Parameters& part) -> const Eigen::VectorXd& { return part.b; });
      for (const Parameters& part : parts) {
        whole.clocks.insert(whole.clocks.end(), part.clocks.begin(), part.clocks.end());
        whole.books.pulled += part.books.pulled;
        whole.books.staleness_max = std::max(whole.books.staleness_max, part.books.staleness_max);
        whole.books.staleness_sum += part.books.staleness_sum;
      }
      return whole;
    }

    STRADS_FIELDS(b, clocks, books)
  };
  struct Gradient {
    int rank = 0;
    int64_t clock = 0;
    std::vector<int64_t> read;  // the clocks of the parameters
    Eigen::VectorXd g;

    Gradient PartOf(Slice slice) const {
      Gradient part{rank, clock, {}, strads::PartOf(g, slice)};
      const auto [first, last] = slice.RangeOf(std::ssize(read));
      part.read.assign(read.begin() + first, read.begin() + last);
      return part;
    }

    STRADS_FIELDS(rank, clock, read, g)
  };

  class Worker {
   public:
    Worker(const Options& options, Shard shard) : options_(options), rank_(shard.rank) {
      if (rank_ == options.bad_shard && options.bad_clock < 0) throw DataError("toy:7: no data");
      const auto [first, last] = shard.RangeOf(options.rows);
      x_.resize(last - first, options.columns);
      y_.resize(last - first);
      for (int64_t i = first; i < last; ++i) {
        const std::vector<double> row = Toy::Row(options.problem(), i);
        for (int j = 0; j < options.columns; ++j) x_(i - first, j) = row[static_cast<size_t>(j)];
        y_(i - first) = row.back();
      }
    }
    Start Describe() const { return {y_.size()}; }
    Gradient Push(const Parameters& parameters, int64_t clock) {
      if (rank_ == options_.bad_shard && clock >= options_.bad_clock)
        throw DataError("toy:9: the data went away");
      return {rank_, clock, parameters.clocks, x_.transpose() * (x_ * parameters.b - y_)};
    }
    double Loss(const Parameters& parameters) {
      return 0.5 * (y_ - x_ * parameters.b).squaredNorm();
    }

   private:
    const Options options_;
    const int rank_;
    Eigen::MatrixXd x_;
    Eigen::VectorXd y_;
  };

  class Model {
   public:
    Model() = default;
    explicit Model(const Options& options, Slice slice = {}) : options_(options), slice_(slice) {
      if (!(options.lambda > 0)) throw UsageError("--lambda is out of range, expected more than 0");
    }
    void Begin(std::span<const Start> starts) {
      int64_t rows = 0;
      for (const Start& start : starts) rows += start.rows;
      if (rows != options_.rows) throw DataError("toy: rows are missing");
      const auto [first, last] = slice_.RangeOf(options_.columns);
      parameters_ = {
          Eigen::VectorXd::Zero(last - first), std::vector<int64_t>(starts.size(), 0), {}};
      newest_.resize(starts.size(), Eigen::VectorXd::Zero(last - first));
    }
    void Pull(std::span<const Gradient> gradients) {
      for (const Gradient& gradient : gradients) {
        newest_[static_cast<size_t>(gradient.rank)] = gradient.g;
        Books& books = parameters_.books;
        ++books.pulled;
        for (int other = 0; other < std::ssize(gradient.read); ++other) {
          if (other == gradient.rank) continue;
          const int64_t staleness = gradient.clock - gradient.read[static_cast<size_t>(other)];
          books.staleness_max = std::max(books.staleness_max, staleness);
          books.staleness_sum += staleness;
        }
      }
      for (const Gradient& gradient : gradients) {
        Eigen::VectorXd direction = options_.lambda * parameters_.b;
        for (const Eigen::VectorXd& g : newest_) direction += g;
        parameters_.b -= options_.step * direction;
        ++parameters_.clocks[static_cast<size_t>(gradient.rank)];
      }
    }
    const Parameters& parameters() const { return parameters_; }
    void Collect(const Parameters& answer) { parameters_ = answer; }
    void Finish() { ++finished; }
    strads::Report Report() const {
      return {.penalty = 0.5 * options_.lambda * parameters_.b.squaredNorm(),
              .updates = books().pulled};
    }
    const Eigen::VectorXd& b() const { return parameters_.b; }
    const Books& books() const { return parameters_.books; }

   private:
    Options options_;
    Slice slice_;
    Parameters parameters_;
    std::vector<Eigen::VectorXd> newest_;

   public:
    int finished = 0;
    STRADS_FIELDS(parameters_, finished)
  };
};
static_assert(DivisibleApp<Descent>);
static_assert(!App<Descent>);
static_assert(!DataParallelApp<Toy>);

inline const Program& DescentProgram() {
  static const Program program = MakeProgram<Descent>("descent");
  return program;
}

}  // namespace strads::testing
