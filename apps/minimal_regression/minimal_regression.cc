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

  using Start = strads::Shape;  // rows and columns of a shard
  using Parameters = strads::Weights;
  using Gradient = strads::Weights;  // of the loss of all rows of the shard, estimated from some

  struct Worker {
    Worker(const Options& o, strads::Shard s) : batch(o.batch), data(strads::ReadRows(o.data, s)) {}
    Start Describe() const { return {data.x.num_rows(), data.x.num_cols()}; }
    Gradient Push(const Parameters& p, int64_t clock) {
      Gradient g{Eigen::VectorXd::Zero(p.w.size())};
      const int64_t n = data.x.num_rows(), size = std::min<int64_t>(batch, n);
      for (int64_t k = clock * size; k < (clock + 1) * size; ++k) {
        const double residual = data.x.Dot(k % n, p.w) - data.y[k % n];
        data.x.Add(k % n, double(n) / double(size) * residual, g.w);
      }
      return g;
    }
    double Loss(const Parameters& p) { return (data.x.Times(p.w) - data.y).squaredNorm() / 2; }
    int batch;
    strads::LabelledRows data;
  };

  struct Model {
    explicit Model(const Options& o) : lambda(o.lambda), step(o.step) {}
    void Begin(std::span<const Start> shards) {
      whole = strads::Whole(shards), share = 1 / double(shards.size());
      p.w.setZero(whole.columns);
    }
    void Pull(std::span<const Gradient> gradients) {
      for (const Gradient& g : gradients) {
        const double t = 1 + std::floor(share * double(pulled++));
        p.w -= step / double(whole.rows) / std::sqrt(t) * (g.w + share * lambda * p.w);
      }
    }
    const Parameters& parameters() const { return p; }
    strads::Report Report() const {
      return {.penalty = 0.5 * lambda * p.w.squaredNorm(), .updates = pulled};
    }
    double lambda, step, share = 1;
    strads::Shape whole;
    int64_t pulled = 0;
    Parameters p;
    STRADS_FIELDS(lambda, p)
  };
};

int main(int argc, char** argv) {
  return strads::Main<Regression>(argc, argv, "minimal_regression");
}
