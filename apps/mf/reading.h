#pragma once

#include <strads/id_table.h>
#include <strads/ratings.h>
#include <strads/shard.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "apps/mf/messages.h"
#include "apps/mf/options.h"

namespace strads::mf {

// The ratings of one worker's users, with the item's number in the whole set and the user's among
// those of this worker.
struct OwnRatings {
  std::vector<int32_t> users;  // their numbers in the whole set, ascending
  std::vector<int64_t> user_counts;
  std::vector<Rating> train;
  std::vector<Rating> validation;
  int64_t skipped = 0;  // of the validation file: users or items that the data do not have
};

// Reads a worker's ratings in two steps: first what is in its part of the file, from which it is
// decided which users are whose; then all ratings of its own users.
class Reading {
 public:
  Reading(const Options& options, Shard shard) : options_(options), shard_(shard) {}

  // Fills users, items and their counts, without held-out ratings.
  void Count(Partial& partial);
  // Takes what kNames came to, and of it the names. Throws kData for a second rating in a cell.
  OwnRatings Read(Update& names);

 private:
  bool IsHeldOut(uint64_t user_hash, uint64_t item_hash) const;

  const Options options_;
  const Shard shard_;
  std::optional<NamedRatings> whole_;  // of the only worker, who does not read twice
};

}  // namespace strads::mf
