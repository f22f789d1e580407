#pragma once

#include <strads/strads.h>

#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "strads/rotation_schedule.h"

namespace strads::testing {

// A rotation app whose blocks write down where they have been.
struct Rotating {
  struct Options {
    int num_blocks = 4;  // fewer than workers: some have none
    int64_t seed = 1;
    bool extend = false;
    int plain_every = 0;  // every so many rounds one without blocks
    int bad_round = -1;   // in which the schedule gives block 0 to the wrong worker
    int num_shares = 2;   // of each worker
    int workers = 1;
    int done_after = 0;  // rounds
    STRADS_FIELDS(num_blocks, seed, extend, plain_every, bad_round, num_shares, workers, done_after)
  };
  struct Plan {
    Rotation rotation;
    int64_t turn = 0;
    STRADS_FIELDS(rotation, turn)
  };
  struct Block {
    int32_t index = -1;
    std::vector<int64_t> visits;    // 1000 x turn + rank
    std::vector<int64_t> extended;  // of each visit
    STRADS_FIELDS(index, visits, extended)
  };
  struct Share {
    int rank = 0;
    int part = 0;
    STRADS_FIELDS(rank, part)
  };
  struct Partial {
    int64_t extended = 0;
    STRADS_FIELDS(extended)
  };
  struct Update {
    int64_t turn = 0;
    STRADS_FIELDS(turn)
  };

  static Rotation WithBlocks(const Options& options, int64_t turn) {
    const int workers = options.workers;
    if (options.num_blocks >= workers) {
      return RotationSchedule(workers, options.num_blocks, static_cast<uint64_t>(options.seed))
          .At(turn);
    }
    // Block b goes from each worker to the next one.
    Rotation rotation;
    for (int rank = 0; rank < workers; ++rank) {
      const auto block = static_cast<int32_t>((rank - turn % workers + workers) % workers);
      rotation.block.push_back(block < options.num_blocks ? block : -1);
      rotation.next.push_back((rank + 1) % workers);
      rotation.first.push_back(turn == 0 ? 1 : 0);
    }
    return rotation;
  }

  // The rotation of round `turn`: none in plain rounds, which do not count for the others.
  static Rotation RotationOf(const Options& options, int64_t turn) {
    const int64_t every = options.plain_every;
    if (every > 0 && turn % every == every - 1) return {};
    Rotation rotation = WithBlocks(options, every > 0 ? turn - turn / every : turn);
    rotation.extend = options.extend;
    if (turn == options.bad_round) std::swap(rotation.block.front(), rotation.block.back());
    return rotation;
  }

  class Scheduler {
   public:
    Scheduler(const Options& options, Slice slice) : options_(options), slice_(slice) {}
    Plan Schedule() {
      const int64_t turn = slice_.index + slice_.count * turns_++;
      return {RotationOf(options_, turn), turn};
    }
    void Feedback(const Update&) {}

   private:
    const Options options_;
    const Slice slice_;
    int64_t turns_ = 0;
  };

  class Worker {
   public:
    Worker(const Options& options, Shard shard) : options_(options), rank_(shard.rank) {}
    Partial Push(const Plan&) { return {}; }
    Partial Push(const Plan& plan, Block& block) {
      block.visits.push_back(1000 * plan.turn + rank_);
      block.extended.push_back(0);
      return {};
    }
    void Extend(const Plan&, Block& block, Partial& partial) {
      ++block.extended.back();
      ++partial.extended;
    }
    Block MakeBlock(const Plan&, int32_t index) { return {index, {}, {}}; }
    void Sync(const Update& update) {
      if (update.turn != synced_++) throw std::logic_error("an update is missing");
    }
    std::optional<Share> Collect() {
      if (part_ == options_.num_shares) return std::nullopt;
      return Share{rank_, part_++};
    }
    double Loss() const { return 0; }

   private:
    const Options options_;
    const int rank_;
    int64_t synced_ = 0;
    int part_ = 0;
  };

  class Model {
   public:
    Model() = default;
    explicit Model(const Options& options) : done_after_(options.done_after) {}
    Update Pull(const Plan& plan, std::span<const Partial> partials) {
      for (const Partial& partial : partials) extended.push_back(partial.extended);
      ++rounds;
      return {plan.turn};
    }
    void Collect(const Block& block) {
      if (visits.contains(block.index)) throw std::logic_error("a block exists twice");
      visits[block.index] = block.visits;
      block_extended[block.index] = block.extended;
    }
    void Collect(const Share& share) { shares.push_back(100 * share.rank + share.part); }
    strads::Report Report() const {
      strads::Report report;
      if (done_after_ > 0 && rounds >= done_after_) report.done = "that is enough";
      return report;
    }

    int64_t rounds = 0;
    std::vector<int64_t> extended;  // by the workers of round 0, those of round 1, ...
    std::map<int32_t, std::vector<int64_t>> visits;
    std::map<int32_t, std::vector<int64_t>> block_extended;
    std::vector<int64_t> shares;
    STRADS_FIELDS(rounds, extended, visits, block_extended, shares)

   private:
    int done_after_ = 0;
  };

  // What the visits must be after `rounds` rounds.
  static std::map<int32_t, std::vector<int64_t>> VisitsOf(const Options& options, int64_t rounds) {
    std::map<int32_t, std::vector<int64_t>> visits;
    for (int64_t turn = 0; turn < rounds; ++turn) {
      const Rotation rotation = RotationOf(options, turn);
      for (size_t rank = 0; rank < rotation.block.size(); ++rank) {
        if (rotation.block[rank] < 0) continue;
        visits[rotation.block[rank]].push_back(1000 * turn + static_cast<int64_t>(rank));
      }
    }
    return visits;
  }
};
static_assert(RotationApp<Rotating>);

inline const Program& RotatingProgram() {
  static const Program program = MakeProgram<Rotating>("rotating");
  return program;
}

}  // namespace strads::testing
