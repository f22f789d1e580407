#include "apps/svm/model.h"

#include <strads/error.h>
#include <strads/labelled_rows.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "apps/svm/local_solver.h"

namespace strads::svm {
namespace {

// Of squared hinges, whose points have no upper bound, times C: hardly a restriction.
constexpr double kSquaredProximity = 20;
// What every worker holds of all rows at most where workers divide classes by themselves.
constexpr int64_t kMostBytes = int64_t{1} << 30;
constexpr int64_t kBytesOfEntry = 12;
// Workers divide classes where their rounds about rows would look at fewer entries for each weight.
constexpr double kEntriesForRows = 16;

}  // namespace

ClassModel SvmModel::MakeClass(const std::string& label,
                               std::span<const double> w,
                               size_t stride,
                               size_t k) const {
  ClassModel made;
  made.label = label;
  const size_t features_count = w.size() / stride - (has_bias ? 1 : 0);
  made.weights.resize(features_count);
  for (size_t j = 0; j < features_count; ++j) made.weights[j] = w[j * stride + k];
  made.bias = has_bias ? w[features_count * stride + k] : 0;
  return made;
}

Model::Model(const Options& options) : options_(options), class_weights_(options.class_weights) {
  options.Validate();
  loss = options.loss;
  multiclass = options.multiclass;
  C = options.C;
  has_bias = options.bias;
}

Update Model::Pull(const Plan& plan, std::span<const Partial> partials) {
  Update update;
  switch (static_cast<Phase>(plan.phase)) {
    case Phase::kRows:
      update = PullRows(partials);
      break;
    case Phase::kLook:
      update = PullLook(partials);
      break;
    case Phase::kSolve:
      update = PullSolve(plan, partials);
      break;
    case Phase::kMeasure:
      update = PullMeasure(plan, partials);
      break;
  }
  update.phase = plan.phase;
  return update;
}

Update Model::PullRows(std::span<const Partial> partials) {
  Update update;
  int64_t nonzeros = 0;
  for (const Partial& partial : partials) {
    for (int32_t k = 0; k < partial.labels.size(); ++k) labels.emplace_back(partial.labels.Name(k));
    labels = SortedLabels(std::move(labels));
    num_features_ = std::max(num_features_, partial.num_features);
    nonzeros += partial.nonzeros;
    if (!partial.target.empty()) {
      features = partial.features;
      target = partial.target;
    }
  }
  for (const Partial& partial : partials)
    update.class_rows.Add(partial.labels, partial.label_rows, labels);
  RequireClasses(options_.data, labels);
  for (const std::string& label : labels) update.labels.Add(label);
  update.num_features = num_features_;
  divides_classes_ = DividesClasses(nonzeros, partials.size());
  update.divides_classes = divides_classes_ ? 1 : 0;
  update.next.phase = static_cast<int>(Phase::kLook);
  return update;
}

bool Model::DividesClasses(int64_t nonzeros, size_t workers) const {
  if (workers == 1 || labels.size() == 2 || options_.IsCrammerSinger()) return false;
  if (options_.divide != "auto") return options_.divide == "classes";
  const double of_round =
      kSharedPasses * static_cast<double>(nonzeros) / static_cast<double>(workers);
  return labels.size() >= workers && nonzeros <= kMostBytes / kBytesOfEntry &&
         of_round < kEntriesForRows * static_cast<double>(num_features_);
}

Update Model::PullLook(std::span<const Partial> partials) {
  std::vector<int64_t> rows(labels.size(), 0);
  std::vector<const FeatureSums*> sums;
  for (const Partial& partial : Shares(partials)) {
    if (partial.class_rows.size() != rows.size())
      throw ProtocolError("a partial counts other classes");
    for (size_t k = 0; k < rows.size(); ++k) rows[k] += partial.class_rows[k];
    validation_rows_ += partial.validation_rows;
    sums.push_back(&partial.feature_sums);
  }
  RequireRowsOfEach(options_.data, labels, rows, options_.hold_out());
  Update update;
  update.class_weights = class_weights_.Of(labels, rows);
  const FeatureStats stats = FeatureStatsOf(sums);  // of no features if they are not scaled
  for (size_t j = 0; j < stats.means.size(); ++j)
    scales.push_back(1 / DivisorOf(options_.scale, stats, j));
  update.scales = scales;
  const bool is_joint = options_.IsCrammerSinger();
  const auto classes = static_cast<int64_t>(labels.size());
  const int64_t width = num_features_ + (has_bias ? 1 : 0);
  const int64_t count = is_joint || classes == 2 ? 1 : classes;
  RequireNumbered(options_.data, width, is_joint ? classes : count);
  // A point moves from one bound to the other as its margin moves by 1.
  const double largest_weight = *std::ranges::max_element(update.class_weights);
  const double proximity = C * largest_weight * (options_.IsSquared() ? kSquaredProximity : 1);
  for (int64_t q = 0; q < count; ++q) {
    problems_.emplace_back(
        ProblemState::Shape{.size = is_joint ? width * classes : width,
                            .classes = is_joint ? classes : 1,
                            .rows = std::accumulate(rows.begin(), rows.end(), int64_t{0}),
                            .is_smooth = options_.IsSquared(),
                            .workers = static_cast<int>(Shares(partials).size()),
                            .tolerance = options_.tolerance,
                            .proximity = proximity});
  }
  for (size_t q = 0; q < problems_.size(); ++q) MakeClasses(q);
  update.next = NextPlan();
  return update;
}

void Model::CheckCounts(const Plan& plan, std::span<const Partial> partials) const {
  const size_t count = plan.problems.size();
  const bool solves = plan.phase == static_cast<int>(Phase::kSolve);
  for (const Partial& partial : partials) {
    const bool fits =
        solves ? partial.steps.size() == count
               : partial.losses.size() == count * kScales && partial.duals.size() == count;
    if (!fits) throw ProtocolError("a partial does not fit its plan");
  }
  for (const ProblemPlan& of : plan.problems) {
    if (of.problem < 0 || of.problem >= std::ssize(problems_))
      throw ProtocolError("a plan names a problem that does not exist");
  }
}

Update Model::PullSolve(const Plan& plan, std::span<const Partial> partials) {
  CheckCounts(plan, partials);
  Update update;
  for (size_t q = 0; q < plan.problems.size(); ++q) {
    const int problem = plan.problems[q].problem;
    std::vector<const ProblemStep*> steps;
    const int owner = OwnerOf(problem, static_cast<int>(partials.size()));
    for (int rank = 0; rank < std::ssize(partials); ++rank) {
      if (!divides_classes_ || rank == owner)
        steps.push_back(&partials[static_cast<size_t>(rank)].steps[q]);
    }
    update.problems.push_back(problem);
    const auto at = static_cast<size_t>(problem);
    update.changes.push_back(problems_[at].Take(steps));
    if (update.changes.back().best_scale >= 0) MakeClasses(at);
    if (ends_soon_) problems_[at].MeasureNext();
    ++updates_;
  }
  update.next = NextPlan();
  return update;
}

Update Model::PullMeasure(const Plan& plan, std::span<const Partial> partials) {
  CheckCounts(plan, partials);
  Update update;
  int64_t right = 0;
  double norm = 0, at_zero = 0;
  for (const Partial& partial : Shares(partials)) {
    right += partial.validation_right;
    at_zero += partial.loss_at_zero;
  }
  for (const Partial& partial : partials) norm = std::max(norm, partial.largest_norm);
  if (validation_rows_ > 0)
    validation_accuracy_ = static_cast<double>(right) / static_cast<double>(validation_rows_);
  for (size_t q = 0; q < plan.problems.size(); ++q) {
    ScaledLosses losses{};
    double dual = 0;
    for (const Partial& partial : partials) {
      for (size_t k = 0; k < kScales; ++k) losses[k] += partial.losses[q * kScales + k];
      dual += partial.duals[q];
    }
    const auto at = static_cast<size_t>(plan.problems[q].problem);
    update.best_scales.push_back(problems_[at].Measured(losses, dual, at_zero, norm));
    update.problems.push_back(plan.problems[q].problem);
    if (update.best_scales.back() >= 0) MakeClasses(at);
  }
  update.next = NextPlan();
  return update;
}

void Model::Measured(std::span<const double> sums) {
  if (sums.size() == 2 && sums[0] > 0) validation_accuracy_ = sums[1] / sums[0];
}

// The problems that are due to be measured, or else those that are not finished.
Plan Model::NextPlan() const {
  Plan solve, measure;
  solve.phase = static_cast<int>(Phase::kSolve);
  measure.phase = static_cast<int>(Phase::kMeasure);
  for (size_t q = 0; q < problems_.size(); ++q) {
    const ProblemState& problem = problems_[q];
    const ProblemPlan plan = problem.PlanFor(static_cast<int>(q));
    if (problem.measures_next())
      measure.problems.push_back(plan);
    else if (problem.gap() > options_.tolerance && !problem.is_stuck() && !problem.is_hopeless())
      solve.problems.push_back(plan);
  }
  return measure.problems.empty() ? solve : measure;
}

void Model::MakeClasses(size_t problem) {
  const std::span<const double> w = problems_[problem].best();
  const size_t stride = options_.IsCrammerSinger() ? labels.size() : 1;
  const size_t count = stride > 1 || problems_.size() > 1 ? labels.size() : 1;
  classes.resize(count);
  nonzeros_.resize(count);
  for (size_t k = 0; k < stride; ++k) {
    const size_t number = stride > 1 ? k : problem;
    classes[number] = MakeClass(count == 1 ? labels.back() : labels[number], w, stride, k);
    nonzeros_[number] = classes[number].weights.CountNonzeros();
  }
}

strads::Report Model::Report() const {
  strads::Report report;
  report.updates = updates_;
  report.has_model = !problems_.empty();
  report.pending = problems_.empty();
  if (problems_.empty()) return report;
  report.gap = 0;
  bool is_stuck = false, is_hopeless = false;
  for (const ProblemState& problem : problems_) {
    report.penalty += problem.penalty();
    report.gap = std::max(report.gap, problem.gap());
    report.pending = report.pending || problem.is_unmeasured();
    if (problem.gap() <= options_.tolerance) continue;
    is_stuck = is_stuck || problem.is_stuck();
    is_hopeless = is_hopeless || problem.is_hopeless();
  }
  report.nonzeros = std::accumulate(nonzeros_.begin(), nonzeros_.end(), int64_t{0});
  if ((is_stuck || is_hopeless) && NextPlan().problems.empty()) {
    report.done = is_hopeless ? "the gap falls too slowly; --scale=standard, a smaller --C or "
                                "fewer --workers may help"
                              : "rounding allows no smaller gap";
    report.converged = false;
  }
  if (validation_accuracy_ >= 0) report.extra["validation_accuracy"] = validation_accuracy_;
  return report;
}

}  // namespace strads::svm
