#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <strads/model_file.h>
#include <strads/run.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "apps/mf/mf.h"
#include "strads/random.h"
#include "tests/support/temp_files.h"

namespace strads::testing {
namespace {

using mf::Mf;

struct Cell {
  int user, item;
  float value;
};

// Some cells of a matrix of low rank, 3 + W H' + noise, and the file of them.
class MfTrain : public ::testing::Test {
 protected:
  void Make(int users, int items, int rank, double share, double noise, uint64_t seed = 5) {
    Random random(seed);
    const auto draw = [&](int rows) {
      std::vector<double> values(static_cast<size_t>(rows * rank));
      for (double& x : values) x = 2 * random.Uniform() - 1;
      return values;
    };
    const std::vector<double> w = draw(users), h = draw(items);
    std::string text;
    for (int u = 0; u < users; ++u) {
      for (int i = 0; i < items; ++i) {
        // The first row and column are whole: no one is without ratings.
        if (u > 0 && i > 0 && random.Uniform() >= share) continue;
        double value = 3 + noise * (2 * random.Uniform() - 1);
        for (int t = 0; t < rank; ++t)
          value += w[static_cast<size_t>(u * rank + t)] * h[static_cast<size_t>(i * rank + t)];
        cells_.push_back({u, i, static_cast<float>(value)});
        text += "u" + std::to_string(u) + "\ti" + std::to_string(i) + "\t" +
                std::to_string(cells_.back().value) + "\n";
      }
    }
    options_.data = directory_.Write("ratings.tsv", text);
    options_.model = directory_.Path("model");
    options_.change = 0;
  }

  RunResult Train(int workers, RunOptions run = {}) {
    run.workers = workers;
    run.seed = options_.seed;
    run.model = options_.model;
    options_.workers = workers;
    objectives_.clear();
    RunHooks hooks;
    hooks.on_round = [&](const RoundRecord& record) {
      if (record.extra.contains("epoch"))
        objectives_[static_cast<int>(record.extra.at("epoch"))] = record.objective;
    };
    RunResult result = strads::Run(mf::MakeMf(), ToValues(options_), run, hooks);
    if (result.summary.termination == Termination::kFailure) return result;
    for (const auto& file : result.side_files) file->Place();
    model_ = Unpack<mf::Model>(result.model);
    w_ = mf::ReadFactors(mf::UserFactorPath(options_.model), std::ssize(model_.users()),
                         model_.rank());
    h_ = mf::ReadFactors(mf::ItemFactorPath(options_.model), std::ssize(model_.items()),
                         model_.rank());
    return result;
  }

  // sum of e^2 + penalty of the saved model, in double, by the definition.
  double Objective() const {
    std::map<std::string, int64_t> users, items;
    for (const auto& name : model_.users()) users.emplace(name, std::ssize(users));
    for (const auto& name : model_.items()) items.emplace(name, std::ssize(items));
    std::vector<double> user_counts(users.size()), item_counts(items.size());
    double loss = 0;
    for (const Cell& cell : cells_) {
      const int64_t u = users.at("u" + std::to_string(cell.user));
      const int64_t i = items.at("i" + std::to_string(cell.item));
      ++user_counts[static_cast<size_t>(u)];
      ++item_counts[static_cast<size_t>(i)];
      double e = cell.value - model_.mean() - BiasOf(model_.user_biases(), u) -
                 BiasOf(model_.item_biases(), i);
      for (int t = 0; t < model_.rank(); ++t)
        e -= static_cast<double>(w_.Row(u)[static_cast<size_t>(t)]) *
             h_.Row(i)[static_cast<size_t>(t)];
      loss += e * e;
    }
    const bool weighted = options_.penalty == "weighted";
    const auto penalty = [&](const mf::Factors& x, const std::vector<float>& biases,
                             const std::vector<double>& counts) {
      double sum = 0;
      for (int64_t row = 0; row < x.rows(); ++row) {
        double squares = BiasOf(biases, row) * BiasOf(biases, row);
        for (const float value : x.Row(row)) squares += static_cast<double>(value) * value;
        sum += (weighted ? counts[static_cast<size_t>(row)] : 1) * squares;
      }
      return options_.lambda * sum;
    };
    return loss + penalty(w_, model_.user_biases(), user_counts) +
           penalty(h_, model_.item_biases(), item_counts);
  }

  static double BiasOf(const std::vector<float>& biases, int64_t row) {
    return biases.empty() ? 0 : biases[static_cast<size_t>(row)];
  }

  TempDir directory_;
  mf::Options options_;
  std::vector<Cell> cells_;
  std::map<int, double> objectives_;  // by epoch
  mf::Model model_;
  mf::Factors w_, h_;
};

TEST_F(MfTrain, SaysTheObjectiveOfTheModelItWrites) {
  Make(40, 30, 2, 0.4, 0.3);
  options_.rank = 3;
  options_.epochs = 5;
  for (const char* solver : {"sgd", "ccd"}) {
    for (const char* penalty : {"weighted", "plain"}) {
      for (const bool biases : {false, true}) {
        for (const int workers : {1, 3}) {
          options_.solver = solver;
          options_.penalty = penalty;
          options_.biases = biases;
          options_.lambda = penalty == std::string("plain") ? 0.5 : 0.05;
          SCOPED_TRACE(std::string(solver) + " " + penalty + (biases ? " biases " : " ") +
                       std::to_string(workers));
          const RunResult result = Train(workers);
          EXPECT_NEAR(result.summary.objective, Objective(), 2e-5 * Objective());
          EXPECT_EQ(model_.user_biases().size(), biases ? 40u : 0u);
          EXPECT_EQ(result.summary.termination, Termination::kMaxRounds);
        }
      }
    }
  }
}

// The only column is the next one, too.
TEST_F(MfTrain, AFactorThatIsAloneIsThatOfTheObjective) {
  Make(40, 30, 1, 0.4, 0.3);
  options_.rank = 1;
  options_.solver = "ccd";
  options_.epochs = 6;
  for (const int workers : {1, 3}) {
    for (const int inner : {1, 5}) {
      options_.inner = inner;
      const RunResult result = Train(workers);
      EXPECT_NEAR(result.summary.objective, Objective(), 2e-5 * Objective());
      for (auto next = std::next(objectives_.begin()); next != objectives_.end(); ++next)
        EXPECT_LE(next->second, std::prev(next)->second * (1 + 1e-6));
    }
  }
}

TEST_F(MfTrain, SaysWhetherWhatItMeasuredIsOfTheModelItWrites) {
  Make(40, 30, 2, 0.4, 0.3);
  options_.rank = 3;
  options_.epochs = 2;
  for (const char* solver : {"sgd", "ccd"}) {
    options_.solver = solver;
    const RunResult whole = Train(2);
    EXPECT_FALSE(whole.summary.is_behind);
    EXPECT_NEAR(whole.summary.objective, Objective(), 2e-5 * Objective());
    RunOptions early;
    early.max_rounds = whole.summary.rounds - 1;
    EXPECT_TRUE(Train(2, early).summary.is_behind);
  }
}

TEST_F(MfTrain, ThatLeadsFarAboveTheEmptyModelHasFailed) {
  Make(40, 30, 2, 0.4, 0.3);
  options_.lambda = 1e5;
  EXPECT_EQ(Train(2).summary.termination, Termination::kFailure);
}

TEST_F(MfTrain, RatingsOfNothingGiveFactorsOfNothing) {
  options_.data = directory_.Write("ratings.tsv", "u0 i0 0\nu1 i0 0\nu1 i1 0\n");
  options_.model = directory_.Path("model");
  for (const char* solver : {"sgd", "ccd"}) {
    options_.solver = solver;
    const RunResult result = Train(1);
    EXPECT_NE(result.summary.termination, Termination::kFailure) << result.summary.message;
    EXPECT_LT(result.summary.objective, 0.1);
  }
}

TEST_F(MfTrain, CoordinateDescentNeverRaisesTheObjective) {
  Make(50, 40, 3, 0.3, 0.5);
  options_.solver = "ccd";
  options_.rank = 4;
  options_.epochs = 12;
  for (const bool nonnegative : {false, true}) {
    options_.nonnegative = nonnegative;
    options_.biases = !nonnegative;
    options_.center = !nonnegative;
    Train(2);
    // A record's objective is that of the state before its round.
    ASSERT_GE(objectives_.size(), 11u);
    double before = objectives_.begin()->second;
    for (const auto& [epoch, objective] : objectives_) {
      EXPECT_LE(objective, before * (1 + 1e-6)) << "epoch " << epoch;
      before = objective;
    }
    if (!nonnegative) continue;
    for (int64_t u = 0; u < w_.rows(); ++u) EXPECT_GE(std::ranges::min(w_.Row(u)), 0);
    for (int64_t i = 0; i < h_.rows(); ++i) EXPECT_GE(std::ranges::min(h_.Row(i)), 0);
  }
}

TEST_F(MfTrain, CoordinateDescentGivesAnyNumberOfWorkersTheSameModelUpToRounding) {
  Make(50, 40, 3, 0.3, 0.5);
  options_.solver = "ccd";
  options_.rank = 3;
  options_.epochs = 6;
  options_.lambda = 0.1;
  for (const bool implicit : {false, true}) {
    options_.implicit = implicit;
    const double expected = Train(1).summary.objective;
    const mf::Factors w = w_, h = h_;
    for (const int workers : {2, 3, 7, 60}) {  // some without users
      SCOPED_TRACE(workers);
      EXPECT_NEAR(Train(workers).summary.objective, expected, 1e-5 * expected);
      for (int64_t u = 0; u < w.rows(); ++u) {
        for (size_t t = 0; t < 3; ++t) EXPECT_NEAR(w_.Row(u)[t], w.Row(u)[t], 1e-3);
      }
    }
  }
}

TEST_F(MfTrain, RecoversAMatrixOfLowRank) {
  Make(60, 50, 2, 0.5, 0);
  options_.rank = 2;
  options_.center = false;
  options_.biases = true;
  options_.lambda = 1e-6;
  for (const char* solver : {"sgd", "ccd"}) {
    options_.solver = solver;
    options_.epochs = solver == std::string("sgd") ? 1500 : 300;
    const RunResult result = Train(2);
    EXPECT_LT(result.summary.extra.at("train_rmse"), solver == std::string("sgd") ? 0.05 : 0.005)
        << solver;
  }
}

TEST_F(MfTrain, GivesTheSameBytesWhenRepeatedWithAnyThreads) {
  Make(60, 50, 2, 0.4, 0.3);
  options_.rank = 9;
  options_.epochs = 4;
  options_.validation_share = 0.1;
  for (const char* solver : {"sgd", "ccd"}) {
    options_.solver = solver;
    for (const int workers : {1, 3}) {
      for (const int staleness : {0, 2}) {
        RunOptions run;
        run.staleness = staleness;
        const Bytes first = Train(workers, run).model;
        const mf::Factors w = w_, h = h_;
        run.threads = 3;
        run.schedulers = 1;
        run.lookahead = 0;
        EXPECT_EQ(Train(workers, run).model.view(), first.view()) << solver << " " << workers;
        EXPECT_TRUE(std::ranges::equal(w_.Range(0, 60), w.Range(0, 60)));
        EXPECT_TRUE(std::ranges::equal(h_.Range(0, 50), h.Range(0, 50)));
      }
    }
  }
}

TEST_F(MfTrain, HoldsOutTheSameRatingsWhateverTheNumberOfWorkersAndTrainsOnTheOthers) {
  Make(60, 50, 2, 0.5, 0.2);
  options_.solver = "ccd";
  options_.rank = 2;
  options_.epochs = 8;
  options_.validation_share = 0.2;
  const Summary one = Train(1).summary;
  const Summary three = Train(3).summary;
  EXPECT_NEAR(one.extra.at("validation_rmse"), three.extra.at("validation_rmse"), 1e-4);
  // Noise of 0.2 (2 U - 1) has a standard deviation of 0.115.
  EXPECT_GT(one.extra.at("validation_rmse"), one.extra.at("train_rmse"));
  EXPECT_LT(one.extra.at("validation_rmse"), 0.3);
}

TEST_F(MfTrain, EndsOnceTheObjectiveOrTheValidationErrorStandsStill) {
  Make(60, 50, 2, 0.5, 0.5);
  options_.rank = 8;
  options_.epochs = 1000;
  options_.change = 1e-3;
  for (const char* solver : {"sgd", "ccd"}) {
    options_.solver = solver;
    const Summary summary = Train(2).summary;
    EXPECT_EQ(summary.termination, Termination::kConverged) << summary.message;
    EXPECT_THAT(summary.message, ::testing::HasSubstr("--change"));
  }
  options_.change = 0;
  options_.lambda = 1e-4;  // overfits
  options_.validation_share = 0.2;
  options_.patience = 3;
  for (const char* solver : {"sgd", "ccd"}) {
    options_.solver = solver;
    const Summary summary = Train(2).summary;
    EXPECT_EQ(summary.termination, Termination::kConverged) << summary.message;
    EXPECT_THAT(summary.message, ::testing::HasSubstr("has not fallen"));
  }
}

TEST_F(MfTrain, FugueDoesWhatWasScheduledAndMoreWhereAWorkerIsSlow) {
  Make(200, 100, 2, 0.5, 0.3);
  options_.rank = 4;
  options_.epochs = 5;
  options_.blocks = 4;
  options_.fugue = true;
  RunOptions run;
  run.slow_rank = 1;
  run.slow_factor = 20;
  const Summary summary = Train(2, run).summary;
  EXPECT_EQ(summary.updates, 5 * std::ssize(cells_));
  EXPECT_GT(summary.extra.at("extra_updates"), 0);
  EXPECT_NEAR(summary.objective, Objective(), 2e-5 * Objective());
  EXPECT_LT(summary.extra.at("train_rmse"), 0.6);
}

}  // namespace
}  // namespace strads::testing
