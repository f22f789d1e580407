#pragma once

#include <strads/parallel.h>
#include <strads/shard.h>

#include <Eigen/Core>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "apps/mf/ccd_shard.h"
#include "apps/mf/columns.h"
#include "apps/mf/messages.h"
#include "apps/mf/options.h"
#include "apps/mf/reading.h"

namespace strads::mf {

// Coordinate descent on a worker: it has all ratings of its users, their factors, and the factors
// of an equal part of the items. Of the other items' factors it sees one column at a time.
//
// The biases, if there are any, are two columns more: of users with items' side fixed at 1, and of
// items with users' side fixed at 1; they are one round, of factor `rank`.
class CcdWorker {
 public:
  // `loaded` is the update of kLoad. `pool` must outlive it.
  CcdWorker(
      const Options& options, OwnRatings own, const Update& loaded, Shard shard, ThreadPool& pool);

  Partial Push(const Plan& plan);
  void Sync(const Update& update);
  // The next rows of users or items; none: that was all.
  std::optional<Share> Collect();
  double Loss() const { return loss_; }

 private:
  // The factors in the order they are worked on.
  int NextFactor(int factor) const;
  std::vector<float> SliceOf(int factor) const;
  void Open(int factor);
  // What has become of the open column goes into residuals and factors.
  void Close();
  void AddToValidation(std::span<const float> w, std::span<const float> h, float sign);
  void SolveUserBiases();
  void SolveOwnItems(const Plan& plan, Partial& partial);
  void Measure(Partial& partial);

  const Options options_;
  ThreadPool& pool_;
  const int64_t first_item_, last_item_;  // those whose factors are here
  CcdShard ratings_;
  std::vector<int32_t> user_ids_;
  std::vector<int64_t> user_counts_;
  std::vector<float> user_penalties_, item_penalties_;  // of own users, of own items
  Columns w_, h_;                     // rank columns, and one of biases if there are any
  std::vector<Rating> validation_;    // values are residuals
  std::vector<float> column_, next_;  // of all items: the factor at hand, and the next
  std::vector<float> ones_;
  std::vector<RowSums> user_sums_;
  std::optional<int> open_;
  // With implicit feedback: sums of all workers over each item, users' inner products with the
  // factor at hand, and items' with it and with the next one.
  std::vector<RowSums> item_sums_;
  Eigen::VectorXd user_gram_, item_gram_, next_item_gram_;
  double loss_ = 0;
  int64_t collected_ = 0;  // rows of users, and then of own items
};

}  // namespace strads::mf
