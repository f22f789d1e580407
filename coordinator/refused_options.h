#pragma once

#include <strads/program.h>
#include <strads/run_options.h>

#include <string>
#include <vector>

namespace strads {

// An option of the run that no run of a program takes: any value but the default is refused.
struct RefusedOption {
  std::string name;
  std::string why;  // follows --name=value
};

// All of them, for which --help has no line.
std::vector<RefusedOption> RefusedOptions(const Program& program);

// Throws Error (kUsage), naming option and value, if one is given that the program does not take.
void RefuseOptions(const Program& program, const RunOptions& options);

}  // namespace strads
