#include "apps/mf/trained_model.h"

#include <strads/error.h>
#include <strads/model_file.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "apps/mf/factor_file.h"
#include "apps/mf/model.h"

namespace strads::mf {
namespace {

IdTable TableOf(const std::string& path, const char* what, const std::vector<std::string>& names) {
  IdTable table;
  for (const std::string& name : names) table.Add(name);
  if (table.size() != std::ssize(names))
    throw DataError(path + ": has a name twice among its " + what);
  return table;
}

void CheckBiases(const std::string& path,
                 const char* field,
                 const std::vector<float>& biases,
                 size_t expected) {
  if (!biases.empty() && biases.size() != expected)
    throw DataError(path + ": has " + std::to_string(biases.size()) + " " + field + ", expected " +
                    std::to_string(expected));
  if (!std::ranges::all_of(biases, [](float bias) { return std::isfinite(bias); }))
    throw DataError(path + ": has a number among its " + field + " that is not finite");
}

Factors ReadFiniteFactors(const std::string& path, int64_t rows, int rank) {
  Factors factors = ReadFactors(path, rows, rank);
  for (int64_t row = 0; row < rows; ++row) {
    if (!std::ranges::all_of(factors.Row(row), [](float x) { return std::isfinite(x); }))
      throw DataError(path + ": row " + std::to_string(row) +
                      " (from 0) has a number that is not finite");
  }
  return factors;
}

template <class Predict>
std::vector<double> PredictEach(std::span<const Rating> ratings,
                                ThreadPool& pool,
                                const Predict& predict) {
  constexpr int64_t kGrain = 1 << 12;
  std::vector<double> predictions(ratings.size());
  pool.ParallelFor(
      std::ssize(ratings),
      [&](int64_t begin, int64_t end) {
        for (auto n = static_cast<size_t>(begin); n < static_cast<size_t>(end); ++n)
          predictions[n] = predict(ratings[n]);
      },
      kGrain);
  return predictions;
}

}  // namespace

TrainedModel::TrainedModel(const std::string& path) {
  const auto model = LoadModel<Model>(path, "mf");
  if (model.rank() < 1 || model.rank() > 100'000)
    throw DataError(path + ": has rank " + std::to_string(model.rank()) + ", expected 1 to 100000");
  if (!std::isfinite(model.mean())) throw DataError(path + ": has a mean that is not finite");
  mean_ = model.mean();
  implicit_ = model.is_implicit();
  users_ = TableOf(path, "users", model.users());
  items_ = TableOf(path, "items", model.items());
  user_biases_ = model.user_biases();
  item_biases_ = model.item_biases();
  if (user_biases_.empty() != item_biases_.empty())
    throw DataError(path + ": has biases of one side only, expected user_biases and item_biases");
  CheckBiases(path, "user_biases", user_biases_, model.users().size());
  CheckBiases(path, "item_biases", item_biases_, model.items().size());
  user_factors_ = ReadFiniteFactors(UserFactorPath(path), users_.size(), model.rank());
  item_factors_ = ReadFiniteFactors(ItemFactorPath(path), items_.size(), model.rank());
}

float TrainedModel::Score(int32_t user, int32_t item) const {
  float sum = 0;
  if (user >= 0 && item >= 0) {
    const float* const w = user_factors_.At(user);
    const float* const h = item_factors_.At(item);
    for (int t = 0; t < rank(); ++t) sum += w[t] * h[t];
  }
  return ItemBias(item) + sum;
}

KnownRatings ReadKnownRatings(const std::string& path,
                              const TrainedModel& model,
                              UnknownIds unknown,
                              int threads) {
  const RatingsOptions options = {
      .implicit = model.is_implicit(), .may_lack = true, .unknown = unknown};
  KnownRatings known{
      .named = ReadRatings(path, {.rank = 0, .num_workers = 1, .threads = threads}, options)};
  known.users = known.named.users.IndicesIn(model.users());
  known.items = known.named.items.IndicesIn(model.items());
  const auto is_unknown = [](int32_t index) { return index < 0; };
  if (unknown == UnknownIds::kRefuse && (std::ranges::any_of(known.users, is_unknown) ||
                                         std::ranges::any_of(known.items, is_unknown))) {
    ReadRatings(path, model.users(), model.items(), {}, threads, options);  // throws
  }
  return known;
}

ItemsOfUsers ReadItemsOfUsers(const std::string& path, const TrainedModel& model, int threads) {
  IndexedRatings read = ReadRatings(
      path, model.users(), model.items(), {}, threads,
      {.implicit = model.is_implicit(), .may_lack = true, .unknown = UnknownIds::kSkip});
  return {model.users().size(), model.items().size(), std::move(read.ratings)};
}

std::vector<double> Predictions(const TrainedModel& model,
                                std::span<const Rating> ratings,
                                ThreadPool& pool) {
  return PredictEach(ratings, pool,
                     [&](const Rating& rating) { return model.Predict(rating.user, rating.item); });
}

std::vector<double> Predictions(const TrainedModel& model,
                                const KnownRatings& data,
                                ThreadPool& pool) {
  return PredictEach(data.named.ratings, pool, [&](const Rating& rating) {
    return model.Predict(data.UserOf(rating), data.ItemOf(rating));
  });
}

}  // namespace strads::mf
