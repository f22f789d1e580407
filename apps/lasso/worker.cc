#include "apps/lasso/worker.h"

#include <strads/error.h>
#include <strads/index.h>
#include <strads/options.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace strads::lasso {
namespace {

constexpr int64_t kGrain = 16;  // columns: below this a thread costs more than it saves

}  // namespace

Dataset ReadData(const Options& options, Shard shard) {
  return ReadDataset(options.data, shard,
                     {.target = options.target,
                      .num_features = options.num_features,
                      .weights = options.weights,
                      .classes = options.IsLogistic()});
}

Worker::Worker(const Options& options, Shard shard)
    : Worker(options, ReadData(options, shard), shard.threads) {}

Worker::Worker(const Options& options, Dataset data, int threads)
    : is_logistic_(options.IsLogistic()),
      has_intercept_(options.intercept),
      needs_sums_(options.intercept || options.standardize),
      needs_counts_(options.schedule == "block_greedy"),
      is_summed_(false),
      pool_(threads),
      data_(std::move(data)) {
  if (is_logistic_) {
    loss_ = std::make_unique<LogisticShardLoss>(data_.y, data_.weights);
    return;
  }
  if (needs_sums_) ones_ = Eigen::VectorXd::Ones(data_.y.size());
  if (data_.weights.size() > 0) {
    const Eigen::VectorXd root = data_.weights.cwiseSqrt();
    if (has_intercept_) raw_y_ = data_.y;
    data_.y.array() *= root.array();
    if (needs_sums_) ones_ = root;
    row_scale_ = root;
  }
  loss_ = std::make_unique<SquaredShardLoss>(data_.y, has_intercept_ ? ones_ : none_, xe_);
}

Worker::Worker(const Options& options, SummedRows rows, int threads)
    : is_logistic_(false),
      has_intercept_(options.intercept),
      needs_sums_(options.intercept || options.standardize),
      needs_counts_(false),
      is_summed_(true),
      pool_(threads),
      data_{ColumnMatrix::FromDense(rows.x), std::move(rows.y), {}},
      ones_(std::sqrt(rows.weight) * Eigen::VectorXd::Unit(data_.y.size(), 0)),
      loss_(std::make_unique<SquaredShardLoss>(data_.y, has_intercept_ ? ones_ : none_, xe_)) {}

bool Worker::Has(int32_t column) const { return column >= 0 && column < data_.x.num_cols(); }

Partial Worker::Push(const Plan& plan) {
  Partial partial;
  partial.updates_seen = updates_seen_;
  const BlockStep step = StepOf(plan, next_);
  if (plan.restart) {
    loss_->Reset();
    dual_is_fresh_ = false;
  }
  if (step.measure) {
    Measure(partial);
  } else {
    partial.xr = SlopesOf(plan.columns, loss_->r());
  }
  if (plan.seed >= 0) {
    if (!Has(plan.seed)) throw ProtocolError("a plan's seed does not exist");
    Eigen::VectorXd seed = Eigen::VectorXd::Zero(data_.x.num_rows());
    data_.x.AddColumn(plan.seed, 1, seed);
    const Eigen::VectorXd couplings = data_.x.TransposedTimes(seed);
    partial.couplings.assign(couplings.begin(), couplings.end());
  }
  partial.loss = loss_->loss();
  if (has_intercept_) partial.er = loss_->er();
  if (!std::ranges::all_of(plan.probe, [&](int32_t j) { return Has(j); }))
    throw ProtocolError("a probe names a variable that does not exist");
  if (!plan.probe.empty()) data_.x.GramBlock(plan.probe, plan.probe_known, partial.gram, pool_);
  if (!std::ranges::all_of(step.joining, [&](int32_t j) { return Has(j); }))
    throw ProtocolError("a block has a variable that does not exist");
  const auto before = static_cast<int>(block_.size());
  block_.insert(block_.end(), step.joining.begin(), step.joining.end());
  if (step.gather) {
    Gather(partial);
  } else if (!step.joining.empty()) {
    data_.x.GramBlock(block_, before, partial.gram, pool_);
  }
  return partial;
}

void Worker::Measure(Partial& partial) {
  if (!has_looked_) Look(partial);
  loss_->Measure(partial);
  partial.xr = SlopesOf(measured_, loss_->r());
  if (dual_) {
    partial.dual_slopes = SlopesOf(measured_, dual_->t);
    partial.dual = dual_->sums;
  }
  if (!free_.empty() && !dual_is_fresh_) partial.free_products = ProductsOfFree();
}

std::vector<double> Worker::ProductsOfFree() {
  const Eigen::VectorXd* const ones = has_intercept_ ? &ones_ : nullptr;
  if (is_logistic_)
    return FreeProducts(data_.x, free_, ones, LogisticRoots(loss_->r(), data_.weights), pool_);
  if (free_products_.empty()) free_products_ = FreeProducts(data_.x, free_, ones, none_, pool_);
  return free_products_;
}

// x_j'r of what is of the rows; zero for columns that the shard has not.
std::vector<double> Worker::SlopesOf(std::span<const int32_t> columns,
                                     const Eigen::VectorXd& of_rows) {
  const Eigen::VectorXd scaled = row_scale_.cwiseProduct(
      of_rows.head(row_scale_.size()));  // empty, but before the first update
  const Eigen::VectorXd& r = row_scale_.size() > 0 ? scaled : of_rows;
  std::vector<double> slopes(columns.size());
  pool_.ParallelFor(
      std::ssize(columns),
      [&](int64_t begin, int64_t end) {
        const auto range = columns.subspan(Index(begin), Index(end - begin));
        double* const of_range = slopes.data() + begin;
        if (std::ranges::all_of(range, [&](int32_t j) { return Has(j); })) {
          data_.x.Dots(range, r, of_range);
          return;
        }
        for (size_t i = 0; i < range.size(); ++i) {
          if (Has(range[i])) of_range[i] = data_.x.Dot(range[i], r);
        }
      },
      kGrain);
  return slopes;
}

// What stays as it is.
void Worker::Look(Partial& partial) {
  has_looked_ = true;
  measured_.resize(static_cast<size_t>(data_.x.num_cols()));
  std::iota(measured_.begin(), measured_.end(), 0);
  const auto num_cols = static_cast<size_t>(data_.x.num_cols());
  const bool is_weighted = data_.weights.size() > 0;
  const Eigen::VectorXd& w = data_.weights;
  const Eigen::VectorXd own_w = RowWeights();
  partial.weight = is_weighted  ? data_.weights.sum()
                   : is_summed_ ? ones_.squaredNorm()
                                : static_cast<double>(data_.x.num_rows());
  const Eigen::VectorXd& e = is_summed_ ? ones_ : none_;
  partial.num_rows = data_.x.num_rows();
  partial.entries = data_.x.num_nonzeros();
  partial.threads = pool_.threads();
  partial.xx.resize(num_cols);
  if (needs_sums_) {
    partial.xe.resize(num_cols);
    partial.spreads.resize(num_cols);
  }
  pool_.ParallelFor(
      data_.x.num_cols(),
      [&](int64_t begin, int64_t end) {
        for (auto j = static_cast<int>(begin); j < static_cast<int>(end); ++j) {
          const auto at = static_cast<size_t>(j);
          partial.xx[at] = is_weighted ? data_.x.WeightedSquaredNorm(j, w) : data_.x.SquaredNorm(j);
          if (!needs_sums_) continue;
          partial.xe[at] = data_.x.Dot(j, own_w);
          const double mean = partial.weight > 0 ? partial.xe[at] / partial.weight : 0;
          partial.spreads[at] = data_.x.Spread(j, mean, e, w, partial.weight);
        }
      },
      kGrain);
  xe_ = partial.xe;
  for (int j = 0; needs_counts_ && j < data_.x.num_cols(); ++j)
    partial.counts.push_back(data_.x.CountNonzeros(j));
}

// What inner products with columns add up to the sums that an intercept is for.
Eigen::VectorXd Worker::RowWeights() const {
  if (is_summed_) return ones_;
  if (data_.weights.size() > 0) return data_.weights;
  return Eigen::VectorXd::Ones(data_.y.size());
}

// While all coefficients are zero: the fitted values stay as they are.
void Worker::Shift(std::span<const double> shifts) {
  if (std::ssize(shifts) != data_.x.num_cols() || xe_.size() != shifts.size())
    throw ProtocolError("the shifts of an update do not fit");
  if (is_summed_) {
    ShiftSummed(shifts);
  } else {
    data_.x.Shift(shifts);
  }
  const Eigen::VectorXd w = RowWeights();
  for (size_t j = 0; j < shifts.size(); ++j) {
    if (shifts[j] != 0) xe_[j] = data_.x.Dot(static_cast<int>(j), w);
  }
}

void Worker::ShiftSummed(std::span<const double> shifts) {
  Eigen::MatrixXd x(data_.x.num_rows(), data_.x.num_cols());
  for (int j = 0; j < x.cols(); ++j) {
    x.col(j) = Eigen::Map<const Eigen::VectorXd>(data_.x.DenseColumn(j), x.rows()) -
               shifts[Index(j)] * ones_;
  }
  data_.x = ColumnMatrix::FromDense(x);
}

void Worker::ShiftTarget(double shift) {
  if (is_summed_)
    data_.y -= shift * ones_;
  else if (raw_y_.size() > 0)
    data_.y = (raw_y_.array() - shift) * ones_.array();
  else
    data_.y.array() -= shift;
  loss_->Reset();
}

void Worker::MakeDualPoint(const Update& update) {
  const std::vector<double>& step = update.free_step;
  if (free_.empty() || step.size() != free_.size() + (has_intercept_ ? 1 : 0))
    throw ProtocolError("the step of an update's dual point does not fit");
  const Eigen::VectorXd* const ones = has_intercept_ ? &ones_ : nullptr;
  const Eigen::VectorXd& r = loss_->r();
  dual_ = is_logistic_ ? LogisticDualPoint(data_.x, free_, ones, step, r, data_.y, data_.weights)
                       : SquaredDualPoint(data_.x, free_, ones, step, r, data_.y);
}

void Worker::Gather(Partial& partial) {
  if (!gathers_) {
    partial.y = data_.y;
    partial.weights = is_summed_ ? ones_.cwiseAbs2().eval() : data_.weights;
  }
  gathers_ = true;
  for (; num_gathered_ < block_.size(); ++num_gathered_) {
    const int j = block_[num_gathered_];
    const size_t before = partial.values.size();
    if (data_.x.is_dense()) {
      const double* column = data_.x.DenseColumn(j);
      partial.values.insert(partial.values.end(), column, column + data_.x.num_rows());
    } else {
      const auto rows = data_.x.Rows(j);
      const auto values = data_.x.Values(j);
      partial.rows.insert(partial.rows.end(), rows.begin(), rows.end());
      partial.values.insert(partial.values.end(), values.begin(), values.end());
    }
    partial.counts.push_back(static_cast<int32_t>(partial.values.size() - before));
  }
}

void Worker::Sync(const Update& update) {
  ++updates_seen_;
  if (update.columns.size() != update.changes.size())
    throw ProtocolError("an update's columns and changes do not fit");
  next_ = update.next;
  if (update.begins_block) {
    block_.clear();
    num_gathered_ = 0;
    gathers_ = false;
  }
  if (update.measured) {
    // A shard does not know of its last columns if they are empty.
    for (auto j = static_cast<int32_t>(data_.x.num_cols()); j < update.num_variables; ++j)
      measured_.push_back(j);
    data_.x.Widen(update.num_variables);
    RemoveSorted(measured_, update.screened);
    if (needs_sums_) xe_.resize(static_cast<size_t>(update.num_variables), 0.0);
    if (!update.shifts.empty()) Shift(update.shifts);
    if (update.target_shift != 0) ShiftTarget(update.target_shift);
  }
  if (!update.free.empty()) {
    if (!std::ranges::all_of(update.free, [&](int32_t j) { return Has(j); }))
      throw ProtocolError("a variable that is not penalised does not exist");
    free_ = update.free;
    if (is_logistic_ && has_intercept_) ones_ = Eigen::VectorXd::Ones(data_.y.size());
  }
  if (!update.free_step.empty()) MakeDualPoint(update);
  raw_y_.resize(0);
  if (row_scale_.size() > 0) data_.x.ScaleRows(std::exchange(row_scale_, {}));
  std::vector<int32_t> columns;
  std::vector<double> changes;
  for (size_t i = 0; i < update.columns.size(); ++i) {
    if (update.changes[i] == 0 || !Has(update.columns[i])) continue;
    columns.push_back(update.columns[i]);
    changes.push_back(update.changes[i]);
  }
  if (!columns.empty() || update.intercept_change != 0)
    loss_->Add(data_.x, columns, changes, update.intercept_change, pool_);
  // By what all workers hear, not by which columns this one has.
  dual_is_fresh_ = update.columns.empty() && update.intercept_change == 0 &&
                   (dual_is_fresh_ || !update.free_step.empty());
}

}  // namespace strads::lasso
