#pragma once

#include <strads/summary.h>

#include <chrono>
#include <cstdio>

namespace strads {

// Shows how training goes on a stream: one line that changes in place on a terminal, a line every
// few seconds elsewhere.
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

  std::FILE* const out_;
  const bool enabled_;
  const bool terminal_;
  bool header_shown_ = false;
  bool line_open_ = false;
  double next_ = 0;  // seconds of solving
  RoundRecord before_;
};

}  // namespace strads
