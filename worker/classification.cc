#include "strads/classification.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

namespace strads {
namespace {

double Ratio(int64_t part, int64_t whole) {
  return static_cast<double>(part) / static_cast<double>(whole);
}

// A share, or - where nothing can be divided.
std::string Share(double value) {
  if (!std::isfinite(value)) return "-";
  char text[40];
  std::snprintf(text, sizeof text, "%.6f", value);
  return text;
}

// In characters of UTF-8, all of whose bytes but the first are 10......
size_t Length(const std::string& text) {
  return static_cast<size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<uint8_t>(c) & 0xC0) != 0x80; }));
}

std::string Blanks(const std::string& text, size_t width) {
  return std::string(width - std::min(width, Length(text)), ' ');
}

std::string Left(const std::string& text, size_t width) { return text + Blanks(text, width); }

std::string Right(const std::string& text, size_t width) {
  return " " + Blanks(text, width) + text;
}

std::string Tables(const Confusion& confusion, std::span<const std::string> labels) {
  const std::string unknown = "(unknown)";
  size_t name = unknown.size() + 3, column = unknown.size();
  for (const std::string& label : labels) {
    name = std::max(name, Length(label));
    column = std::max(column, Length(label));
  }
  std::string text = Left("class", name);
  for (const char* const of : {"rows", "precision", "recall", "f1"}) text += Right(of, column);
  const auto classes = static_cast<int32_t>(labels.size());
  for (int32_t k = 0; k < classes; ++k) {
    int64_t rows = 0;
    for (int32_t p = 0; p < classes; ++p) rows += confusion.Count(k, p);
    text += "\n" + Left(labels[static_cast<size_t>(k)], name) + Right(std::to_string(rows), column);
    for (const double share : {confusion.Precision(k), confusion.Recall(k), confusion.F1(k)})
      text += Right(Share(share), column);
  }
  text += "\n\nconfusion (rows: true class, columns: predicted)\n" + Left("", name);
  for (const std::string& label : labels) text += Right(label, column);
  for (int32_t truth = 0; truth < classes + (confusion.unknown() > 0 ? 1 : 0); ++truth) {
    text += "\n" + Left(truth < classes ? labels[static_cast<size_t>(truth)] : unknown, name);
    for (int32_t p = 0; p < classes; ++p)
      text += Right(std::to_string(confusion.Count(truth, p)), column);
  }
  return text + "\n";
}

}  // namespace

Confusion::Confusion(int32_t num_classes,
                     std::span<const int32_t> truth,
                     std::span<const int32_t> predicted)
    : num_classes_(num_classes), rows_(std::ssize(truth)), counts_(At(num_classes + 1, 0), 0) {
  for (size_t i = 0; i < truth.size(); ++i) {
    const int32_t row = truth[i] < 0 ? num_classes : truth[i];
    ++counts_[At(row, predicted[i])];
  }
}

int64_t Confusion::Count(int32_t truth, int32_t predicted) const {
  return counts_[At(truth, predicted)];
}

int64_t Confusion::OfTruth(int32_t k) const {
  int64_t sum = 0;
  for (int32_t p = 0; p < num_classes_; ++p) sum += Count(k, p);
  return sum;
}

int64_t Confusion::OfPredicted(int32_t k) const {
  int64_t sum = 0;
  for (int32_t t = 0; t <= num_classes_; ++t) sum += Count(t, k);
  return sum;
}

int64_t Confusion::unknown() const { return OfTruth(num_classes_); }

double Confusion::Accuracy() const {
  int64_t right = 0;
  for (int32_t k = 0; k < num_classes_; ++k) right += Count(k, k);
  return Ratio(right, rows_);
}

double Confusion::Precision(int32_t k) const { return Ratio(Count(k, k), OfPredicted(k)); }

double Confusion::Recall(int32_t k) const { return Ratio(Count(k, k), OfTruth(k)); }

double Confusion::F1(int32_t k) const {
  return Ratio(2 * Count(k, k), OfPredicted(k) + OfTruth(k));
}

std::string ToText(const Confusion& confusion,
                   std::span<const std::string> labels,
                   std::span<const int32_t> truth,
                   std::span<const double> values) {
  std::string text;
  std::vector<double> between;
  for (size_t i = 0; labels.size() == 2 && values.size() == 2 * truth.size() && i < truth.size();
       ++i)
    between.push_back(values[2 * i + 1] - values[2 * i]);
  if (!between.empty()) values = between;
  if (const double area =
          values.size() == truth.size() ? AreaUnderCurve(truth, values) : std::nan("");
      std::isfinite(area)) {
    char line[64];
    std::snprintf(line, sizeof line, "auc       %.10g\n", area);
    text += line;
  }
  if (confusion.unknown() > 0)
    text += "unknown   " + std::to_string(confusion.unknown()) +
            " rows with labels that the model does not know, counted as wrong\n";
  return text + "\n" + Tables(confusion, labels);
}

double AreaUnderCurve(std::span<const int32_t> truth, std::span<const double> values) {
  std::vector<std::pair<double, int32_t>> rows;
  for (size_t i = 0; i < truth.size(); ++i) {
    if (truth[i] >= 0) rows.emplace_back(values[i], truth[i]);
  }
  std::sort(rows.begin(), rows.end());
  double positives = 0, negatives = 0, right = 0;
  for (size_t i = 0; i < rows.size();) {
    double tied_positives = 0, tied_negatives = 0;
    const double value = rows[i].first;
    for (; i < rows.size() && rows[i].first == value; ++i)
      ++(rows[i].second == 1 ? tied_positives : tied_negatives);
    right += tied_positives * (negatives + 0.5 * tied_negatives);
    positives += tied_positives;
    negatives += tied_negatives;
  }
  return right / (positives * negatives);
}

}  // namespace strads
