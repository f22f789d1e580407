#pragma once

#include <strads/program.h>

namespace strads::regression {

Command PredictCommand();
Command EvaluateCommand();

}  // namespace strads::regression
