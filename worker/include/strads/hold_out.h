#pragma once

#include <strads/error.h>
#include <strads/options.h>
#include <strads/random.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <string>

namespace strads {

// Which part of the data is held out for validation, by a draw u in [0, 1) for each item: those
// with fold <= u / share < fold + 1. Folds 0 .. k - 1 of share 1 / k are all of the data, and no
// two have an item in common.
struct HoldOut {
  double share = 0;  // 0: nothing
  int fold = 0;

  bool Has(double u) const { return share > 0 && u >= fold * share && u < (fold + 1) * share; }

  // Whether row `row` of a file is, whatever shard it is in. Of share 1 / k each fold has exactly
  // one of every k rows from the first on, drawn anew for each k; of others about as many.
  bool HasRow(int64_t seed, int64_t row) const {
    if (share == 0) return false;
    const auto number = static_cast<uint64_t>(row);
    const uint64_t place = Shuffled(seed, 2 * (number / Size()), number % Size(), Size());
    return HasPlace(seed, 2 * number + 1, place);
  }

  // Which of the rows of a class one is, in the order of the file.
  struct RowOfClass {
    int32_t of_class = 0;
    int64_t row = 0;
    int64_t rows = 0;    // of the class
    int64_t before = 0;  // of all classes before it
  };

  // The same, class by class. Of share 1 / k no fold has two rows more of a class, or of all of
  // them, than another has.
  bool HasRow(int64_t seed, const RowOfClass& at) const {
    if (share == 0) return false;
    const auto number = static_cast<uint64_t>(at.row), rows = static_cast<uint64_t>(at.rows);
    const uint64_t block = number / Size(), stream = (1 + static_cast<uint64_t>(at.of_class)) << 40;
    // The rows that are left after the last full block are in folds that follow on those of the
    // class before.
    const bool is_full = block < rows / Size();
    uint64_t place =
        Shuffled(seed, stream + 2 * block, number % Size(), is_full ? Size() : rows % Size());
    if (!is_full) {
      place = (static_cast<uint64_t>(at.before) + place) % Size();
      constexpr uint64_t kOfFolds = uint64_t{1} << 39;
      place = Shuffled(seed, kOfFolds, place, Size());
    }
    return HasPlace(seed, stream + 2 * number + 1, place);
  }

  // For people, after what is said of the other rows: " without --validation_fold=2 ..."; or
  // nothing.
  std::string Without() const {
    if (share == 0) return {};
    return " without --validation_fold=" + std::to_string(fold) +
           " of --validation_share=" + internal::FormatOption(share);
  }

  // Of options --validation_share and --validation_fold. Throws UsageError.
  void Validate() const {
    if (!(share >= 0 && share < 1))
      throw UsageError("--validation_share=" + std::to_string(share) +
                       " is out of range, expected at least 0 and less than 1");
    constexpr double kRounding = 1e-9;
    const double folds = share > 0 ? std::floor((1 + kRounding) / share) : 1;
    if (fold >= 0 && fold < folds) return;
    const std::string last = folds > 1 ? " to " + internal::FormatOption(folds - 1) : "";
    throw UsageError("--validation_fold=" + std::to_string(fold) + " is out of range, expected 0" +
                     last +
                     (share > 0 ? " with --validation_share=" + internal::FormatOption(share)
                                : " without --validation_share"));
  }

 private:
  // Of a block of rows, of which each fold has one.
  uint64_t Size() const { return static_cast<uint64_t>(std::max(1LL, std::llround(1 / share))); }

  // Where `at` comes in an order of `size` that is drawn: at -> (a at + b) mod size is one if a and
  // size have no divisor in common.
  static uint64_t Shuffled(int64_t seed, uint64_t stream, uint64_t at, uint64_t size) {
    Random random(static_cast<uint64_t>(seed), stream);
    uint64_t a = 1 + random.Below(size);
    while (std::gcd(a, size) != 1) a = 1 + random.Below(size);
    return (a * at + random.Below(size)) % size;
  }

  bool HasPlace(int64_t seed, uint64_t stream, uint64_t place) const {
    Random random(static_cast<uint64_t>(seed), stream);
    return Has((static_cast<double>(place) + random.Uniform()) / static_cast<double>(Size()));
  }
};

}  // namespace strads
