// Lasso: minimise over b  P(b) = 1/2 |y - X b|^2 + lambda |b|_1  by parallel coordinate descent on
// a schedule (Lee et al., NIPS 2014). docs/tutorial.md writes this file step by step.
#include <strads/strads.h>

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
    Eigen::VectorXd xr, xx;  // x_j'r of those columns; measuring: of all columns, and |x_j|^2
    double yr = 0, rr = 0;   // measuring: y'r and |r|^2
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
      if (plan.columns.empty())
        return {data.x.TransposedTimes(r), data.x.SquaredNorms(), data.y.dot(r), r.squaredNorm()};
      Partial partial{Eigen::VectorXd(plan.columns.size()), {}};
      for (size_t i = 0; i < plan.columns.size(); ++i)
        partial.xr[i] = data.x.Dot(plan.columns[i], r);
      return partial;
    }
    void Sync(const Update& u) {
      data.x.Widen(u.num_variables);  // this shard may lack the last columns
      for (size_t i = 0; i < u.columns.size(); ++i)
        data.x.AddColumn(u.columns[i], -u.changes[i], r);
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
      const Partial sum = strads::Sum(partials);
      if (plan.columns.empty()) Measure(sum);
      Update update{plan.columns, {}, int(b.size())};
      for (size_t i = 0; i < plan.columns.size(); ++i) {
        const int j = plan.columns[i];
        const double z = strads::SoftThreshold(sum.xr[i] + xx[j] * b[j], lambda);
        update.changes.push_back(xx[j] > 0 ? z / xx[j] - b[j] : 0);
        b[j] += update.changes.back();
      }
      return update;
    }
    void Measure(const Partial& sum) {
      if (b.size() == 0) b.resize(sum.xr.size()), null_objective = 0.5 * sum.rr, xx = sum.xx;
      const double steepest = sum.xr.lpNorm<Eigen::Infinity>();
      const double dual = strads::LassoDual(sum.yr, sum.rr, steepest, lambda);
      gap = null_objective > 0 ? (0.5 * sum.rr + Penalty() - dual) / null_objective : 0;
    }
    double Penalty() const { return lambda * b.L1Norm(); }
    strads::Report Report() const {
      return {.penalty = Penalty(), .gap = gap, .nonzeros = b.CountNonzeros()};
    }
    double lambda, null_objective = 0, gap = std::numeric_limits<double>::infinity();
    strads::SparseVector b;
    STRADS_FIELDS(lambda, b)
    Eigen::VectorXd xx;  // |x_j|^2
  };
};

int main(int argc, char** argv) { return strads::Main<Lasso>(argc, argv, "minimal_lasso"); }
