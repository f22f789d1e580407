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
    const auto size = static_cast<uint64_t>(std::max(1LL, std::llround(1 / share)));
    const uint64_t block = static_cast<uint64_t>(row) / size,
                   at = static_cast<uint64_t>(row) % size;
    // at -> (a at + b) mod size is an order of the block if a and size have no divisor in common.
    Random of_block(static_cast<uint64_t>(seed), 2 * block);
    uint64_t a = 1 + of_block.Below(size);
    while (std::gcd(a, size) != 1) a = 1 + of_block.Below(size);
    const uint64_t place = (a * at + of_block.Below(size)) % size;
    Random of_row(static_cast<uint64_t>(seed), 2 * static_cast<uint64_t>(row) + 1);
    return Has((static_cast<double>(place) + of_row.Uniform()) / static_cast<double>(size));
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
};

}  // namespace strads
