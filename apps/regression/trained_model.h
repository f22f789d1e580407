#pragma once

#include <strads/labelled_rows.h>

#include <cstdint>
#include <string>
#include <vector>

#include "apps/regression/model.h"

namespace strads::regression {

// The model in the file, checked. Throws kData if it is none.
RegressionModel LoadRegression(const std::string& path);

// Data as a model sees them.
struct Fitted {
  RegressionModel model = {};
  LabelledRows data = {};
  std::vector<double> values = {};  // f, num_values for each row
  int64_t num_values = 1;
  std::vector<int32_t> predicted = {};  // logistic: the number of the class, in model.labels

  // Logistic: of each class, in the order of model.labels; adds up to 1.
  std::vector<double> Probabilities(int64_t row) const;
};

// Reads both files and fits: see ReadForModel.
Fitted Fit(const std::string& model_path,
           const std::string& data_path,
           const std::string& target,
           bool needs_target,
           int threads);

}  // namespace strads::regression
