#pragma once

#include <strads/feature_stats.h>
#include <strads/fields.h>
#include <strads/id_table.h>
#include <strads/labelled_rows.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace strads::regression {

// What a round is for.
enum class Phase : int {
  kRows,      // workers count their rows, classes and features
  kLook,      // and, these being known, say where features lie and how far they spread
  kGram,      // the products of all pairs of features
  kEvaluate,  // the losses at a point, and their slopes
  kProduct,   // X'C Q X d of a direction d
  kBend,      // X'C Q X, Q as of kProduct: the second derivatives of the losses
};

struct Plan {
  int phase = 0;
  STRADS_FIELDS(phase)
};

// What the data of a shard are.
struct Heading {
  IdTable labels;                   // logistic
  std::vector<int64_t> label_rows;  // of each
  int64_t rows = 0;
  int64_t num_features = 0;
  std::vector<std::string> features;  // their names, if the file has a header
  std::string target;
  STRADS_FIELDS(labels, label_rows, rows, num_features, features, target)
};

// Sums over the rows of a shard that are trained on, each counted by its weight c_i.
struct Sums {
  // kLook
  int64_t trained_rows = 0, validation_rows = 0, entries = 0;
  std::vector<double> class_weight;  // of each class
  double y = 0;
  FeatureSums features;
  // kGram: with z_i = (x_i - centre, y_i - centre of y), the upper triangle of sum c_i z_i z_i' by
  // columns; kBend: the same with 1 instead of y_i, centred at 0, and c_i q_i instead of c_i.
  std::vector<double> gram;
  // kEvaluate: at the point, and at the point ahead of it (Update::ahead); kProduct: 1/2 d'X'C Q X
  // d.
  double loss = 0, loss_ahead = 0;
  std::vector<double> slopes;                        // d loss_ahead / d weights, as Update::weights
  double validation_loss = 0, validation_error = 0;  // error: squared, or rows taken wrong

  STRADS_FIELDS(trained_rows,
                validation_rows,
                entries,
                class_weight,
                y,
                features,
                gram,
                loss,
                loss_ahead,
                slopes,
                validation_loss,
                validation_error)
};

struct Partial {
  Heading heading;  // kRows
  Sums sums;        // the other rounds
  // Of one that tells of the shard: whether there is nothing to learn from.
  bool IsEmpty() const { return sums.trained_rows == 0; }
  STRADS_FIELDS(heading, sums)
};

inline FeatureStats FeatureStatsOf(std::span<const Partial> shards) {
  std::vector<const FeatureSums*> sums;
  for (const Partial& shard : shards) sums.push_back(&shard.sums.features);
  return strads::FeatureStatsOf(sums);
}

// What has come of a round, and what the next one is about.
struct Update {
  int phase = 0;
  // kRows
  IdTable labels;
  std::vector<int64_t> first_row;  // of each worker
  ClassRows class_rows;            // logistic
  int64_t num_features = 0;
  // kLook: whether the solver asks for points ahead or products.
  bool keeps = false;
  // kEvaluate: whether the point becomes the model's. kProduct: how far it goes along the
  // direction.
  bool accepted = false;
  double step = 0;
  // The next round.
  Plan next;
  // Of kEvaluate and kProduct: f_i = weights' (x_i, 1). K numbers for each feature, one after the
  // other, of K outputs.
  std::vector<double> weights;
  // The point ahead is (1 + ahead) times this one, less `ahead` times the model's.
  double ahead = 0;
  // Of kGram and kBend.
  std::vector<double> centre;  // of features and y

  STRADS_FIELDS(phase,
                labels,
                first_row,
                class_rows,
                num_features,
                keeps,
                accepted,
                step,
                next,
                weights,
                ahead,
                centre)
};

}  // namespace strads::regression
