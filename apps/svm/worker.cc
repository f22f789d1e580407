#include "apps/svm/worker.h"

#include <strads/app.h>
#include <strads/error.h>
#include <strads/feature_stats.h>
#include <strads/index.h>
#include <strads/linear_decision.h>
#include <strads/random.h>

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <utility>

#include "apps/svm/binary_solver.h"
#include "apps/svm/crammer_singer_solver.h"

namespace strads::svm {
namespace {

ProblemStep Message(Step step, const std::vector<double>& w) {
  const Eigen::Map<const Eigen::VectorXd> change(step.change.data(), std::ssize(step.change)),
      at(w.data(), std::ssize(w));
  const double along = at.dot(change), square = change.squaredNorm();
  return {.change = WeightChange::Of(std::move(step.change)),
          .along = along,
          .square = square,
          .gain = step.gain,
          .curvature = step.curvature,
          .violation = step.violation,
          .passes = step.passes,
          .visits = step.visits};
}

ProblemStep Message(ProximalSums sums) {
  return {.change = WeightChange::Of(std::move(sums.vector)),
          .diagonal = WeightChange::Of(std::move(sums.diagonal)),
          .blocks = std::move(sums.blocks),
          .losses = {sums.losses.begin(), sums.losses.end()},
          .dual = sums.dual};
}

}  // namespace

Worker::Worker(const Options& options, Shard shard)
    : options_(options),
      shard_(shard),
      rows_of_(shard),
      pool_(shard.threads),
      data_(ReadLabelledRows(options.data, shard, options.reading())) {}

void Worker::Problem::TakeBest(int32_t scale) {
  if (scale < 0) return;
  best_loss = measured.at(Index(scale));
  if (best.empty()) return;
  best = w;
  for (double& weight : best) weight *= kScale[Index(scale)];
}

Worker::Problem& Worker::At(int32_t problem) {
  if (problem < 0 || problem >= std::ssize(problems_))
    throw ProtocolError("a plan or update names a problem that does not exist");
  return problems_[Index(problem)];
}

Partial Worker::Push(const Plan& plan) {
  switch (static_cast<Phase>(plan.phase)) {
    case Phase::kRows:
      return CountRows();
    case Phase::kLook:
      return Look();
    case Phase::kSolve:
      return Solve(plan);
    case Phase::kMeasure:
      return Measure(plan);
  }
  throw ProtocolError("a plan of an unknown phase");
}

Partial Worker::CountRows() const {
  Partial partial;
  partial.labels = data_.labels;
  partial.label_rows = RowsOfEachLabel(data_);
  partial.num_features = data_.x.num_cols();
  partial.nonzeros = data_.x.num_nonzeros();
  partial.features = data_.features;
  partial.target = data_.target;
  return partial;
}

// Which rows are held out does not depend on how they are divided.
void Worker::SplitRows(const Update& update) {
  if (update.divides_classes != 0) {
    rows_of_ = {.threads = shard_.threads};
    data_ = ReadLabelledRows(options_.data, rows_of_, options_.reading());
  }
  IdTable labels = update.labels;
  labels.BuildIndex();
  num_classes_ = labels.size();
  const std::vector<int32_t> class_of = data_.labels.IndicesIn(labels);
  data_.x.Resize(update.num_features, pool_);
  for (int32_t& label : data_.label) label = class_of.at(Index(label));
  RowSplit split = strads::SplitRows(data_, options_.hold_out(), options_.seed, update.class_rows,
                                     rows_of_.rank);
  validation_ = std::move(split.held_out);
  rows_.rows = std::move(split.training);
  for (const int64_t i : rows_.rows) rows_.label.push_back(data_.label[Index(i)]);
  rows_.bias = options_.bias ? 1 : 0;
}

Partial Worker::Look() const {
  Partial partial;
  partial.class_rows.resize(Index(num_classes_));
  partial.validation_rows = std::ssize(validation_);
  for (const int32_t label : rows_.label) ++partial.class_rows[Index(label)];
  if (options_.scale == "none") return partial;
  std::vector<double> weights;
  for (const int64_t row : rows_.rows) weights.push_back(data_.WeightOf(row));
  partial.feature_sums = FeatureSumsOf(data_.x, rows_.rows, weights);
  return partial;
}

void Worker::SetUp(const Update& update) {
  if (!update.scales.empty()) data_.x.ScaleColumns(update.scales);
  rows_.x = &data_.x;
  if (rows_of_.num_workers > 1) {
    const auto entries = static_cast<double>(std::max<int64_t>(1, data_.x.num_nonzeros()));
    const auto rows = static_cast<double>(data_.x.num_rows());
    least_visits_ =
        std::llround(kLeastEntries * static_cast<double>(rows_.width()) * rows / entries) + 1;
  }
  for (int64_t t = 0; t < rows_.size(); ++t) {
    const double weight = data_.WeightOf(rows_.rows[Index(t)]);
    rows_.cost.push_back(options_.C * weight *
                         update.class_weights.at(Index(rows_.label[Index(t)])));
    costs_ += rows_.cost.back();
  }
  const bool is_joint = options_.IsCrammerSinger();
  const int32_t count = is_joint || num_classes_ == 2 ? 1 : num_classes_;
  const auto loss = options_.IsSquared() ? Loss::kSquaredHinge : Loss::kHinge;
  problems_.resize(Index(count));
  for (int32_t q = 0; q < count; ++q) {
    Problem& problem = problems_[Index(q)];
    if (Follows(q)) problem.w.resize(Index(rows_.width() * (is_joint ? num_classes_ : 1)), 0.0);
    if (!validation_.empty()) problem.best = problem.w;
    if (!Owns(q)) continue;
    const Random random(static_cast<uint64_t>(options_.seed),
                        static_cast<uint64_t>(int64_t{q} * rows_of_.num_workers + rows_of_.rank));
    if (is_joint)
      problem.solver = std::make_unique<CrammerSingerSolver>(rows_, num_classes_, random);
    else
      problem.solver = std::make_unique<BinarySolver>(rows_, count == 1 ? 1 : q, loss, random);
    problem.best_loss = costs_;  // every loss is 1 at w = 0
  }
}

Partial Worker::Solve(const Plan& plan) {
  Partial partial;
  partial.steps.resize(plan.problems.size());
  for (const ProblemPlan& of : plan.problems) At(of.problem);
  pool_.ParallelFor(std::ssize(plan.problems), [&](int64_t begin, int64_t end) {
    for (int64_t q = begin; q < end; ++q) {
      if (Owns(plan.problems[Index(q)].problem))
        partial.steps[Index(q)] = TakeStep(plan.problems[Index(q)]);
    }
  });
  return partial;
}

ProblemStep Worker::TakeStep(const ProblemPlan& plan) {
  Problem& problem = problems_[Index(plan.problem)];
  LocalSolver& solver = *problem.solver;
  const auto stage = static_cast<Stage>(plan.stage);
  if ((stage == Stage::kCurve || stage == Stage::kSlopes) &&
      problem.direction.size() != problem.w.size())
    throw ProtocolError("a plan needs a direction, and there is none");
  switch (stage) {
    case Stage::kPasses:
      return Message(solver.Solve(problem.w, {.overlap = plan.overlap,
                                              .accuracy = plan.accuracy,
                                              .passes = plan.passes,
                                              .least_visits = least_visits_}),
                     problem.w);
    case Stage::kPoints: {
      ProximalSums sums = solver.Points(problem.w, plan.proximity);
      if (plan.wants_blocks != 0) sums.blocks = solver.Blocks();
      problem.measured = sums.losses;
      return Message(std::move(sums));
    }
    case Stage::kCurve:
      return {.change = WeightChange::All(solver.Curve(problem.direction))};
    case Stage::kSlopes:
      return {.change = {}, .slopes = solver.Slopes(problem.direction)};
  }
  throw ProtocolError("a plan of an unknown stage");
}

Partial Worker::Measure(const Plan& plan) {
  Partial partial;
  partial.loss_at_zero = costs_;
  for (const ProblemPlan& of : plan.problems) {
    Problem& problem = At(of.problem);
    Measurement measured;
    if (Owns(of.problem)) {
      measured = problem.solver->Measure(problem.w, pool_);
      partial.largest_norm = std::max(partial.largest_norm, problem.solver->largest_norm());
    }
    problem.measured = measured.losses;
    partial.losses.insert(partial.losses.end(), measured.losses.begin(), measured.losses.end());
    partial.duals.push_back(measured.dual);
  }
  if (!validation_.empty()) {
    std::vector<const double*> weights;
    for (const Problem& problem : problems_) weights.push_back(problem.w.data());
    partial.validation_right = CountRight(weights);
  }
  return partial;
}

std::vector<double> Worker::Measures() const {
  if (problems_.empty()) return {};
  std::vector<const double*> weights;
  for (const Problem& problem : problems_) weights.push_back(problem.best.data());
  const auto rows = static_cast<double>(validation_.size());
  return {rows, validation_.empty() ? 0 : static_cast<double>(CountRight(weights))};
}

int64_t Worker::CountRight(std::span<const double* const> weights) const {
  const LinearDecision decision = {.weights = {weights.begin(), weights.end()},
                                   .num_classes = num_classes_,
                                   .is_joint = options_.IsCrammerSinger(),
                                   .num_features = data_.x.num_cols(),
                                   .bias = rows_.bias};
  int64_t right = 0;
  std::vector<double> values(Index(decision.num_values()));
  for (const int64_t row : validation_) {
    decision.Values(data_.x, row, values);
    right += decision.ClassOf(values) == data_.label[Index(row)];
  }
  return right;
}

void Worker::Sync(const Update& update) {
  const auto phase = static_cast<Phase>(update.phase);
  if (phase == Phase::kRows) SplitRows(update);
  if (phase == Phase::kLook) SetUp(update);
  for (size_t q = 0; q < update.problems.size(); ++q) {
    Problem& problem = At(update.problems[q]);
    if (!Follows(update.problems[q])) continue;
    if (phase == Phase::kMeasure) {
      problem.TakeBest(update.best_scales.at(q));
      continue;
    }
    const ProblemUpdate& of = update.changes.at(q);
    if (!of.change.Fits(problem.w.size()) || !of.direction.Fits(problem.w.size()))
      throw ProtocolError("an update does not fit the weights");
    problem.TakeBest(of.best_scale);
    of.change.AddTo(problem.w);
    if (!of.direction.values.empty()) {
      problem.direction.assign(problem.w.size(), 0.0);
      of.direction.AddTo(problem.direction);
    }
    if (!Owns(update.problems[q])) continue;
    if (of.commits != 0) problem.solver->Commit();
    if (of.advance >= 0) problem.solver->Advance(of.advance);
    if (of.length < 1) problem.solver->Shorten(of.length);
  }
}

double Worker::Loss() const {
  if (problems_.empty()) return kUnknownLoss;
  double loss = 0;
  for (const Problem& problem : problems_) loss += problem.best_loss;
  return loss;
}

}  // namespace strads::svm
