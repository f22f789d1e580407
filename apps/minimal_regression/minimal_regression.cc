// Ridge regression: minimise over w  P(w) = 1/2 |y - X w|^2 + lambda/2 |w|^2  by mini-batch SGD on
// shards of the data, at any --consistency. docs/tutorial_data_parallel.md writes this file.
#include <strads/strads.h>

struct Regression {
  struct Options {
    std::string data;
    double lambda = 1, step = 0.1;
    int batch = 32;
    STRADS_FIELDS(data, lambda, step, batch)
  };

  struct Start {
    int64_t rows = 0, columns = 0;
    STRADS_FIELDS(rows, columns)
  };
  struct Parameters {
    Eigen::VectorXd w;
    STRADS_FIELDS(w)
  };
  struct Gradient {
    Eigen::VectorXd g;  // of the loss of all rows of the shard, estimated from some
    STRADS_FIELDS(g)
  };

  struct Worker {
    Worker(const Options& o, strads::Shard s)
        : batch(o.batch), data(strads::ReadDataset(o.data, s)) {
      rows = data.x.Transposed();
    }
    Start Describe() const { return {data.x.num_rows(), data.x.num_cols()}; }
    Gradient Push(const Parameters& p, int64_t clock) {
      Gradient gradient{Eigen::VectorXd::Zero(p.w.size())};
      const int64_t n = data.x.num_rows(), size = std::min<int64_t>(batch, n);
      for (int64_t k = 0; k < size; ++k) {
        const int i = int((clock * size + k) % n);
        rows.AddColumn(i, double(n) / double(size) * (rows.Dot(i, p.w) - data.y[i]), gradient.g);
      }
      return gradient;
    }
    double Loss(const Parameters& p) const {
      double twice = 0;
      for (int i = 0; i < data.y.size(); ++i) twice += std::pow(data.y[i] - rows.Dot(i, p.w), 2);
      return 0.5 * twice;
    }
    int batch;
    strads::Dataset data;
    strads::ColumnMatrix rows;  // column i of it is row i of the data
  };

  struct Model {
    explicit Model(const Options& o) : lambda(o.lambda), step(o.step) {
      if (o.data.empty() || o.lambda < 0 || o.step <= 0 || o.batch < 1)
        throw strads::UsageError("expected --data=FILE, --lambda, --step and --batch above 0");
    }
    void Begin(std::span<const Start> starts) {
      int64_t width = 0;
      for (const Start& s : starts) num_rows += s.rows, width = std::max(width, s.columns);
      num_workers = std::ssize(starts);
      p.w.setZero(width);
    }
    void Pull(std::span<const Gradient> gradients) {
      for (const Gradient& gradient : gradients) {
        const double t = 1 + double(pulled++ / num_workers);
        p.w -= step / double(num_rows) / std::sqrt(t) *
               (gradient.g + lambda / double(num_workers) * p.w);
      }
    }
    const Parameters& parameters() const { return p; }
    strads::Report Report() const {
      return {.penalty = 0.5 * lambda * p.w.squaredNorm(), .updates = pulled};
    }
    double lambda, step;
    Parameters p;
    STRADS_FIELDS(lambda, p)
    int64_t num_rows = 0, num_workers = 1, pulled = 0;
  };
};
static_assert(strads::DataParallelApp<Regression>);

int main(int argc, char** argv) {
  return strads::Main<Regression>(argc, argv, "minimal_regression");
}
