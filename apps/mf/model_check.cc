// What came over the wire is not trusted to fit.
#include <strads/error.h>
#include <strads/index.h>

#include "apps/mf/model.h"

namespace strads::mf {
namespace {

bool Fits(size_t size, int64_t expected) { return size == Index(expected); }

bool Fits(const Factors& factors, int64_t rows, int rank) {
  return factors.IsWhole() && factors.rows() == rows && factors.rank() == rank;
}

}  // namespace

void Model::Check(const Plan& plan, std::span<const Partial> partials) const {
  const auto phase = static_cast<Phase>(plan.phase);
  const int64_t items = std::ssize(items_);
  const bool solves_items = phase == Phase::kItemColumn;
  const int64_t gram = implicit_ && (phase == Phase::kColumn || solves_items) ? rank_ : 0;
  const int64_t next_gram = phase == Phase::kGram || solves_items ? rank_ : 0;
  const int64_t grams = implicit_ && phase == Phase::kMeasureColumns ? int64_t{rank_} * rank_ : 0;
  size_t column = 0, next = 0;
  bool fits = true;
  for (const Partial& partial : partials) {
    if (phase == Phase::kNames)
      fits = fits && Fits(partial.user_counts.size(), partial.users.size()) &&
             Fits(partial.item_counts.size(), partial.items.size());
    if (phase == Phase::kLoad) fits = fits && Fits(partial.item_counts.size(), items);
    if (phase == Phase::kColumn) fits = fits && Fits(partial.sums.size(), items);
    fits = fits && Fits(partial.gram.size(), gram) && Fits(partial.next_gram.size(), next_gram) &&
           Fits(partial.user_grams.size(), grams) && Fits(partial.item_grams.size(), grams);
    column += partial.column.size();
    next += partial.next.size();
  }
  // Of the next factor there is none at the last one, say.
  fits = fits && Fits(column, solves_items ? items : 0) && (next == 0 || Fits(next, items));
  if (!fits) throw ProtocolError("a partial does not fit its plan");
}

void Model::Check(const Block& block) const {
  const auto index = static_cast<size_t>(block.index);
  const bool fits = index < items_of_block_.size() &&
                    Fits(block.rows.factors, std::ssize(items_of_block_[index]), rank_) &&
                    block.rows.state.size() == items_of_block_[index].size();
  if (!fits) throw ProtocolError("a block of items does not fit the model");
}

void Model::Check(const Share& share) const {
  const int64_t rows = std::ssize(share.rows);
  const auto of_users = share.side == static_cast<int>(Side::kUsers);
  const auto known = static_cast<int32_t>(of_users ? users_.size() : items_.size());
  bool fits = (of_users || share.side == static_cast<int>(Side::kItems)) &&
              Fits(share.values.size(), rows * rank_) &&
              (share.biases.empty() || Fits(share.biases.size(), rows));
  for (const int32_t row : share.rows) fits = fits && row >= 0 && row < known;
  if (!fits) throw ProtocolError("a share does not fit the model");
}

}  // namespace strads::mf
