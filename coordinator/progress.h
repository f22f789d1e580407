#pragma once

#include <strads/summary.h>

#include <cstdio>
#include <map>
#include <string>

namespace strads {

// Shows how training goes on a stream: one line that changes in place on a terminal, as much of it
// as there is room for, and a line every second elsewhere. Of what the app tells beside the
// objective, only what is no longer as it was in the first round.
class Progress {
 public:
  Progress(std::FILE* out, bool enabled);
  // Ends the line on a terminal.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void Show(const RoundRecord& record);
  // Prints a line of its own.
  void News(const std::string& text);

 private:
  void Clear();
  void Print(std::string line);

  std::FILE* const out_;
  const bool enabled_;
  const bool terminal_;
  bool header_shown_ = false;
  bool line_open_ = false;
  double next_ = 0;  // seconds of solving
  RoundRecord before_;
  std::map<std::string, double> first_extra_;
};

}  // namespace strads
