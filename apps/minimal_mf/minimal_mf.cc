// Matrix factorization: minimise over W and H  sum over ratings (u, i, r) of  (r - w_u.h_i)^2
// + lambda (|w_u|^2 + |h_i|^2)  by stochastic gradient descent; users stay, blocks of items go from
// worker to worker (Gemulla et al., KDD 2011). docs/tutorial_rotation.md writes it step by step.
#include <strads/strads.h>

#include <fstream>

struct Mf {
  struct Options {
    std::string data;
    int rank = 8, epochs = 20, workers = 1;
    double lambda = 0.02, rate = 0.05;
    int64_t seed = 1;
    STRADS_FIELDS(data, rank, epochs, workers, lambda, rate, seed)
    int NumBlocks() const { return 2 * workers; }
  };
  using Rows = std::map<int, Eigen::VectorXf>;

  using Plan = strads::RotationPlan;
  struct Partial {
    int64_t steps = 0;
    STRADS_FIELDS(steps)
  };
  using Update = Partial;

  struct Block {
    int index = 0;
    Rows h;  // of items i with i mod NumBlocks() = index
    STRADS_FIELDS(index, h)
  };
  struct Share {
    Rows w;  // of users u with u mod workers = rank
    STRADS_FIELDS(w)
  };

  struct Scheduler : strads::RotationScheduler<Update> {
    Scheduler(const Options& o, strads::Slice s)
        : RotationScheduler(o.workers, o.NumBlocks(), o.seed, s) {}
  };

  struct Worker {
    Worker(const Options& options, strads::Shard s)
        : o(options), cells(o.NumBlocks()), losses(Eigen::VectorXd::Zero(o.NumBlocks())) {
      std::ifstream file(o.data);
      for (strads::Rating x; file >> x.user >> x.item >> x.value;)
        if (x.user % s.num_workers == s.rank) cells[x.item % o.NumBlocks()].push_back(x);
      if (!file.eof()) throw strads::DataError(o.data + ": expected lines of user, item, rating");
    }
    Block MakeBlock(const Plan&, int32_t index) { return {index, {}}; }
    Partial Push(const Plan&, Block& block) {
      double loss = 0;
      for (const strads::Rating& x : cells[block.index])
        loss += Step(x, Row(w, x.user, 0), Row(block.h, x.item, 1));
      losses[block.index] = loss;
      return {std::ssize(cells[block.index])};
    }
    double Step(const strads::Rating& x, Eigen::VectorXf& v, Eigen::VectorXf& h) const {
      const float e = x.value - v.dot(h), lambda = float(o.lambda), rate = float(o.rate);
      const double loss = e * e + lambda * (v.squaredNorm() + h.squaredNorm());
      const Eigen::VectorXf change = rate * (e * h - lambda * v);
      h += rate * (e * v - lambda * h);
      v += change;
      return loss;
    }
    Eigen::VectorXf& Row(Rows& rows, int index, int side) const {
      const auto [place, is_new] = rows.try_emplace(index, o.rank);
      strads::Random random(uint64_t(o.seed), 2 * uint64_t(index) + uint64_t(side));
      for (int k = 0; is_new && k < o.rank; ++k) place->second[k] = float(random.Uniform());
      return place->second;
    }
    Partial Push(const Plan&) { return {}; }  // of rounds without blocks
    void Sync(const Update&) {}
    double Loss() const { return losses.sum(); }
    std::optional<Share> Collect() {
      return w.empty() ? std::nullopt : std::optional(Share{std::exchange(w, {})});
    }
    Options o;
    Rows w;
    std::vector<std::vector<strads::Rating>> cells;  // own ratings by the block of their item
    Eigen::VectorXd losses;                          // of each cell when it was last gone through
  };

  struct Model {
    explicit Model(const Options& options) : o(options) {
      if (o.data.empty() || o.rank < 1 || o.epochs < 1)
        throw strads::UsageError("expected --data=FILE, --rank above 0, --epochs above 0");
    }
    Update Pull(const Plan&, std::span<const Partial> partials) {
      ++rounds;
      return {steps += strads::Sum(partials).steps};
    }
    strads::Report Report() const {
      const bool done = rounds == o.epochs * o.NumBlocks();
      return {.done = done ? "did all epochs" : "", .converged = false, .updates = steps};
    }
    void Collect(const Block& block) { h.insert(block.h.begin(), block.h.end()); }
    void Collect(const Share& share) { w.insert(share.w.begin(), share.w.end()); }
    Options o;
    int64_t rounds = 0, steps = 0;
    Rows w, h;
    STRADS_FIELDS(w, h)
  };
};

int main(int argc, char** argv) { return strads::Main<Mf>(argc, argv, "minimal_mf"); }
