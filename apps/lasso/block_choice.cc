#include "apps/lasso/block_choice.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace strads::lasso {
namespace {

constexpr double kLeastFirstSize = 64, kMostFirstSize = 1024;  // variables
constexpr double kFirstSizeOfRows = 0.05;
constexpr double kLeastFirstGroups = 8;
constexpr double kGrowth = 2;
// Inner products pay as long as the block is this small, or this small beside the entries of a
// column: they are fewer than the entries then, and let all be solved for at once.
constexpr double kSmallBlock = 512;
constexpr double kSmallShare = 0.25;
// What the coordinator uses, at most, of an entry of the columns: the block's, what it was before
// it grew, messages about what joins, and a scaled copy of all. And of an inner product: likewise,
// and a copy of those of the variables that are not zero.
constexpr double kBytesPerEntry = 40;
constexpr double kBytesPerProduct = 24;

double UnitSize(const BlockChoice::Problem& problem) {
  if (problem.num_units == 0) return 1;
  return static_cast<double>(problem.num_variables) / static_cast<double>(problem.num_units);
}

// In units. Of many rows many variables can be in the model, and few looks at all of them pay.
double FirstSize(const BlockChoice::Problem& problem) {
  const double root = std::sqrt(static_cast<double>(problem.num_units));
  const double of_rows = kFirstSizeOfRows * static_cast<double>(problem.num_rows);
  const double size =
      std::floor(std::clamp(std::clamp(of_rows, root, 2 * root), kLeastFirstSize, kMostFirstSize));
  const double unit_size = UnitSize(problem);
  return unit_size == 1 ? size : std::max(kLeastFirstGroups, size / unit_size);
}

}  // namespace

BlockChoice::BlockChoice(const Options& options, const Problem& problem)
    : memory_(1e6 * options.block_memory),
      mean_entries_(problem.mean_entries),
      unit_size_(UnitSize(problem)),
      first_size_(FirstSize(problem)),
      working_set_(static_cast<int>(first_size_), kGrowth),
      gather_(options.IsLogistic()) {}

std::optional<BlockChoice::Joining> BlockChoice::Next(const Violators& violators,
                                                      std::vector<int32_t> starting,
                                                      const Block& block) {
  const auto size = static_cast<double>(block.size);
  const double wanted = kGrowth * static_cast<double>(block.nonzeros);
  const double at_first = std::max(wanted, first_size_ * unit_size_);
  const double most_inner_products = std::sqrt(memory_ / kBytesPerProduct);
  gather_ = gather_ || at_first > std::max(kSmallBlock, kSmallShare * mean_entries_) ||
            std::max(at_first, size) >= most_inner_products;
  const double of_column = kBytesPerEntry * std::max({mean_entries_, block.entries, 1.0});
  const double most = gather_ ? memory_ / of_column : most_inner_products;
  if (std::max(wanted, size) >= most || is_stuck_) return std::nullopt;
  is_stuck_ = true;  // unless the solve says otherwise
  const auto in_units = [&](double variables) {
    return static_cast<int64_t>(variables / unit_size_);
  };
  Joining joining{std::move(starting), gather_};
  std::ranges::sort(joining.units);
  const auto again = std::unique(joining.units.begin(), joining.units.end());
  joining.units.erase(again, joining.units.end());
  std::erase_if(joining.units, [&](int32_t u) { return working_set_.Has(u); });
  working_set_.Join(joining.units);
  const std::vector<int32_t> grown =
      working_set_.Grow(violators.units, violators.changes,
                        in_units(static_cast<double>(block.nonzeros)), in_units(most - size));
  joining.units.insert(joining.units.end(), grown.begin(), grown.end());
  return joining;
}

}  // namespace strads::lasso
