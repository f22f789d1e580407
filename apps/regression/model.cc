#include "apps/regression/model.h"

#include <strads/error.h>
#include <strads/index.h>
#include <strads/labelled_rows.h>
#include <strads/sum.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numbers>
#include <utility>

namespace strads::regression {
namespace {

// In rank order.
Sums SumOf(std::span<const Partial> partials) {
  std::vector<Sums> sums;
  for (const Partial& partial : partials) sums.push_back(partial.sums);
  return Sum<Sums>(sums);
}

// The optimum where all weights are zero, of losses that have it in closed form.
Eigen::VectorXd Start(const Options& options,
                      const Variables& variables,
                      const Sums& sums,
                      int64_t outputs) {
  Eigen::VectorXd u = variables.Clamp(Eigen::VectorXd::Zero(variables.size()));
  if (!options.intercept) return u;
  if (!options.IsLogistic()) {
    u[u.size() - 1] = sums.y / sums.features.weight;
    return u;
  }
  std::vector<double> logs;
  for (const double weight : sums.class_weight) logs.push_back(std::log(weight));
  if (outputs == 1) {
    u[u.size() - 1] = logs[1] - logs[0];
    return u;
  }
  double mean = 0;
  for (const double log : logs) mean += log / static_cast<double>(outputs);
  for (int64_t k = 0; k < outputs; ++k) u[u.size() - outputs + k] = logs[Index(k)] - mean;
  return u;
}

}  // namespace

std::string RegressionModel::Describe() const {
  std::string text = "  solver           " + solver + ", " + reason + "\n";
  const auto row = [&](const char* name, const std::string& value) {
    char line[64];
    std::snprintf(line, sizeof line, "  %-16s ", name);
    text += line + value + "\n";
  };
  int64_t nonzeros = 0, count = 0;
  for (const Output& output : outputs) {
    nonzeros += output.coefficients.CountNonzeros();
    count += std::ssize(output.coefficients.values());
  }
  row("non-zeros", std::to_string(nonzeros) + " of " + std::to_string(count) + " coefficients");
  if (rank >= 0) {
    row("rank", std::to_string(rank) + " of " + std::to_string(count) + " features" +
                    (rank < count ? ": of all solutions, the one of least norm" : ""));
  }
  return text;
}

void RegressionModel::TakeNames(std::span<const Partial> shards) {
  for (const auto& [heading, sums] : shards) {
    for (int32_t k = 0; k < heading.labels.size(); ++k) labels.emplace_back(heading.labels.Name(k));
    if (heading.target.empty()) continue;
    features = heading.features;
    target = heading.target;
  }
  labels = SortedLabels(std::move(labels));
}

Model::Model(const Options& options) : options_(options) {
  options.Validate();
  loss = options.loss;
}

Update Model::Pull(const Plan& plan, std::span<const Partial> partials) {
  const auto phase = static_cast<Phase>(plan.phase);
  Update update = phase == Phase::kRows   ? PullRows(partials)
                  : phase == Phase::kLook ? PullLook(partials)
                                          : PullAnswer(partials);
  update.phase = plan.phase;
  return update;
}

Update Model::PullRows(std::span<const Partial> partials) {
  Update update;
  int64_t rows = 0;
  for (const Partial& partial : partials) {
    const Heading& heading = partial.heading;
    if (std::ssize(heading.label_rows) != heading.labels.size())
      throw ProtocolError("a partial does not fit its labels");
    update.first_row.push_back(rows);
    rows += heading.rows;
    shape_.features = std::max(shape_.features, heading.num_features);
  }
  TakeNames(partials);
  if (options_.IsLogistic()) RequireClasses(options_.data, labels);
  shape_.outputs = labels.size() > 2 ? std::ssize(labels) : 1;
  for (const std::string& label : labels) update.labels.Add(label);
  for (const auto& [heading, sums] : partials)
    update.class_rows.Add(heading.labels, heading.label_rows, labels);
  update.num_features = shape_.features;
  update.next.phase = static_cast<int>(Phase::kLook);
  return update;
}

Update Model::PullLook(std::span<const Partial> partials) {
  for (const auto& [heading, sums] : partials) {
    const auto width = Index(shape_.features);
    if (sums.features.sums.size() != width || sums.features.spreads.size() != width ||
        sums.features.largest.size() != width || sums.class_weight.size() != labels.size())
      throw ProtocolError("a partial does not fit the features and classes");
  }
  const Sums sums = SumOf(partials);
  if (!(sums.features.weight > 0))
    throw DataError(options_.data +
                    ": no row is left to train on, expected at least one with a weight above 0");
  RequireRowsOfEach(options_.data, labels, sums.class_weight, options_.hold_out());
  const FeatureStats stats = FeatureStatsOf(partials);
  shape_.rows = sums.trained_rows;
  shape_.entries = sums.entries;
  validation_rows_ = sums.validation_rows;
  const SolverChoice choice = ChooseSolver(options_, shape_);
  solver = choice.solver;
  reason = choice.reason;
  if (options_.lambda == 0 && shape_.rows < shape_.features && solver != "normal")
    reason += options_.IsLogistic()
                  ? "; fewer rows than features and no penalty: there may be no optimum"
                  : "; fewer rows than features and no penalty: one of many solutions";
  variables_ = std::make_unique<Variables>(options_, stats, shape_.outputs, solver != "gd");
  centre_.assign(variables_->means().begin(), variables_->means().end());
  centre_.push_back(options_.intercept ? sums.y / sums.features.weight : 0);
  optimizer_ = MakeOptimizer(solver, options_, shape_, *variables_,
                             Start(options_, *variables_, sums, shape_.outputs));
  MakeOutputs();
  Update update;
  update.keeps = solver == "fista" || solver == "cg" || solver == "newton";
  Ask(update);
  return update;
}

void Model::Ask(Update& update) {
  const Request request = optimizer_->Next();
  update.next.phase = static_cast<int>(request.phase);
  update.ahead = request.ahead;
  if (request.phase == Phase::kGram || request.phase == Phase::kBend) {
    update.centre = centre_;
    if (request.phase == Phase::kBend) update.centre.back() = 0;
  } else {
    update.weights = variables_->ToWeights(request.point);
  }
}

Update Model::PullAnswer(std::span<const Partial> partials) {
  if (optimizer_ == nullptr) throw ProtocolError("a plan of an unknown phase");
  Sums sums = SumOf(partials);
  Answer answer{.loss = sums.loss, .loss_ahead = sums.loss_ahead, .gram = std::move(sums.gram)};
  if (!sums.slopes.empty()) answer.slopes = variables_->ToSlopes(sums.slopes);
  const Verdict verdict = optimizer_->Take(answer);
  Update update;
  update.accepted = verdict.accepted;
  update.step = verdict.step;
  if (verdict.accepted || verdict.step != 0) {
    ++updates_;
    if (verdict.accepted) {
      objective_ = sums.loss + variables_->Penalty(optimizer_->u());
      if (!std::isfinite(empty_objective_)) empty_objective_ = objective_;
    }
    rank = optimizer_->rank();
    violation = std::isfinite(optimizer_->violation()) ? optimizer_->violation() : -1;
    MakeOutputs();
  }
  if (verdict.accepted && validation_rows_ > 0) {
    validation_loss_ = sums.validation_loss / static_cast<double>(validation_rows_);
    validation_error_ = sums.validation_error / static_cast<double>(validation_rows_);
  }
  Ask(update);
  return update;
}

void Model::MakeOutputs() {
  const std::vector<double> weights = variables_->ToWeights(optimizer_->u());
  outputs.resize(Index(shape_.outputs));
  for (int64_t k = 0; k < shape_.outputs; ++k) {
    Output& output = outputs[Index(k)];
    if (!labels.empty()) output.label = shape_.outputs > 1 ? labels[Index(k)] : labels.back();
    output.coefficients.resize(Index(shape_.features));
    // What rounding in units of z has moved beyond a bound is put back.
    for (int64_t j = 0; j < shape_.features; ++j) {
      output.coefficients[Index(j)] = std::clamp(weights[Index(j * shape_.outputs + k)],
                                                 options_.LowerBound(), options_.UpperBound());
    }
    output.intercept = weights[Index(shape_.features * shape_.outputs + k)];
  }
}

strads::Report Model::Report() const {
  strads::Report report;
  report.updates = updates_;
  report.has_model = optimizer_ != nullptr;
  if (optimizer_ == nullptr) return report;
  report.penalty = variables_->Penalty(optimizer_->u());
  report.empty_objective = empty_objective_;
  for (const Output& output : outputs) report.nonzeros += output.coefficients.CountNonzeros();
  if (violation >= 0) report.extra["violation"] = violation;
  if (validation_loss_ >= 0) {
    report.extra["validation_loss"] = validation_loss_;
    if (options_.IsLogistic())
      report.extra["validation_accuracy"] = 1 - validation_error_;
    else
      report.extra["validation_rmse"] = std::sqrt(validation_error_);
  }
  const bool is_optimal =
      violation >= 0 && violation <= options_.tolerance &&
      optimizer_->left() <= optimizer_->MostLeft(options_.tolerance, objective_);
  // Then no row has a loss of log 2, which it has where it is in doubt.
  const bool is_separated = options_.IsLogistic() && options_.lambda == 0 &&
                            options_.weights.empty() && objective_ < std::numbers::ln2;
  if (is_optimal && is_separated) {
    report.done =
        "the classes can be told apart: without a penalty the objective falls to 0 as the weights "
        "grow, and there is no optimum; set --lambda";
    report.converged = false;
  } else if (is_optimal) {
    report.done = "the optimality conditions hold";
  } else if (optimizer_->is_stuck()) {
    report.done = "rounding allows no smaller violation of the optimality conditions";
    report.converged = false;
  }
  return report;
}

}  // namespace strads::regression
