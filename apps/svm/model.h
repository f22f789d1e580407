#pragma once

#include <strads/message.h>
#include <strads/report.h>
#include <strads/sparse_vector.h>

#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "apps/svm/class_weights.h"
#include "apps/svm/messages.h"
#include "apps/svm/options.h"
#include "apps/svm/problem_state.h"

namespace strads::svm {

// The weights of one class: what its decision value is, w.x + b, with each feature multiplied by
// its scale first.
struct ClassModel {
  std::string label;
  double bias = 0;
  SparseVector weights;
  // Of the class's probability, see Sigmoid; both 0 as long as it is not fitted.
  double sigmoid_slope = 0, sigmoid_offset = 0;
  STRADS_FIELDS(label, bias, weights, sigmoid_slope, sigmoid_offset)
};

// What a model holds once it is trained. Of two classes there is one ClassModel, that of the
// positive one (two for crammer_singer), else one for each label.
struct SvmModel {
  std::vector<std::string> labels;
  std::string loss = "hinge";
  std::string multiclass = "one_against_all";
  double C = 1;  // NOLINT(readability-identifier-naming): as the option
  bool has_bias = false;
  std::vector<std::string> features;  // names, if the data had any
  std::string target;                 // the name of the labels' column, likewise
  std::vector<double> scales;         // empty: all are 1
  std::vector<ClassModel> classes;

  // The class of a label by the k-th of `stride` weights that w has for each feature, and at the
  // end for the bias, if there is one.
  ClassModel MakeClass(const std::string& label,
                       std::span<const double> w,
                       size_t stride,
                       size_t k) const;

  STRADS_FIELDS(labels, loss, multiclass, C, has_bias, features, target, scales, classes)
};

// Owns the weights: those that workers follow, and of each problem the best that were measured,
// which are the model. Decides how each problem goes on.
class Model : public SvmModel {
 public:
  Model() = default;
  explicit Model(const Options& options);

  Update Pull(const Plan& plan, std::span<const Partial> partials);
  // Of the best weights.
  void Measured(std::span<const double> sums);
  strads::Report Report() const;
  void EndSoon() { ends_soon_ = true; }

 private:
  Update PullRows(std::span<const Partial> partials);
  Update PullLook(std::span<const Partial> partials);
  Update PullSolve(const Plan& plan, std::span<const Partial> partials);
  Update PullMeasure(const Plan& plan, std::span<const Partial> partials);
  bool DividesClasses(int64_t nonzeros, size_t workers) const;
  // Those that each have counted rows of their own.
  std::span<const Partial> Shares(std::span<const Partial> partials) const {
    return divides_classes_ ? partials.first(1) : partials;
  }
  void MakeClasses(size_t problem);
  void CheckCounts(const Plan& plan, std::span<const Partial> partials) const;
  Plan NextPlan() const;

  Options options_;
  ClassWeights class_weights_;
  int64_t num_features_ = 0;
  int64_t updates_ = 0;
  int64_t validation_rows_ = 0;
  double validation_accuracy_ = -1;  // before any was measured
  bool divides_classes_ = false;
  std::vector<ProblemState> problems_;
  std::vector<int64_t> nonzeros_;  // of `classes`
  bool ends_soon_ = false;
};

}  // namespace strads::svm
