#pragma once

#include <Eigen/Core>
#include <vector>

#include "strads/dataset.h"
#include "strads/number_file.h"
#include "strads/parallel.h"
#include "strads/shard.h"
#include "worker/libsvm_parser.h"
#include "worker/text_file.h"

namespace strads {

// The readers of strads/dataset.h for a file that is open already.
Dataset ReadLibsvm(const TextFile& file, Shard shard, const ReadOptions& options);
Dataset ReadMatrixMarket(const TextFile& file, Shard shard, const ReadOptions& options);

// Whether a file is read as Matrix Market: by its name, or by how it begins.
bool IsMatrixMarket(const TextFile& file);

// What ReadLibsvm reads, before it becomes a matrix.
struct LibsvmShard {
  std::vector<LibsvmRows> parsed;
  std::vector<TripletPiece> pieces;  // of `parsed`, in order
  int64_t width = 0;
  Eigen::VectorXd y, weights;
  int64_t first_row = 0;  // if it was asked for
};
// In one piece for each thread, or more of `piece_bytes` (0: no bound) of text, which is given back
// once it is parsed.
LibsvmShard ParseLibsvmShard(const TextFile& file,
                             Shard shard,
                             const ReadOptions& options,
                             ThreadPool& pool,
                             int64_t piece_bytes = 0);

// The weights of the rows `wanted`; none if there is no path. Throws kData for negative ones, too.
Eigen::VectorXd ReadWeights(const std::string& path, NumbersWanted wanted);

}  // namespace strads
