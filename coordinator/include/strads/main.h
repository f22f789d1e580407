#pragma once

#include <strads/program.h>

#include <string>
#include <vector>

namespace strads {

// The main function of a binary with several apps: `strads APP COMMAND --flag=value ...`. Returns
// the exit code: 0, or that of the error or termination (docs/running.md lists them).
int Main(int argc, char** argv, const std::vector<Program>& programs);

// The main function of a binary with one app: `lasso [train] --flag=value ...`. It plays every
// role: all of them by default, one of them with --role.
int MainOfOne(int argc, char** argv, const Program& program);

template <class A>
int Main(int argc, char** argv, const std::string& name = "app", const std::string& summary = {}) {
  return MainOfOne(argc, argv, MakeProgram<A>(name, summary));
}

}  // namespace strads
