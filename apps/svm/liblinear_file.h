#pragma once

#include <string>

#include "apps/svm/model.h"

namespace strads::svm {

// The text of a model as liblinear's train writes it:
//
//   solver_type NAME / nr_class K / label L1 ... / nr_feature P / bias B / w / a line for each
//   feature (and one for the bias, if B >= 0) of one number for each weight vector
//
// Scales are multiplied into the weights. Throws kData if a label is not a whole number.
std::string ToLiblinear(const std::string& path, const SvmModel& model);

// The model in such a file, of any of liblinear's classifiers with linear decision values but
// logistic regression. A bias B becomes the weight of a constant 1. Throws kData "path:line: ..."
// for anything else.
SvmModel ReadLiblinear(const std::string& path);

}  // namespace strads::svm
