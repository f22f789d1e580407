#pragma once

#include "strads/dataset.h"
#include "strads/shard.h"
#include "worker/text_file.h"

// The readers of strads/dataset.h for a file that is open already.
namespace strads {

Dataset ReadLibsvm(const TextFile& file, Shard shard, const ReadOptions& options);
Dataset ReadMatrixMarket(const TextFile& file, Shard shard, const ReadOptions& options);

}  // namespace strads
