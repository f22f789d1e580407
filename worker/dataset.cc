#include "strads/dataset.h"

#include <string_view>

#include "strads/error.h"
#include "worker/matrix_market_header.h"
#include "worker/readers.h"
#include "worker/text_file.h"

namespace strads {

bool IsMatrixMarket(const TextFile& file) {
  std::string_view name = file.path();
  for (const std::string_view suffix : {".gz", ".xz", ".zst"}) {
    if (name.ends_with(suffix)) name.remove_suffix(suffix.size());
  }
  return name.ends_with(".mtx") || file.text().starts_with(kMatrixMarketBanner);
}

Dataset ReadDataset(const std::string& path, Shard shard, const ReadOptions& options) {
  const TextFile file(path);
  Dataset data = IsMatrixMarket(file) ? ReadMatrixMarket(file, shard, options)
                                      : ReadLibsvm(file, shard, options);
  if (options.classes && (data.y.array() < 0).any() && (data.y.array() == 0).any())
    throw DataError(path + ": has targets of both -1 and 0, expected -1 and 1, or 0 and 1");
  return data;
}

Eigen::VectorXd ReadWeights(const std::string& path, NumbersWanted wanted) {
  if (path.empty()) return {};
  wanted.name = "weight";
  wanted.least = 0;
  return ReadNumbers(path, wanted);
}

Dataset ReadLibsvm(const std::string& path, Shard shard, const ReadOptions& options) {
  return ReadLibsvm(TextFile(path), shard, options);
}

Dataset ReadMatrixMarket(const std::string& path, Shard shard, const ReadOptions& options) {
  return ReadMatrixMarket(TextFile(path), shard, options);
}

}  // namespace strads
