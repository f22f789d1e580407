#pragma once

#include <chrono>
#include <cstdlib>
#include <ctime>
#include <map>
#include <string>

namespace strads::benchmark {

// Of the form NAME=VALUE.
using Arguments = std::map<std::string, std::string>;

inline Arguments ParseArguments(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const size_t equals = argument.find('=');
    arguments[argument.substr(0, equals)] = argument.substr(equals + 1);
  }
  return arguments;
}

inline double Number(const Arguments& arguments, const std::string& name, double otherwise) {
  const auto found = arguments.find(name);
  return found == arguments.end() ? otherwise : std::strtod(found->second.c_str(), nullptr);
}

// In seconds.
inline double Now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Of all threads, so that what else runs on the machine matters less.
inline double CpuSeconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

}  // namespace strads::benchmark
