#pragma once

#include <strads/program.h>

namespace strads::lda {

// What can be done with a model once it is trained.
Command TopicsCommand();
Command InferCommand();
Command EvaluateCommand();

}  // namespace strads::lda
