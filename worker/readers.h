#pragma once

#include <Eigen/Core>

#include "strads/dataset.h"
#include "strads/number_file.h"
#include "strads/parallel.h"
#include "strads/row_matrix.h"
#include "strads/shard.h"
#include "worker/text_file.h"

namespace strads {

// The readers of strads/dataset.h for a file that is open already.
Dataset ReadLibsvm(const TextFile& file, Shard shard, const ReadOptions& options);
Dataset ReadMatrixMarket(const TextFile& file, Shard shard, const ReadOptions& options);

// Whether a file is read as Matrix Market: by its name, or by how it begins.
bool IsMatrixMarket(const TextFile& file);

// A shard of a libsvm file.
struct LibsvmShard {
  RowMatrix x;
  Eigen::VectorXd y, weights;
  int64_t first_row = 0;  // if it was asked for
};
LibsvmShard ReadLibsvmRows(const TextFile& file,
                           Shard shard,
                           const ReadOptions& options,
                           ThreadPool& pool);

// The weights of the rows `wanted`; none if there is no path. Throws kData for negative ones, too.
Eigen::VectorXd ReadWeights(const std::string& path, NumbersWanted wanted);

}  // namespace strads
