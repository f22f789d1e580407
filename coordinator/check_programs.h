#pragma once

#include <strads/program.h>

#include <vector>

namespace strads {

// Throws Error (kUsage) if a command of the programs or, where the command line names the app too,
// one of them could not be asked for by its name, or if an option has the name of one of every run
// and another type.
void CheckPrograms(const std::vector<Program>& programs, bool names_app);

}  // namespace strads
