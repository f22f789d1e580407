#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "strads/dataset.h"
#include "strads/error.h"
#include "strads/fields.h"
#include "strads/hold_out.h"
#include "strads/id_table.h"
#include "strads/row_matrix.h"
#include "strads/shard.h"

namespace strads {

// What the target of a row is taken for.
enum class TargetKind { kLabel, kNumber };

// The rows of a data set that one worker owns, each with the name of its class, or with a number.
struct LabelledRows {
  RowMatrix x;
  IdTable labels;              // in order of first appearance in the shard
  std::vector<int32_t> label;  // of each row, in `labels`; empty if the file has no target
  Eigen::VectorXd y;           // TargetKind::kNumber: of each row, in place of labels
  Eigen::VectorXd weights;     // of the rows; empty if no file of them was named
  int64_t first_row = 0;       // of the file, if it was asked for
  // Of a file with a header: its columns but the target, in order, and the target.
  std::vector<std::string> features;
  std::string target;

  double WeightOf(int64_t row) const { return weights.size() > 0 ? weights[row] : 1; }
};

// The rows that are learned from, of a weight above 0, and those that are held out, in order.
struct RowSplit {
  std::vector<int64_t> training, held_out;
};

// How `hold_out` splits rows that begin at this row of their file: the same whatever the shards.
RowSplit SplitRows(const LabelledRows& data,
                   const HoldOut& hold_out,
                   int64_t seed,
                   int64_t first_row);

// How many rows of each class there are.
struct ClassRows {
  std::vector<int64_t> rows;    // in all shards
  std::vector<int64_t> before;  // of shard 0, then of shard 1, ...: in those before it
  STRADS_FIELDS(rows, before)

  // Adds the next shard: its rows of each of its own labels. The classes are `labels`.
  void Add(const IdTable& own,
           const std::vector<int64_t>& of_own,
           const std::vector<std::string>& labels);
};

// Of each of the shard's own labels.
std::vector<int64_t> RowsOfEachLabel(const LabelledRows& data);

// The split that is the same whatever the shards and divides each class alike. data.label are
// classes, and this is shard `rank`.
RowSplit SplitRows(const LabelledRows& data,
                   const HoldOut& hold_out,
                   int64_t seed,
                   const ClassRows& classes,
                   int rank);

// The shortest text of a number that reads back as the same double: 1, -1, 0.5.
std::string LabelOfNumber(double value);

// The number that all of the text is, a sign in front allowed; none if it is no finite number.
std::optional<double> NumberOfLabel(const std::string& text);

// All labels once: by number if all are numbers, else by their bytes.
std::vector<std::string> SortedLabels(std::vector<std::string> labels);

// Throws DataError, naming the data, if labels are fewer than two, as of rows that are to be told
// apart.
void RequireClasses(const std::string& data, const std::vector<std::string>& labels);

// Throws DataError, naming the data, the label and what is held out, if a label has nothing left to
// train on: `rows` are its rows, or what these weigh.
template <class Number>
void RequireRowsOfEach(const std::string& data,
                       const std::vector<std::string>& labels,
                       const std::vector<Number>& rows,
                       const HoldOut& hold_out) {
  for (std::size_t k = 0; k < labels.size(); ++k) {
    if (rows.at(k) > 0) continue;
    throw DataError(data + ": no row with the label '" + labels[k] + "' is left to train on" +
                    hold_out.Without() + ", expected at least one with a weight above 0" +
                    (hold_out.share > 0 ? ": leave the label out, or hold out other or fewer rows "
                                          "(--seed, --folds, --validation_share)"
                                        : ""));
  }
}

// What a shard tells of its own labels, `of_own`, is added to `of_each` of these ones, all of which
// are known. O(labels).
template <class Number>
void AddByLabel(const IdTable& own,
                const std::vector<Number>& of_own,
                const std::vector<std::string>& labels,
                std::vector<Number>& of_each) {
  IdTable known;
  for (const std::string& label : labels) known.Add(label);
  of_each.resize(labels.size());
  for (int32_t k = 0; k < own.size(); ++k)
    of_each.at(static_cast<std::size_t>(known.Find(own.Name(k)))) +=
        of_own.at(static_cast<std::size_t>(k));
}

// The class of each row by the labels of a model, from 0; -1 where it does not have the label.
std::vector<int32_t> ClassesOf(const LabelledRows& data, std::span<const std::string> labels);

// As ReadDataset (strads/dataset.h), by rows, with labels in place of y: a number is named by
// LabelOfNumber. A file whose name ends in .csv (and maybe .gz, .xz, .zst) is read by ReadCsv, for
// which options.target names the column of the target. Throws what they throw.
LabelledRows ReadLabelledRows(const std::string& path,
                              Shard shard,
                              const ReadOptions& options = {},
                              TargetKind kind = TargetKind::kLabel);

// The rows with numbers for targets: y.
inline LabelledRows ReadRows(const std::string& path,
                             Shard shard,
                             const ReadOptions& options = {}) {
  return ReadLabelledRows(path, shard, options, TargetKind::kNumber);
}

// The features that a model has weights for.
struct KnownFeatures {
  int64_t count = 0;
  std::vector<std::string> names = {};  // if its data had any
  std::string target = {};              // the name of their target's column
};

// All rows of a file, with the columns that the model knows: those of a CSV file by their names, in
// any order, if the model has names. Others are left out, which is told on standard error. `target`
// is as in ReadOptions; empty: the model's. Throws kData for CSV data without a feature of the
// model, and without its target if `needs_target`.
LabelledRows ReadForModel(const std::string& path,
                          const KnownFeatures& known,
                          const std::string& target,
                          bool needs_target,
                          int threads,
                          TargetKind kind = TargetKind::kLabel);

}  // namespace strads
