#include <strads/error.h>
#include <strads/model_file.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "apps/lda/model.h"
#include "apps/lda/prior.h"

namespace strads::lda {
namespace {

bool IsPositive(double x) { return x > 0 && std::isfinite(x); }

void CheckFields(const std::string& path, const Model& model) {
  const auto topics = model.topics();
  if (topics < 1 || topics > kMaxTopics)
    throw DataError(path + ": has " + std::to_string(topics) + " topics, expected 1 to " +
                    std::to_string(kMaxTopics));
  if (std::ssize(model.alpha()) != topics || !std::ranges::all_of(model.alpha(), IsPositive))
    throw DataError(path + ": alpha is not " + std::to_string(topics) + " numbers above 0");
  if (!IsPositive(model.beta())) throw DataError(path + ": beta is not a number above 0");
  if (std::ssize(model.totals()) != topics)
    throw DataError(path + ": totals are not " + std::to_string(topics) + " numbers");
  if (model.words().empty()) throw DataError(path + ": has no words");
}

}  // namespace

Model ReadModelFile(const std::string& path) {
  auto model = LoadModel<Model>(path, "lda", {"topics", "beta", "alpha", "totals"});
  CheckFields(path, model);
  return model;
}

}  // namespace strads::lda
