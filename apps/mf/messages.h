#pragma once

#include <strads/id_table.h>
#include <strads/message.h>
#include <strads/rotation.h>

#include <cstdint>
#include <string>
#include <vector>

#include "apps/mf/residual_rows.h"
#include "apps/mf/sgd_rows.h"

namespace strads::mf {

// What a round is for.
enum class Phase : int {
  kNames,           // workers count the ratings of users and items in their part of the file
  kLoad,            // and read those of their own users
  kSgd,             // a pass over the block at hand
  kMeasure,         // the objective and the validation error with the block at hand
  kColumn,          // an inner iteration over one factor, by coordinate descent
  kItemColumn,      // implicit feedback: its second half, in which workers solve for their items
  kGram,            // implicit feedback: what the first inner iteration needs
  kMeasureColumns,  // the objective and the validation error
  kIdle,            // after the end
};

struct Plan {
  int phase = 0;
  Rotation rotation;
  int epoch = 0;
  int factor = 0;           // kColumn: 0 .. rank - 1; rank: biases
  int inner = 0;            // kColumn: counts from 0
  bool ends_epoch = false;  // the last of its phase in this epoch
  bool is_last = false;     // kMeasure: of the run, and exact

  STRADS_FIELDS(phase, rotation, epoch, factor, inner, ends_epoch, is_last)
};

struct Partial {
  // kNames
  IdTable users, items;
  std::vector<int64_t> user_counts;
  // kNames, kLoad
  std::string data_error;  // not empty: what is wrong with a file, and nothing else is here
  std::vector<int64_t> item_counts;
  // kLoad
  double sum = 0, squares = 0;  // of the ratings
  int64_t ratings = 0, validation_ratings = 0, skipped = 0;
  // kSgd, kMeasure, kMeasureColumns
  double loss = 0;                                      // sum of e^2 over own ratings
  double validation_loss = 0, validation_absolute = 0;  // sums of e^2 and |e|
  double penalty = 0;
  int64_t updates = 0, extra_updates = 0;
  // kColumn
  std::vector<RowSums> sums;  // of each item
  double decrease = 0;        // of the objective by own users
  std::vector<float> next;    // own part of the items' column of the next factor
  // kItemColumn
  std::vector<float> column;  // own part of the items' column
  // kColumn: users' inner products with the factor at hand; kItemColumn: items'. Implicit feedback.
  std::vector<double> gram;
  std::vector<double> next_gram;  // kItemColumn, kGram: items', with the next factor
  // kMeasureColumns, implicit feedback: all of them, column by column
  std::vector<double> user_grams, item_grams;

  STRADS_FIELDS(users,
                items,
                user_counts,
                data_error,
                item_counts,
                sum,
                squares,
                ratings,
                validation_ratings,
                skipped,
                loss,
                validation_loss,
                validation_absolute,
                penalty,
                updates,
                extra_updates,
                sums,
                decrease,
                next,
                column,
                gram,
                next_gram,
                user_grams,
                item_grams)
};

struct Update {
  int phase = 0;
  // kNames
  IdTable users, items;
  std::vector<int32_t> worker_of_user, block_of_item;
  // kLoad
  std::vector<int64_t> item_counts;
  double mean = 0, scale = 1;  // of the ratings
  // kLoad, kColumn
  std::vector<float> column;  // of each item: the factor at hand
  std::vector<float> next;    // the next one: after kLoad, and if plan.inner was 0
  bool pays = false;          // to go on with this factor
  std::vector<RowSums> sums;  // of each item; with implicit feedback, for workers to solve
  std::vector<double> gram, next_gram;  // as the partials', of all workers
  // All
  bool stop = false;  // training is over

  STRADS_FIELDS(phase,
                users,
                items,
                worker_of_user,
                block_of_item,
                item_counts,
                mean,
                scale,
                column,
                next,
                pays,
                sums,
                gram,
                next_gram,
                stop)
};

// A block of items, which travels.
struct Block {
  int32_t index = 0;
  SgdRows rows;
  STRADS_FIELDS(index, rows)
};

// Rows of the factors that a worker has, at the end.
struct Share {
  int side = 0;               // Side
  std::vector<int32_t> rows;  // which
  std::vector<float> values;  // rank numbers a row
  std::vector<float> biases;  // one a row, or none
  STRADS_FIELDS(side, rows, values, biases)
};

}  // namespace strads::mf
