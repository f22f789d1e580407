#pragma once

#include <strads/program.h>

namespace strads {

// The command `search` of an app: trains it once for each point of a grid of option values, and by
// cross-validation with --folds, and says which did best. It is a run of the framework itself whose
// variables are the settings: each worker trains one setting after another, by itself. Workers
// share nothing, so the answer does not depend on how many there are.
//
//   --grid="C=0.1,1,10 loss=hinge,squared_hinge"   values of each option; lo:hi:n for n of them
//                                                  from lo to hi in equal ratios
//   --folds=k    every setting k times with the options validation_share = 1/k and validation_fold
//                = 0 .. k-1, which the app must have; 0: once, as the other options say
//   --metric     what of the summary is compared: the app's extra values, or objective
//   --best_config=FILE   the options of the best setting, for --config of train
//
// Cost: the sum of the runs, over the number of workers.
Command SearchCommand(const Program& app);

// The programs, each with this command if it has neither a command nor an option of these names.
std::vector<Program> WithSearch(std::vector<Program> programs);

}  // namespace strads
