#include "tests/support/block_watch.h"

#include <algorithm>
#include <memory>
#include <utility>

namespace strads::testing {

class WatchedRotation final : public RotationRole {
 public:
  WatchedRotation(BlockWatch& watch, RotationRole& role, int rank)
      : watch_(watch), role_(role), rank_(rank) {}

  Rotation RotationOf(const Bytes& plan) const override { return role_.RotationOf(plan); }
  bool Has(int32_t block) const override { return role_.Has(block); }
  void Make(const Bytes& plan, int32_t block) override {
    watch_.OnMake(rank_, block);
    role_.Make(plan, block);
  }
  void Put(int32_t block, const Bytes& packed) override {
    watch_.OnPut(rank_, block);
    role_.Put(block, packed);
  }
  Bytes Take(int32_t block) override {
    watch_.OnTake(rank_, block);
    return role_.Take(block);
  }
  void BeginPush(const Bytes& plan, int32_t block) override {
    watch_.OnPush(rank_, block, RotationOf(plan).next[static_cast<size_t>(rank_)]);
    role_.BeginPush(plan, block);
  }
  void Extend() override { role_.Extend(); }
  Bytes EndPush() override { return role_.EndPush(); }
  std::optional<Bytes> Collect() override { return role_.Collect(); }

 private:
  BlockWatch& watch_;
  RotationRole& role_;
  const int rank_;
};

namespace {

class WatchedWorker final : public WorkerRole {
 public:
  WatchedWorker(BlockWatch& watch, std::unique_ptr<WorkerRole> role, int rank)
      : role_(std::move(role)), rotation_(watch, *role_->rotation(), rank) {}
  Bytes Push(const Bytes& plan) override { return role_->Push(plan); }
  void Sync(const Bytes& update) override { role_->Sync(update); }
  double Loss() const override { return role_->Loss(); }
  RotationRole* rotation() override { return &rotation_; }

 private:
  std::unique_ptr<WorkerRole> role_;
  WatchedRotation rotation_;
};

}  // namespace

class WatchedModel final : public ModelRole {
 public:
  WatchedModel(BlockWatch& watch, std::unique_ptr<ModelRole> role)
      : watch_(watch), role_(std::move(role)) {}
  Bytes Pull(const Bytes& plan, std::span<const Bytes> partials) override {
    return role_->Pull(plan, partials);
  }
  strads::Report Report() const override { return role_->Report(); }
  void CollectBlock(const Bytes& block) override {
    watch_.OnCollect(Unpack<Rotating::Block>(block).index);
    role_->CollectBlock(block);
  }
  void CollectShare(const Bytes& share) override { role_->CollectShare(share); }
  Bytes Save() const override { return role_->Save(); }

 private:
  BlockWatch& watch_;
  std::unique_ptr<ModelRole> role_;
};

Program BlockWatch::Watched(const Program& program) {
  Program watched = program;
  watched.make_worker = [this, make = program.make_worker](const Bytes& options, Shard shard) {
    return std::make_unique<WatchedWorker>(*this, make(options, shard), shard.rank);
  };
  watched.make_model = [this, make = program.make_model](const Bytes& options) {
    return std::make_unique<WatchedModel>(*this, make(options));
  };
  return watched;
}

void BlockWatch::Require(bool holds, int32_t block, const std::string& what) {
  if (!holds) problems_.push_back("block " + std::to_string(block) + " " + what);
}

void BlockWatch::OnMake(int rank, int32_t block) {
  const auto [place, is_new] = places_.try_emplace(block);
  Require(is_new, block, "is made by worker " + std::to_string(rank) + " and exists");
  place->second.rank = rank;
}

void BlockWatch::OnPush(int rank, int32_t block, int next) {
  Require(places_[block].rank == rank, block,
          "is used by worker " + std::to_string(rank) + ", which does not have it");
  places_[block].next = next;
}

void BlockWatch::OnTake(int rank, int32_t block) {
  Place& place = places_[block];
  Require(place.rank == rank, block,
          "is sent by worker " + std::to_string(rank) + ", which does not have it");
  // What is sent without a push, or was to stay after the last one, goes to the coordinator.
  place = {.rank = -1, .to = place.next == rank ? -1 : place.next};
  ++moves_;
}

void BlockWatch::OnPut(int rank, int32_t block) {
  Place& place = places_[block];
  Require(place.rank < 0 && place.to == rank && !place.collected, block,
          "comes to worker " + std::to_string(rank) + ", to which it is not on its way");
  place = {.rank = rank};
}

void BlockWatch::OnCollect(int32_t block) {
  Place& place = places_[block];
  Require(place.rank < 0 && place.to < 0 && !place.collected, block,
          "is collected, and is somewhere else");
  place.collected = true;
}

int64_t BlockWatch::collected() const {
  return std::ranges::count_if(places_, [](const auto& entry) { return entry.second.collected; });
}

}  // namespace strads::testing
