#pragma once

#include "strads/dataset.h"
#include "strads/number_file.h"
#include "strads/shard.h"
#include "worker/text_file.h"

namespace strads {

// The readers of strads/dataset.h for a file that is open already.
Dataset ReadLibsvm(const TextFile& file, Shard shard, const ReadOptions& options);
Dataset ReadMatrixMarket(const TextFile& file, Shard shard, const ReadOptions& options);

// The weights of the rows `wanted`; none if there is no path. Throws kData for negative ones, too.
Eigen::VectorXd ReadWeights(const std::string& path, NumbersWanted wanted);

}  // namespace strads
