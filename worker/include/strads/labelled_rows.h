#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <string>
#include <vector>

#include "strads/dataset.h"
#include "strads/id_table.h"
#include "strads/row_matrix.h"
#include "strads/shard.h"

namespace strads {

// The rows of a data set that one worker owns, each with the name of its class.
struct LabelledRows {
  RowMatrix x;
  IdTable labels;              // in order of first appearance in the shard
  std::vector<int32_t> label;  // of each row, in `labels`; empty if the file has no target
  Eigen::VectorXd weights;     // of the rows; empty if no file of them was named
  // Of a file with a header: its columns but the target, in order, and the target.
  std::vector<std::string> features;
  std::string target;
};

// The shortest text of a number that reads back as the same double: 1, -1, 0.5.
std::string LabelOfNumber(double value);

// As ReadDataset (strads/dataset.h), by rows, with labels in place of y: a number is named by
// LabelOfNumber. A file whose name ends in .csv (and maybe .gz, .xz, .zst) is read by ReadCsv, for
// which options.target names the column of the label. Throws what they throw.
LabelledRows ReadLabelledRows(const std::string& path,
                              Shard shard,
                              const ReadOptions& options = {});

}  // namespace strads
