#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <string>

#include "strads/column_matrix.h"
#include "strads/shard.h"

namespace strads {

// The rows of a data set that one worker owns: y_i is to be explained by row i of x.
struct Dataset {
  ColumnMatrix x;
  Eigen::VectorXd y;        // x.num_rows() values
  Eigen::VectorXd weights;  // of the rows; empty if no file of them was named
  int64_t first_row = 0;    // of the file, if it was asked for
};

struct ReadOptions {
  std::string target = {};       // the file of y, for Matrix Market
  int64_t num_features = 0;      // columns of x; 0: as many as the file (libsvm: the shard) needs
  std::string weights = {};      // the file of the weights of rows: strads/number_file.h
  bool wants_first_row = false;  // whether the rows before the shard are to be counted
  bool needs_target = true;      // if not, Matrix Market data without it have no y
  bool classes = false;          // y is of two classes: -1 or 0, and 1; others are refused
};

// Reads a worker's rows of a data set with shard.threads threads; the result is the same for any
// number of them, and the shards in rank order are the whole file. A shard may have no rows.
// Matrix Market if the name ends in .mtx (and maybe .gz, .xz, .zst) or the text begins with
// %%MatrixMarket, else libsvm. A compressed file gives what the plain one does, but every worker
// holds its whole text in memory while it reads.
// Throws kData: "path:line: what is wrong, what was expected" for the first bad line of the shard;
// "path: why" for a file that cannot be opened or unpacked.
Dataset ReadDataset(const std::string& path, Shard shard, const ReadOptions& options = {});

// Reads libsvm (svmlight) text: lines `label [qid:n] index:value ... [# comment]`, indices from 1
// and increasing, numbers of at most 1e75 in magnitude (below 1e-75 they are 0). Blank and comment
// lines are no rows. The shard is the lines that start in shard.RangeOf(bytes of the text). Working
// memory: 16 bytes for each entry, 8 for each column and thread. Refuses options.target, a file
// without any row, and indices beyond num_features or 2^31 - 2.
Dataset ReadLibsvm(const std::string& path, Shard shard, const ReadOptions& options = {});

// Reads a Matrix Market file (Boisvert, Pozo and Remington, 1996): coordinate (real, integer,
// pattern; general, symmetric, skew-symmetric; the entries in any order) or array (real, integer;
// general). The shard is the rows shard.RangeOf(rows of the matrix); every worker checks every
// line. options.target names the file of y: an array file of n x 1 or 1 x n, or plain text, one
// number on a line. Refuses a position that is given twice, a count of entries or targets that
// differs from the header's, numbers that are not finite, and indices beyond num_features.
Dataset ReadMatrixMarket(const std::string& path, Shard shard, const ReadOptions& options = {});

}  // namespace strads
