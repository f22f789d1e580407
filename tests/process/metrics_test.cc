#include <gmock/gmock.h>

#include <filesystem>
#include <limits>

#include "tests/process/cli.h"
#include "tests/support/reference.h"
#include "tests/support/temp_files.h"

namespace strads::testing {
namespace {

using ::testing::HasSubstr;

class Metrics : public ::testing::TestWithParam<Words> {
 protected:
  void SetUp() override {
    Words words = {"--data=" + data_, "--model=" + dir_.Path("model.json"),
                   "--metrics=" + dir_.Path("metrics.json"), "--tolerance=1e-9", "--parallelism=4"};
    words.insert(words.end(), GetParam().begin(), GetParam().end());
    const Finished trained = RunTrain(words);
    ASSERT_EQ(trained.exit_code, 0) << trained.err;
    report_ = trained.out;
    records_ = ReadJsonLines(dir_.Path("metrics.json"));
    ASSERT_GE(records_.size(), 3U);
    last_ = records_.back();
    records_.pop_back();
  }

  TempDir dir_;
  Problem problem_ = QuickProblem();
  std::string data_ = dir_.Write("data.libsvm", ToLibsvm(problem_));
  std::string report_;
  std::vector<Json> records_;
  Json last_;
};

// Whose first rounds only look at the data.
TEST(MetricsOfRegression, TellNoObjectiveBeforeThereIsAModel) {
  const TempDir dir;
  const std::string metrics = dir.Path("metrics.json");
  const Finished trained =
      RunStrads({"regression", "train", "--data=" + dir.Write("d", ToLibsvm(QuickProblem())),
                 "--solver=cg", "--metrics=" + metrics, "--noprogress"});
  ASSERT_EQ(trained.exit_code, 0) << trained.err;
  const std::vector<Json> records = ReadJsonLines(metrics);
  EXPECT_TRUE(records.front().at("objective").is_null());
  double last = std::numeric_limits<double>::infinity();
  for (const Json& record : records) {
    if (record.at("objective").is_null()) continue;
    EXPECT_LE(record.at("objective"), last * (1 + 1e-12));
    last = record.at("objective");
  }
  EXPECT_GT(last, 0);
  EXPECT_LT(last, std::numeric_limits<double>::infinity());
}

TEST(MetricsOfAnEarlierRun, StayUntilAnotherHasBegun) {
  const TempDir dir;
  const std::string metrics = dir.Path("metrics.json");
  const std::string data = dir.Write("d", ToLibsvm(QuickProblem())),
                    bad = dir.Write("bad", "1 x\n");
  const auto run = [&](const std::string& file, const Words& more) {
    Words words = {"--data=" + file, "--metrics=" + metrics};
    words.insert(words.end(), more.begin(), more.end());
    return RunTrain(words).exit_code;
  };
  const auto expect_untouched = [&](const std::string& before) {
    EXPECT_EQ(run(data, {"--lambda=-1"}), 2);
    EXPECT_EQ(run(data, {"--model=" + dir.Path("no/such/folder")}), 3);
    for (const std::string how : {"--workers=2", "--processes"}) EXPECT_EQ(run(bad, {how}), 3);
    EXPECT_EQ(std::filesystem::exists(metrics), !before.empty());
    if (!before.empty()) {
      EXPECT_EQ(ReadText(metrics), before);
    }
  };
  expect_untouched("");
  const std::string before(1 << 20, ' ');
  dir.Write("metrics.json", before);
  expect_untouched(before);
  ASSERT_EQ(run(data, {}), 0);
  EXPECT_EQ(ReadJsonLines(metrics).front().at("round"), 0);
  EXPECT_NE(ReadText(metrics).front(), ' ');
}

TEST_P(Metrics, HoldARecordForEveryRoundInOrder) {
  for (size_t round = 0; round < records_.size(); ++round) {
    const Json& record = records_[round];
    EXPECT_EQ(record.at("round"), round);
    EXPECT_TRUE(record.at("objective").is_number());
    EXPECT_TRUE(record.at("gap").is_number()) << record;  // the first round certifies one
    EXPECT_TRUE(record.at("lambda").is_number());
    if (round == 0) continue;
    for (const char* name : {"updates", "seconds", "bytes_sent", "bytes_received"}) {
      EXPECT_GE(record.at(name), records_[round - 1].at(name)) << name;
    }
  }
  EXPECT_EQ(last_.at("rounds"), records_.size());
}

TEST_P(Metrics, EndWithASummaryOfTheRun) {
  EXPECT_EQ(last_.at("termination"), "Converged");
  EXPECT_LE(last_.at("gap"), 1e-9);
  EXPECT_EQ(last_.at("updates"), records_.back().at("updates"));
  for (const char* name : {"load_seconds", "solve_seconds", "peak_rss_bytes", "bytes_sent"}) {
    EXPECT_GT(last_.at(name).get<double>(), 0) << name;
  }
  EXPECT_EQ(last_.at("frames_dropped"), 0);
  EXPECT_GE(last_.at("idle_seconds").get<double>(), 0);
  EXPECT_LE(last_.at("idle_seconds"), last_.at("solve_seconds"));
  EXPECT_THAT(report_, HasSubstr("Converged"));
  EXPECT_THAT(report_, HasSubstr(dir_.Path("model.json")));
}

TEST_P(Metrics, TellWhatTheModelAndTheDataSay) {
  const Json model = ModelJson(dir_.Path("model.json"));
  const Eigen::VectorXd b = Coefficients(model);
  const double lambda = Lambda(model);
  const double objective = Objective(problem_, b, lambda);
  EXPECT_NEAR(last_.at("objective").get<double>(), objective, 1e-9 * objective);
  EXPECT_NEAR(last_.at("gap").get<double>(), 0, 1e-9);
  EXPECT_LE(RelativeGap(problem_, b, lambda), 1e-9 + 1e-12);
  EXPECT_EQ(last_.at("nonzeros"), (b.array() != 0).count());
  EXPECT_EQ(last_.at("lambda"), lambda);
  EXPECT_NEAR(last_.at("lambda_max").get<double>(), LambdaMax(problem_),
              1e-12 * LambdaMax(problem_));
}

TEST_P(Metrics, BeginWithTheObjectiveOfZero) {
  const double null_objective = NullObjective(problem_);
  EXPECT_NEAR(records_.front().at("objective").get<double>(), null_objective,
              1e-12 * null_objective);
  EXPECT_EQ(records_.front().at("nonzeros"), 0);
  EXPECT_EQ(records_.front().at("updates"), 0);
}

INSTANTIATE_TEST_SUITE_P(Ways,
                         Metrics,
                         ::testing::Values(Words{},
                                           Words{"--workers=3"},
                                           Words{"--workers=3", "--staleness=2", "--schedulers=2"},
                                           Words{"--workers=2", "--processes", "--schedulers=1"}));

}  // namespace
}  // namespace strads::testing
