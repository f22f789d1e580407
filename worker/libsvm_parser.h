#pragma once

#include <cstdint>
#include <string_view>

#include "strads/aligned_vector.h"
#include "strads/column_matrix.h"
#include "worker/text_file.h"

namespace strads {

inline constexpr char kLibsvmLine[] = "label [qid:n] index:value ...";

// Consecutive rows of a libsvm file; the rows of `entries` count from the first of them.
struct LibsvmRows {
  AlignedVector<double> labels;
  AlignedVector<Triplet> entries;  // ordered by row, then column; zeros are left out
  int64_t width = 0;               // the largest index, 0 if there is none
};

// Parses `lines`, whole lines of the file's text. Indices beyond num_features, if that is not 0,
// are refused, and so are labels other than -1, 0 and 1, if they are of `classes`. Throws kData
// "path:line: ..." for the first bad line.
LibsvmRows ParseLibsvm(const TextFile& file,
                       std::string_view lines,
                       int64_t num_features,
                       bool classes = false);

}  // namespace strads
