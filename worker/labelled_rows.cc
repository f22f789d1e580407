#include "strads/labelled_rows.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <string_view>
#include <utility>

#include "strads/csv.h"
#include "strads/error.h"
#include "strads/parallel.h"
#include "worker/readers.h"
#include "worker/text_file.h"

namespace strads {
namespace {

// Numbers to names; most rows have the label of the row before, or one of few.
void NameNumbers(const Eigen::VectorXd& y, LabelledRows& data) {
  std::vector<double> known;
  data.label.resize(static_cast<std::size_t>(y.size()));
  for (Eigen::Index i = 0; i < y.size(); ++i) {
    constexpr std::size_t kFew = 16;
    std::size_t k = 0;
    while (k < known.size() && k < kFew && known[k] != y[i]) ++k;
    if (k < known.size() && k < kFew) {
      data.label[static_cast<std::size_t>(i)] = static_cast<int32_t>(k);
      continue;
    }
    const int32_t index = data.labels.Add(LabelOfNumber(y[i]));
    if (index == std::ssize(known)) known.push_back(y[i]);
    data.label[static_cast<std::size_t>(i)] = index;
  }
}

// `is_held_out` is asked of each row once, in order.
template <class IsHeldOut>
RowSplit SplitBy(const LabelledRows& data, const IsHeldOut& is_held_out) {
  RowSplit split;
  for (int64_t i = 0; i < data.x.num_rows(); ++i) {
    if (is_held_out(i)) {
      split.held_out.push_back(i);
    } else if (data.WeightOf(i) > 0) {
      split.training.push_back(i);
    }
  }
  return split;
}

bool IsCsv(std::string_view path) {
  for (const std::string_view suffix : {".gz", ".xz", ".zst"}) {
    if (path.ends_with(suffix)) path.remove_suffix(suffix.size());
  }
  return path.ends_with(".csv");
}

}  // namespace

RowSplit SplitRows(const LabelledRows& data,
                   const HoldOut& hold_out,
                   int64_t seed,
                   int64_t first_row) {
  return SplitBy(data, [&](int64_t i) { return hold_out.HasRow(seed, first_row + i); });
}

void ClassRows::Add(const IdTable& own,
                    const std::vector<int64_t>& of_own,
                    const std::vector<std::string>& labels) {
  rows.resize(labels.size());
  before.insert(before.end(), rows.begin(), rows.end());
  AddByLabel(own, of_own, labels, rows);
}

std::vector<int64_t> RowsOfEachLabel(const LabelledRows& data) {
  std::vector<int64_t> rows(static_cast<std::size_t>(data.labels.size()), 0);
  for (const int32_t label : data.label) ++rows[static_cast<std::size_t>(label)];
  return rows;
}

RowSplit SplitRows(const LabelledRows& data,
                   const HoldOut& hold_out,
                   int64_t seed,
                   const ClassRows& classes,
                   int rank) {
  const std::size_t count = classes.rows.size(), begin = count * static_cast<std::size_t>(rank);
  std::vector<HoldOut::RowOfClass> next(count);
  int64_t before = 0;
  for (std::size_t k = 0; k < count; ++k) {
    next[k] = {.of_class = static_cast<int32_t>(k),
               .row = classes.before.at(begin + k),
               .rows = classes.rows[k],
               .before = before};
    before += classes.rows[k];
  }
  return SplitBy(data, [&](int64_t i) {
    HoldOut::RowOfClass& at =
        next.at(static_cast<std::size_t>(data.label.at(static_cast<std::size_t>(i))));
    const bool is_held_out = hold_out.HasRow(seed, at);
    ++at.row;
    return is_held_out;
  });
}

std::string LabelOfNumber(double value) {
  std::array<char, 32> text;
  // Adding 0 makes -0 a 0.
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value + 0.0).ptr;
  return {text.data(), end};
}

std::optional<double> NumberOfLabel(const std::string& text) {
  double value = 0;
  const char* const end = text.data() + text.size();
  const char* const begin = text.data() + (text.starts_with('+') ? 1 : 0);
  const auto [next, error] = std::from_chars(begin, end, value);
  if (error != std::errc() || next != end || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::vector<std::string> SortedLabels(std::vector<std::string> labels) {
  const bool are_numbers = std::ranges::all_of(
      labels, [](const std::string& label) { return NumberOfLabel(label).has_value(); });
  if (are_numbers)
    std::ranges::sort(labels, {}, [](const std::string& label) { return *NumberOfLabel(label); });
  else
    std::ranges::sort(labels);
  labels.erase(std::unique(labels.begin(), labels.end()), labels.end());
  return labels;
}

void RequireClasses(const std::string& data, const std::vector<std::string>& labels) {
  if (labels.size() >= 2) return;
  throw DataError(data + ": all rows have the label '" + (labels.empty() ? "" : labels.front()) +
                  "', expected at least two classes");
}

std::vector<int32_t> ClassesOf(const LabelledRows& data, std::span<const std::string> labels) {
  IdTable known;
  for (const std::string& label : labels) known.Add(label);
  const std::vector<int32_t> class_of = data.labels.IndicesIn(known);
  std::vector<int32_t> classes;
  for (const int32_t label : data.label) classes.push_back(class_of[static_cast<size_t>(label)]);
  return classes;
}

LabelledRows ReadLabelledRows(const std::string& path,
                              Shard shard,
                              const ReadOptions& options,
                              TargetKind kind) {
  if (IsCsv(path)) {
    if (options.num_features > 0)
      throw DataError(path + ": a CSV file names its columns, expected no --num_features");
    return ReadCsv(path, shard,
                   {.target = options.target,
                    .kind = kind,
                    .weights = options.weights,
                    .wants_first_row = options.wants_first_row});
  }
  const TextFile file(path);
  ThreadPool pool(shard.threads);
  LabelledRows data;
  if (IsMatrixMarket(file)) {
    Dataset columns = ReadMatrixMarket(file, shard, options);
    data.x = RowMatrix::FromColumns(columns.x, pool);
    data.weights = std::move(columns.weights);
    data.y = std::move(columns.y);
    data.first_row = columns.first_row;
  } else {
    LibsvmShard read = ReadLibsvmRows(file, shard, options, pool);
    data.x = std::move(read.x);
    data.weights = std::move(read.weights);
    data.y = std::move(read.y);
    data.first_row = read.first_row;
  }
  if (kind == TargetKind::kLabel) {
    NameNumbers(data.y, data);
    data.y.resize(0);
  }
  return data;
}

LabelledRows ReadForModel(const std::string& path,
                          const KnownFeatures& known,
                          const std::string& target,
                          bool needs_target,
                          int threads,
                          TargetKind kind) {
  const Shard all{0, 1, threads};
  const auto tell_unknown = [&](int64_t count) {
    if (count > 0)
      std::fprintf(stderr, "%s: %lld features that the model does not know are ignored\n",
                   path.c_str(), static_cast<long long>(count));
  };
  if (known.names.empty()) {
    LabelledRows data =
        IsCsv(path)
            ? ReadCsv(path, all,
                      {.target = target,
                       .needs_target = needs_target,
                       .num_features = known.count,
                       .kind = kind})
            : ReadLabelledRows(path, all, {.target = target, .needs_target = needs_target}, kind);
    tell_unknown(data.x.num_cols() - known.count);
    return data;
  }
  LabelledRows data = ReadCsv(path, all,
                              {.target = target.empty() ? known.target : target,
                               .needs_target = needs_target,
                               .kind = kind});
  tell_unknown(std::ssize(data.features) - std::ssize(known.names));
  IdTable wanted, given;
  for (const std::string& name : known.names) wanted.Add(name);
  for (const std::string& name : data.features) given.Add(name);
  for (const std::string& name : known.names) {
    if (given.Find(name) < 0)
      throw DataError(path + ":1: no column is named '" + name +
                      "', expected all features of the model");
  }
  ThreadPool pool(threads);
  data.x = data.x.MapColumns(given.IndicesIn(wanted), wanted.size(), pool);
  return data;
}

}  // namespace strads
