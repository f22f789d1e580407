#pragma once

#include <strads/parallel.h>

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "apps/mf/messages.h"
#include "apps/mf/options.h"
#include "apps/mf/rating_grid.h"
#include "apps/mf/reading.h"
#include "apps/mf/sgd.h"

namespace strads::mf {

// The items of each block in the order of their rows: ascending.
std::vector<std::vector<int32_t>> ItemsOfBlocks(const std::vector<int32_t>& block_of_item,
                                                int num_blocks);

// Stochastic gradient descent on a worker: its users stay, blocks of items come and go.
class SgdWorker {
 public:
  // `loaded` is the update of kLoad. `pool` must outlive it.
  SgdWorker(const Options& options,
            OwnRatings own,
            const std::vector<int32_t>& block_of_item,
            const Update& loaded,
            int rank,
            ThreadPool& pool);

  Block MakeBlock(int32_t index) const;
  Partial Push(const Plan& plan, Block& block);
  // A further part of a pass over the block.
  void Extend(const Plan& plan, Block& block, Partial& partial);
  // The next rows of users; none: that was all.
  std::optional<Share> Collect();
  // sum of e^2 over own ratings: as last measured, or as seen in the last epoch.
  double Loss() const { return loss_; }

 private:
  // A pass beyond the share of this round.
  struct Extra {
    int64_t number = 0;  // 1, 2, ...
    int step = 0;
  };

  SgdRows RowsOf(Side side, std::span<const int32_t> ids, std::span<const int64_t> counts) const;
  SgdPass PassOf(const Plan& plan, int64_t extra) const;
  void Measure(const Plan& plan, const Block& block, Partial& partial);
  double PenaltyOf(const SgdRows& rows, std::span<const int64_t> counts) const;

  const Options options_;
  const int rank_;
  ThreadPool& pool_;
  SgdOptions sgd_;
  std::vector<int32_t> user_ids_;
  std::vector<int64_t> user_counts_;
  SgdRows users_;
  std::vector<std::vector<int32_t>> items_of_block_;
  std::vector<std::vector<int64_t>> item_counts_;  // by block and row
  std::optional<RatingGrid> grid_;
  std::vector<std::vector<Rating>> validation_;  // by block
  Extra extra_;
  double loss_ = 0;
  double epoch_loss_ = 0;
  size_t collected_ = 0;
};

}  // namespace strads::mf
