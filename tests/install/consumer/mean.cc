// The mean of y, as the minimiser of 1/2 sum_i (y_i - m)^2 over the one variable m.
#include <strads/strads.h>
#include <strads/version.h>

struct Mean {
  struct Options {
    std::string data;
    STRADS_FIELDS(data)
  };
  struct Plan {
    bool update = true;
    STRADS_FIELDS(update)
  };
  struct Partial {
    double sum = 0;
    int64_t count = 0;
    STRADS_FIELDS(sum, count)
  };
  struct Update {
    double change = 0;
    STRADS_FIELDS(change)
  };
  struct Scheduler {
    Scheduler(const Options&, strads::Slice) {}
    Plan Schedule() { return {}; }
    void Feedback(const Update&) {}
  };
  struct Worker {
    Worker(const Options& options, strads::Shard shard)
        : residual(strads::ReadDataset(options.data, shard).y) {}
    Partial Push(const Plan&) { return {residual.sum(), residual.size()}; }
    void Sync(const Update& update) { residual.array() -= update.change; }
    double Loss() const { return 0.5 * residual.squaredNorm(); }
    Eigen::VectorXd residual;
  };
  struct Model {
    explicit Model(const Options&) {}
    Update Pull(const Plan&, std::span<const Partial> partials) {
      Partial all;
      for (const Partial& partial : partials) {
        all.sum += partial.sum;
        all.count += partial.count;
      }
      const double change = all.sum / static_cast<double>(all.count);
      gap = change == 0 ? 0 : 1;
      mean += change;
      return {change};
    }
    strads::Report Report() const { return {.gap = gap}; }
    double mean = 0;
    double gap = 1;
    STRADS_FIELDS(mean)
  };
};
static_assert(strads::App<Mean>);
static_assert(sizeof(strads::kVersion) > 1);

int main(int argc, char** argv) { return strads::Main<Mean>(argc, argv, "mean"); }
