#pragma once

#include <strads/labelled_rows.h>

#include <cstdint>
#include <string>
#include <vector>

#include "apps/svm/model.h"

namespace strads::svm {

// The model in the file, checked. Throws kData if it is none.
SvmModel LoadSvm(const std::string& path);

// Data as a model sees them.
struct Classified {
  SvmModel model = {};
  LabelledRows data = {};
  std::vector<double> values = {};  // of the decision, num_values for each row
  int64_t num_values = 1;
  std::vector<int32_t> predicted = {};  // the number of the class, in model.labels

  // Of each class, in the order of model.labels; adds up to 1. Throws UsageError if the model has
  // not been calibrated.
  std::vector<double> Probabilities(int64_t row) const;
};

// Reads both files and decides. CSV columns are found by their names, in any order; features that
// the model does not know are left out, and their number told on standard error. Throws kData for
// CSV data without a feature of the model, and without its target if `needs_labels`.
Classified Classify(const std::string& model_path,
                    const std::string& data_path,
                    const std::string& target,
                    bool needs_labels,
                    int threads);

}  // namespace strads::svm
