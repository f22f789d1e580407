#pragma once

#include <strads/program.h>

namespace strads::svm {

Command PredictCommand();
Command EvaluateCommand();
Command ExportCommand();
Command ImportCommand();
Command CalibrateCommand();

}  // namespace strads::svm
