#pragma once

#include <strads/id_table.h>
#include <strads/parallel.h>
#include <strads/ratings.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "apps/mf/factors.h"
#include "apps/mf/top_items.h"

namespace strads::mf {

// A model as train has left it in its three files, whole in memory:
//
//   prediction(u, i) = mean + b_u + score(u, i)
//   score(u, i)      = c_i + w_u.h_i    in float32, terms added in the order of the factors
//
// without biases b and c are 0. What nothing is known of has no part in it: mean + b_u for an
// unknown item, mean + c_i for an unknown user. Memory: 4 rank bytes a user and item, and names.
class TrainedModel {
 public:
  // Throws kData "path: ..." if one of the files cannot be read, is not of this app, or does not
  // fit the others.
  explicit TrainedModel(const std::string& path);

  const IdTable& users() const { return users_; }
  const IdTable& items() const { return items_; }
  int rank() const { return user_factors_.rank(); }
  double mean() const { return mean_; }
  bool has_biases() const { return !user_biases_.empty(); }
  bool is_implicit() const { return implicit_; }
  const Factors& user_factors() const { return user_factors_; }
  const Factors& item_factors() const { return item_factors_; }

  // One of each, or none.
  const std::vector<float>& item_biases() const { return item_biases_; }

  // Indices are those of users() and items(); -1: unknown, 0.
  float UserBias(int32_t user) const { return BiasOf(user_biases_, user); }
  float ItemBias(int32_t item) const { return BiasOf(item_biases_, item); }

  double Predict(int32_t user, int32_t item) const { return Base(user) + Score(user, item); }
  // What all predictions for a user have in common.
  double Base(int32_t user) const { return mean_ + static_cast<double>(UserBias(user)); }
  float Score(int32_t user, int32_t item) const;

 private:
  static float BiasOf(const std::vector<float>& biases, int32_t index) {
    return index < 0 || biases.empty() ? 0 : biases[static_cast<size_t>(index)];
  }

  double mean_ = 0;
  bool implicit_ = false;
  IdTable users_, items_;
  std::vector<float> user_biases_, item_biases_;
  Factors user_factors_, item_factors_;
};

// The ratings of a file, or pairs of user and item without one, with the indices of a model.
struct KnownRatings {
  NamedRatings named;
  // The model's index of each name, or -1.
  std::vector<int32_t> users = {}, items = {};

  int32_t UserOf(const Rating& rating) const { return users[static_cast<size_t>(rating.user)]; }
  int32_t ItemOf(const Rating& rating) const { return items[static_cast<size_t>(rating.item)]; }
  bool Knows(const Rating& rating) const { return UserOf(rating) >= 0 && ItemOf(rating) >= 0; }
};

// Reads the file at `path`, of which a line may have no rating. Throws what ReadRatings throws;
// with kRefuse also "path:line: unknown user ..." for the first line the model does not know all
// of.
KnownRatings ReadKnownRatings(const std::string& path,
                              const TrainedModel& model,
                              UnknownIds unknown,
                              int threads);

// The known items that the file's ratings, or pairs without one, are about. What the model does not
// know does not matter; nor do second ratings.
ItemsOfUsers ReadItemsOfUsers(const std::string& path, const TrainedModel& model, int threads);

// Of each rating of the model's users and items, or of a file. The same for any pool.threads().
std::vector<double> Predictions(const TrainedModel& model,
                                std::span<const Rating> ratings,
                                ThreadPool& pool);
std::vector<double> Predictions(const TrainedModel& model,
                                const KnownRatings& data,
                                ThreadPool& pool);

}  // namespace strads::mf
