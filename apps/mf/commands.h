#pragma once

#include <strads/program.h>
#include <strads/require.h>

namespace strads::mf {

// What can be done with a model once it is trained.
Command PredictCommand();
Command EvaluateCommand();
Command RecommendCommand();
Command ExportCommand();

}  // namespace strads::mf
