#pragma once

#include <string>

#include "strads/labelled_rows.h"
#include "strads/shard.h"

namespace strads {

struct CsvOptions {
  std::string target = {};  // the name of the target's column; empty: the first column
  // If not, a file without the column of that name has no labels, nor has one of as many columns as
  // num_features where there is no name; and labels may be empty.
  bool needs_target = true;
  int64_t num_features = -1;  // of the model that the rows are for; -1: there is none
  TargetKind kind = TargetKind::kLabel;
  std::string weights = {};      // the file of the weights of rows: strads/number_file.h
  bool wants_first_row = false;  // whether the rows before the shard are to be counted
};

// Reads comma-separated values. The first line names the columns, none twice and not all by
// numbers; there is one beside the target. In each other line the target is any text that is not
// empty (a number, if it is taken for one), all other fields are numbers of at most 1e75 in
// magnitude, and there are as many as names. Any field may be enclosed in quotes ("" is a quote),
// but holds no line break. Blanks around a field do not count, blank lines are no rows, and lines
// end with \n or \r\n. A target that is a number is named by LabelOfNumber.
//
// The shard is the lines that start in shard.RangeOf(bytes of the text after the header), read with
// shard.threads; the result does not depend on their number. Throws kData "path:line: what is
// wrong, what was expected" for the first bad line of the shard, and "path:1: ..." for a header
// without the target or a file without rows.
LabelledRows ReadCsv(const std::string& path, Shard shard, const CsvOptions& options = {});

}  // namespace strads
