#include <gtest/gtest.h>
#include <strads/run.h>

#include <atomic>
#include <cmath>

#include "tests/support/rotating_app.h"
#include "tests/support/toy_app.h"

namespace strads::testing {
namespace {

constexpr int64_t kRounds = 3;

RunOptions Rounds(int64_t most) {
  RunOptions run;
  run.max_rounds = most;
  run.tolerance = 0;
  return run;
}

// Finds out as the model is collected.
struct Diverged : Rotating {
  struct Model : Rotating::Model {
    using Rotating::Model::Model;
    strads::Report Report() const {
      strads::Report report;
      report.has_diverged = !visits.empty();
      return report;
    }
  };
};

TEST(Divergence, OfWhatIsCollectedFailsARunHoweverItEnds) {
  RunOptions timed = Rounds(0);
  timed.max_time = 1e-9;
  std::atomic<bool> stop = false;
  RunHooks stopping;
  stopping.stop = &stop;
  stopping.on_round = [&](const RoundRecord& record) { stop = record.round == kRounds; };
  EXPECT_EQ(strads::Run<Diverged>({}, Rounds(kRounds)).summary.termination, Termination::kFailure);
  EXPECT_EQ(strads::Run<Diverged>({}, timed).summary.termination, Termination::kFailure);
  EXPECT_EQ(strads::Run<Diverged>({}, Rounds(0), stopping).summary.termination,
            Termination::kFailure);
  EXPECT_EQ(strads::Run<Rotating>({}, Rounds(kRounds)).summary.termination,
            Termination::kMaxRounds);
}

// The last round leads away, which no round after it measures.
template <bool IsKnown>
struct Away : Toy {
  struct Worker : Toy::Worker {
    using Toy::Worker::Worker;
    void Sync(const Update& update) {
      Toy::Worker::Sync(update);
      ++synced;
    }
    double Loss() const {
      if (synced < kRounds) return Toy::Worker::Loss();
      return IsKnown ? std::nan("") : kUnknownLoss;
    }
    int64_t synced = 0;
  };
};

TEST(Divergence, InTheLastRoundFailsARunIfItIsMeasured) {
  EXPECT_EQ(strads::Run<Away<true>>({}, Rounds(kRounds)).summary.termination,
            Termination::kFailure);
  EXPECT_EQ(strads::Run<Away<false>>({}, Rounds(kRounds)).summary.termination,
            Termination::kMaxRounds);
}

// Begins at an objective and ends at another.
template <int Empty, int Trained>
struct From : Toy {
  struct Worker : Toy::Worker {
    using Toy::Worker::Worker;
    double Loss() const { return 0; }
  };
  struct Model : Toy::Model {
    using Toy::Model::Model;
    strads::Report Report() const {
      strads::Report report = Toy::Model::Report();
      report.penalty = Trained;
      report.empty_objective = Empty;
      return report;
    }
  };
};

template <int Empty, int Trained>
bool HasFailed() {
  return strads::Run<From<Empty, Trained>>({}, Rounds(kRounds)).summary.termination ==
         Termination::kFailure;
}

TEST(Divergence, IsAnObjectiveFarAboveThatOfTheEmptyModelWhateverItsSign) {
  EXPECT_TRUE((HasFailed<5, 6000>()));
  EXPECT_TRUE((HasFailed<-5, 6000>()));
  EXPECT_FALSE((HasFailed<5, 4000>()));
  EXPECT_FALSE((HasFailed<-5, 4000>()));
  EXPECT_FALSE((HasFailed<5, -10>()));
  EXPECT_FALSE((HasFailed<-5, -10>()));
  EXPECT_FALSE((HasFailed<-5, -6000>()));
  EXPECT_FALSE((HasFailed<0, 1>())) << "there is nothing to measure it by";
}

}  // namespace
}  // namespace strads::testing
