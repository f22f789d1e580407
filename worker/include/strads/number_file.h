#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <limits>
#include <string>

namespace strads {

// What a file of numbers holds, for the messages of errors, and how much of it is wanted.
struct NumbersWanted {
  std::string name = "number";  // of one of them
  std::string each = "row";     // what there is one for each of
  int64_t count = -1;           // how many there must be; -1: any number
  int64_t first = 0;            // [first, last) are returned
  int64_t last = -1;            // -1: up to the end
  bool may_be_infinite = false;
  double least = -std::numeric_limits<double>::infinity();
  bool whole = false;    // numbers
  bool classes = false;  // -1, 0 or 1
};

// Reads numbers from a Matrix Market array of n x 1 or 1 x n, or from plain text with one number on
// a line, where blank lines and comments from # on are skipped. Throws kData "path:line: ..." for a
// line that is no number of at most 1e75 in magnitude (or inf or infinity in any case, if they may
// be infinite), out of range or of no class, and for any other count.
Eigen::VectorXd ReadNumbers(const std::string& path, const NumbersWanted& wanted);

}  // namespace strads
