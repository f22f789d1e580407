#pragma once

#include <strads/names_member.h>
#include <strads/rotation.h>

#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace strads {

// What the worker of a rotation app does beside its WorkerRole, with its types erased.
class RotationRole {
 public:
  virtual ~RotationRole() = default;
  virtual Rotation RotationOf(const Bytes& plan) const = 0;
  // Whether the block is here.
  virtual bool Has(int32_t block) const = 0;
  // Both throw std::logic_error if it is.
  virtual void Make(const Bytes& plan, int32_t block) = 0;
  virtual void Put(int32_t block, const Bytes& packed) = 0;
  // Packs the block and forgets it.
  virtual Bytes Take(int32_t block) = 0;
  // A push with a block is begun, maybe extended, and ends with its partial.
  virtual void BeginPush(const Bytes& plan, int32_t block) = 0;
  virtual void Extend() = 0;
  virtual Bytes EndPush() = 0;
  // The next part of what the worker has of the model beside blocks; none: that was all.
  virtual std::optional<Bytes> Collect() = 0;
};

namespace internal {

template <RotationApp A>
class RotationOfWorker final : public RotationRole {
  static constexpr bool kExtends = requires(typename A::Worker worker,
                                            const typename A::Plan& plan,
                                            typename A::Block& block,
                                            typename A::Partial& partial) {
    worker.Extend(plan, block, partial);
  };
  static_assert(kExtends || !NamesExtend<typename A::Worker>,
                "the worker's Extend is another, expected "
                "void Extend(const Plan&, Block&, Partial&)");

 public:
  // `worker` must outlive it.
  explicit RotationOfWorker(typename A::Worker& worker) : worker_(worker) {}

  Rotation RotationOf(const Bytes& plan) const override {
    return Unpack<typename A::Plan>(plan).rotation;
  }
  bool Has(int32_t block) const override { return blocks_.contains(block); }
  void Make(const Bytes& plan, int32_t block) override {
    Add(block, worker_.MakeBlock(Unpack<typename A::Plan>(plan), block));
  }
  void Put(int32_t block, const Bytes& packed) override {
    Add(block, Unpack<typename A::Block>(packed));
  }
  Bytes Take(int32_t block) override { return Pack(blocks_.extract(block).mapped()); }

  void BeginPush(const Bytes& plan, int32_t block) override {
    block_ = &blocks_.at(block);
    plan_ = Unpack<typename A::Plan>(plan);
    partial_ = worker_.Push(plan_, *block_);
  }
  void Extend() override {
    if constexpr (kExtends) {
      worker_.Extend(plan_, *block_, partial_);
    } else {
      throw std::logic_error("a plan asks workers to extend a push, which this app cannot");
    }
  }
  Bytes EndPush() override { return Pack(std::exchange(partial_, {})); }

  std::optional<Bytes> Collect() override {
    const std::optional<typename A::Share> share = worker_.Collect();
    if (!share) return std::nullopt;
    return Pack(*share);
  }

 private:
  // What a worker holds must never be overwritten: it is the only one.
  void Add(int32_t index, typename A::Block block) {
    if (!blocks_.try_emplace(index, std::move(block)).second)
      throw std::logic_error("block " + std::to_string(index) + " came to where it is already");
  }

  typename A::Worker& worker_;
  std::map<int32_t, typename A::Block> blocks_;
  typename A::Plan plan_;
  typename A::Block* block_ = nullptr;
  typename A::Partial partial_;
};

}  // namespace internal
}  // namespace strads
