#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <string>

namespace strads {

// Reads a vector of `count` numbers and returns [first, last) of them. The file is a Matrix Market
// array of count x 1 or 1 x count, or plain text with one number on a line, where blank lines and
// comments from # on are skipped. Throws kData "path:line: ..." for a line that is no finite number
// and for any other count.
Eigen::VectorXd ReadTarget(const std::string& path, int64_t count, int64_t first, int64_t last);

}  // namespace strads
