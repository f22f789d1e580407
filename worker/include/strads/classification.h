#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace strads {

// How predictions compare with the truth.
class Confusion {
 public:
  // Class -1: a label that the model does not know, which is never predicted.
  Confusion(int32_t num_classes,
            std::span<const int32_t> truth,
            std::span<const int32_t> predicted);

  // Rows of class `truth` (num_classes: unknown ones) that were taken for `predicted`.
  int64_t Count(int32_t truth, int32_t predicted) const;
  int64_t rows() const { return rows_; }
  int64_t unknown() const;
  // NaN where there is nothing to divide by.
  double Accuracy() const;
  double Precision(int32_t k) const;
  double Recall(int32_t k) const;
  double F1(int32_t k) const;  // the harmonic mean of both; 0 if no row of k was found

 private:
  int64_t OfTruth(int32_t k) const;
  int64_t OfPredicted(int32_t k) const;

  size_t At(int32_t truth, int32_t predicted) const {
    return static_cast<size_t>(int64_t{truth} * num_classes_ + predicted);
  }

  int32_t num_classes_;
  int64_t rows_ = 0;
  std::vector<int64_t> counts_;
};

// For people: the area under the curve of two classes; rows of unknown labels; and two tables:
// rows, precision, recall and F1 of each class, and all counts. `labels` are the names of the
// classes; `values` are one for each of `truth`, or one for each class, or there is no area.
std::string ToText(const Confusion& confusion,
                   std::span<const std::string> labels,
                   std::span<const int32_t> truth,
                   std::span<const double> values);

// The share of pairs of a positive (class 1) and a negative (class 0) row that the values put in
// the right order, ties counted half; NaN if there is no pair. O(n log n).
double AreaUnderCurve(std::span<const int32_t> truth, std::span<const double> values);

}  // namespace strads
