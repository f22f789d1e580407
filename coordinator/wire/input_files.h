#pragma once

#include <strads/fields.h>

#include <cstdint>
#include <string>
#include <vector>

namespace strads::wire {

// Enough of files to tell copies of one from another file of its name; in the order of the paths.
struct InputFiles {
  std::vector<int64_t> sizes = {};     // in bytes; -1: no regular file, or not to be read
  std::vector<uint64_t> samples = {};  // hashes of their first and last bytes
  STRADS_FIELDS(sizes, samples)
};

// Reads at most 128 KB of each.
InputFiles LookAt(const std::vector<std::string>& paths);

// The index of the first of them that both have and that differs; -1: none.
int FirstDifference(const InputFiles& a, const InputFiles& b);

}  // namespace strads::wire
