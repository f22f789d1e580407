// Lasso: minimise over b  P(b) = 1/2 |y - X b|^2 + lambda |b|_1  by parallel coordinate descent on
// a schedule (Lee et al., NIPS 2014). docs/tutorial.md writes this file step by step.
#include <strads/strads.h>

#include <algorithm>
#include <cmath>
#include <numeric>

struct Lasso {
  struct Options {
    std::string data;
    double lambda = 1;
    int parallelism = 16;
    STRADS_FIELDS(data, lambda, parallelism)
  };

  struct Plan {
    std::vector<int> columns;  // to update; none: measure the distance from the optimum instead
    STRADS_FIELDS(columns)
  };
  struct Partial {
    std::vector<double> xr, xx;  // x_j'r and |x_j|^2 of those columns; of all, if measuring
    double yr = 0, rr = 0;       // y'r and |r|^2
    STRADS_FIELDS(xr, xx, yr, rr)
  };
  struct Update {
    std::vector<int> columns;
    std::vector<double> changes;  // of b
    int num_variables = 0;
    STRADS_FIELDS(columns, changes, num_variables)
  };

  struct Scheduler {
    Scheduler(const Options& o, strads::Slice s) : options(o), slice(s) {}
    strads::Scheduled<Plan> Schedule() {
      if (num_left <= 0) return {Plan{}, true};  // fenced
      num_left -= options.parallelism;
      return Plan{schedule->Draw(options.parallelism)};
    }
    void Feedback(const Update& u) {
      if (!u.columns.empty()) return;
      const auto [first, last] = slice.RangeOf(u.num_variables);
      if (!schedule) schedule = strads::MakeSchedule("shuffled", int(first), int(last), /*seed=*/1);
      num_left = last - first;
    }
    Options options;
    strads::Slice slice;
    std::unique_ptr<strads::Schedule> schedule;
    int64_t num_left = 0;  // variables to draw before the next measurement
  };

  struct Worker {
    Worker(const Options& o, strads::Shard s) : data(strads::ReadDataset(o.data, s)), r(data.y) {}
    Partial Push(const Plan& plan) {
      std::vector<int> columns = plan.columns;
      if (columns.empty()) {
        columns.resize(data.x.num_cols());
        std::iota(columns.begin(), columns.end(), 0);
      }
      Partial partial{{}, {}, data.y.dot(r), r.squaredNorm()};
      for (int j : columns) {
        const bool here = j < data.x.num_cols();  // a shard may lack the last columns
        partial.xr.push_back(here ? data.x.Dot(j, r) : 0);
        partial.xx.push_back(here ? data.x.SquaredNorm(j) : 0);
      }
      return partial;
    }
    void Sync(const Update& u) {
      for (size_t i = 0; i < u.columns.size(); ++i) {
        if (u.columns[i] < data.x.num_cols()) data.x.AddColumn(u.columns[i], -u.changes[i], r);
      }
    }
    double Loss() const { return 0.5 * r.squaredNorm(); }
    strads::Dataset data;
    Eigen::VectorXd r;  // y - X b
  };

  struct Model {
    explicit Model(const Options& o) : lambda(o.lambda) {
      if (o.data.empty() || o.lambda <= 0 || o.parallelism < 1)
        throw strads::UsageError("expected --data=FILE, --lambda above 0, --parallelism above 0");
    }
    Update Pull(const Plan& plan, std::span<const Partial> partials) {
      Partial sum;
      for (const Partial& p : partials) {
        sum.xr.resize(std::max(sum.xr.size(), p.xr.size()));
        sum.xx.resize(sum.xr.size());
        for (size_t i = 0; i < p.xr.size(); ++i) sum.xr[i] += p.xr[i], sum.xx[i] += p.xx[i];
        sum.yr += p.yr, sum.rr += p.rr;
      }
      if (plan.columns.empty()) Measure(sum);
      Update update{plan.columns, {}, int(b.size())};
      for (size_t i = 0; i < plan.columns.size(); ++i) {
        double& bj = b[plan.columns[i]];
        const double xx = sum.xx[i], z = sum.xr[i] + xx * bj;
        update.changes.push_back(xx > 0 ? strads::SoftThreshold(z, lambda) / xx - bj : 0);
        bj += update.changes.back();
      }
      return update;
    }
    // gap = (P(b) - D(s r)) / P(0): D is the dual, s the best scale with |s X'r|_inf <= lambda.
    void Measure(const Partial& sum) {
      if (b.size() == 0) b.resize(sum.xr.size()), null_objective = 0.5 * sum.rr;
      double steepest = 0;
      for (double xr : sum.xr) steepest = std::max(steepest, std::abs(xr));
      const double limit = lambda / steepest;
      const double s = sum.rr > 0 ? std::clamp(sum.yr / sum.rr, -limit, limit) : 0;
      const double dual = s * sum.yr - 0.5 * s * s * sum.rr;
      gap = null_objective > 0 ? (0.5 * sum.rr + Penalty() - dual) / null_objective : 0;
    }
    double Penalty() const {
      double norm = 0;
      for (double bj : b.values()) norm += std::abs(bj);
      return lambda * norm;
    }
    strads::Report Report() const {
      return {.penalty = Penalty(), .gap = gap, .nonzeros = b.CountNonzeros()};
    }
    double lambda, null_objective = 0, gap = std::numeric_limits<double>::infinity();
    strads::SparseVector b;
    STRADS_FIELDS(lambda, b)
  };
};

int main(int argc, char** argv) { return strads::Main<Lasso>(argc, argv, "minimal_lasso"); }
