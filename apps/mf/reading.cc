#include "apps/mf/reading.h"

#include <strads/index.h>
#include <strads/random.h>

#include <limits>
#include <span>
#include <string_view>
#include <utility>

namespace strads::mf {
namespace {

// FNV-1a of each name: the same whatever number the name has.
std::vector<uint64_t> HashesOf(const IdTable& names) {
  std::vector<uint64_t> hashes;
  hashes.reserve(Index(names.size()));
  for (int32_t i = 0; i < names.size(); ++i) {
    uint64_t hash = 0xcbf29ce484222325;
    for (const char c : names.Name(i))
      hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    hashes.push_back(hash);
  }
  return hashes;
}

}  // namespace

bool Reading::IsHeldOut(uint64_t user_hash, uint64_t item_hash) const {
  constexpr uint64_t kStream = 0x76616c;
  Random random(user_hash ^ static_cast<uint64_t>(options_.seed), item_hash ^ kStream);
  return options_.hold_out().Has(random.Uniform());
}

void Reading::Count(Partial& partial) {
  NamedRatings read = ReadRatings(options_.data, shard_, options_.ratings());
  partial.user_counts.resize(Index(read.users.size()));
  partial.item_counts.resize(Index(read.items.size()));
  const bool splits = options_.validation_share > 0;
  const std::vector<uint64_t> user_hashes = splits ? HashesOf(read.users) : std::vector<uint64_t>();
  const std::vector<uint64_t> item_hashes = splits ? HashesOf(read.items) : std::vector<uint64_t>();
  for (const Rating& rating : read.ratings) {
    if (splits && IsHeldOut(user_hashes[Index(rating.user)], item_hashes[Index(rating.item)]))
      continue;
    ++partial.user_counts[Index(rating.user)];
    ++partial.item_counts[Index(rating.item)];
  }
  if (shard_.num_workers == 1) {
    partial.users = read.users;
    partial.items = read.items;
    whole_ = std::move(read);
  } else {
    partial.users = std::move(read.users);
    partial.items = std::move(read.items);
  }
}

OwnRatings Reading::Read(Update& names) {
  IdTable users = std::exchange(names.users, {}), items = std::exchange(names.items, {});
  users.BuildIndex();
  items.BuildIndex();
  OwnRatings own;
  std::vector<char> wanted(Index(users.size()));
  std::vector<int32_t> place(Index(users.size()), -1);
  for (int32_t user = 0; user < users.size(); ++user) {
    if (names.worker_of_user[Index(user)] != shard_.rank) continue;
    wanted[Index(user)] = 1;
    place[Index(user)] = static_cast<int32_t>(own.users.size());
    own.users.push_back(user);
  }
  std::vector<Rating> ratings;
  if (whole_) {
    ratings = std::move(whole_->ratings);
    const std::vector<int32_t> new_user = whole_->users.IndicesIn(users);
    const std::vector<int32_t> new_item = whole_->items.IndicesIn(items);
    whole_.reset();
    for (Rating& rating : ratings) {
      rating.user = new_user[Index(rating.user)];
      rating.item = new_item[Index(rating.item)];
    }
  } else {
    ratings = ReadRatings(options_.data, users, items, wanted, shard_.threads, options_.ratings())
                  .ratings;
  }
  SortRatings(users.size(), items.size(), ratings);
  ResolveDuplicates(options_.data, users, items, options_.ratings(), ratings);
  if (options_.validation_share > 0) {
    const std::vector<uint64_t> user_hashes = HashesOf(users), item_hashes = HashesOf(items);
    for (const Rating& rating : ratings) {
      const bool held_out =
          IsHeldOut(user_hashes[Index(rating.user)], item_hashes[Index(rating.item)]);
      (held_out ? own.validation : own.train).push_back(rating);
    }
  } else {
    own.train = std::move(ratings);
  }
  if (!options_.validation.empty()) {
    IndexedRatings held_out =
        ReadRatings(options_.validation, users, items, wanted, shard_.threads, options_.ratings());
    own.validation = std::move(held_out.ratings);
    own.skipped = held_out.unknown_items + (shard_.rank == 0 ? held_out.unknown_users : 0);
  }
  own.user_counts.resize(own.users.size());
  for (Rating& rating : own.train) {
    rating.user = place[Index(rating.user)];
    ++own.user_counts[Index(rating.user)];
  }
  for (Rating& rating : own.validation) rating.user = place[Index(rating.user)];
  return own;
}

}  // namespace strads::mf
