#pragma once

#include <strads/message.h>
#include <strads/report.h>
#include <strads/sparse_vector.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "apps/regression/messages.h"
#include "apps/regression/optimizer.h"
#include "apps/regression/options.h"
#include "apps/regression/solver_choice.h"
#include "apps/regression/variables.h"

namespace strads::regression {

// f = intercept + coefficients'x, on the scale of the data.
struct Output {
  std::string label;  // logistic: of the class that it speaks for
  double intercept = 0;
  SparseVector coefficients;
  STRADS_FIELDS(label, intercept, coefficients)
};

// What a model holds once it is trained. One output; of more than two classes one for each.
struct RegressionModel {
  std::string loss = "squared";
  std::vector<std::string> labels;    // logistic: of the classes, in ascending order
  std::vector<std::string> features;  // names, if the data had any
  std::string target;                 // the name of its column, likewise
  std::string solver;
  std::string reason;     // why that one
  int64_t rank = -1;      // of X less its means, where the solver finds it
  double violation = -1;  // of the optimality conditions, see Options; -1: not known
  std::vector<Output> outputs;

  STRADS_FIELDS(loss, labels, features, target, solver, reason, rank, violation, outputs)

  // Labels, features and target, from what shards have of them.
  void TakeNames(std::span<const Partial> shards);
  // What there is to say of a model to people, after the summary.
  std::string Describe() const;
};

// Owns the weights, and decides what each round asks for.
class Model : public RegressionModel {
 public:
  Model() = default;
  explicit Model(const Options& options);

  Update Pull(const Plan& plan, std::span<const Partial> partials);
  strads::Report Report() const;

 private:
  Update PullRows(std::span<const Partial> partials);
  Update PullLook(std::span<const Partial> partials);
  Update PullAnswer(std::span<const Partial> partials);
  void Ask(Update& update);
  void MakeOutputs();

  Options options_;
  Shape shape_;
  std::vector<double> centre_;  // of features and y
  std::unique_ptr<Variables> variables_;
  std::unique_ptr<Optimizer> optimizer_;
  int64_t updates_ = 0;
  int64_t validation_rows_ = 0;
  double objective_ = std::numeric_limits<double>::infinity();        // of the model's point
  double empty_objective_ = std::numeric_limits<double>::infinity();  // at the start
  double validation_loss_ = -1, validation_error_ = 0;                // -1: not known
};

}  // namespace strads::regression
