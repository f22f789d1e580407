#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "strads/aligned_vector.h"
#include "strads/row_matrix.h"
#include "worker/text_file.h"

namespace strads {

inline constexpr char kLibsvmLine[] = "label [qid:n] index:value ...";

// Consecutive rows of a libsvm file; zeros are left out.
struct LibsvmRows {
  std::vector<double> labels;
  std::vector<int32_t> sizes;  // of each row
  AlignedVector<int32_t> columns;
  AlignedVector<double> values;
  int64_t width = 0;  // the largest index, 0 if there is none

  RowPiece piece() const { return {sizes, columns, values}; }
};

// Parses `lines`, whole lines of the file's text, in place of what was in `rows`, whose memory is
// used again. Indices beyond num_features, if that is not 0, are refused, and so are labels other
// than -1, 0 and 1, if they are of `classes`. Throws kData "path:line: ..." for the first bad line.
void ParseLibsvm(const TextFile& file,
                 std::string_view lines,
                 int64_t num_features,
                 bool classes,
                 LibsvmRows& rows);

}  // namespace strads
