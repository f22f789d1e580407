#include <gmock/gmock.h>

#include <cmath>
#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/process/cli.h"
#include "tests/support/temp_files.h"

namespace strads::testing {
namespace {

using ::testing::HasSubstr;

// Two classes in the plane that overlap.
std::string Points() {
  std::string text;
  for (int i = 0; i < 60; ++i) {
    const double angle = 2.4 * i, radius = 0.1 * (i % 13);
    const int label = i % 2 == 0 ? 1 : -1;
    text += std::to_string(label) + " 1:" + std::to_string(0.5 * label + radius * std::cos(angle)) +
            " 2:" + std::to_string(radius * std::sin(angle)) + "\n";
  }
  return text;
}

class Search : public ::testing::Test {
 protected:
  Json Found(Words flags) {
    flags.insert(flags.begin(), {"search", "svm", "--data=" + data_, "--model=" + model_,
                                 "--noprogress", "--loss=squared_hinge"});
    const Finished found = RunStrads(flags);
    EXPECT_EQ(found.exit_code, 0) << found.err;
    out_ = found.out;
    return ModelJson(model_).at("model");
  }

  const TempDir folder_;
  const std::string data_ = folder_.Write("points.libsvm", Points());
  const std::string model_ = folder_.Path("search.json");
  std::string out_;
};

TEST_F(Search, TellsTheMeanOverFoldsOfWhatTrainTells) {
  const Json found = Found({"--grid=C=0.001,1", "--folds=3", "--seed=5"});
  ASSERT_EQ(found["metric"], "validation_accuracy");
  ASSERT_EQ(found["settings"].size(), 2U);
  double best = 0;
  for (const Json& setting : found["settings"]) {
    std::vector<double> values;
    for (int fold = 0; fold < 3; ++fold) {
      const std::string metrics = folder_.Path("metrics.jsonl");
      const Finished trained =
          RunStrads({"svm", "train", "--data=" + data_, "--noprogress", "--loss=squared_hinge",
                     "--seed=5", "--C=" + setting["values"][0].get<std::string>(),
                     "--validation_share=0.3333333333333333",
                     "--validation_fold=" + std::to_string(fold), "--metrics=" + metrics});
      ASSERT_EQ(trained.exit_code, 0) << trained.err;
      values.push_back(ReadJsonLines(metrics).back()["validation_accuracy"]);
    }
    const double mean = (values[0] + values[1] + values[2]) / 3;
    double squares = 0;
    for (const double value : values) squares += (value - mean) * (value - mean);
    EXPECT_NEAR(setting["mean"].get<double>(), mean, 1e-14);
    EXPECT_NEAR(setting["error"].get<double>(), std::sqrt(squares / 2 / 3), 1e-14);
    best = std::max(best, mean);
  }
  EXPECT_NEAR(found["settings"][found["best"].get<size_t>()]["mean"].get<double>(), best, 1e-14);
}

TEST_F(Search, TellsWhatRegressionTellsOfItsFolds) {
  const std::string data =
      folder_.Write("line.csv", "y,x\n1,1\n2,2\n4,3\n3,4\n6,5\n5,6\n8,7\n7,8\n");
  const auto flags = [&](Words more) {
    more.insert(more.end(), {"--data=" + data, "--model=" + model_, "--noprogress", "--seed=3"});
    return more;
  };
  const Finished found = RunStrads(flags(
      {"search", "regression", "--grid=lambda=0.1,1e9", "--folds=2", "--metric=validation_rmse"}));
  ASSERT_EQ(found.exit_code, 0) << found.err;
  const Json settings = ModelJson(model_).at("model").at("settings");
  ASSERT_EQ(settings.size(), 2U);
  EXPECT_LT(settings[0]["mean"].get<double>(), settings[1]["mean"].get<double>());
  std::vector<double> values;
  for (int fold = 0; fold < 2; ++fold) {
    const std::string metrics = folder_.Path("metrics.jsonl");
    const Finished trained =
        RunStrads(flags({"regression", "train", "--lambda=0.1", "--validation_share=0.5",
                         "--validation_fold=" + std::to_string(fold), "--metrics=" + metrics}));
    ASSERT_EQ(trained.exit_code, 0) << trained.err;
    values.push_back(ReadJsonLines(metrics).back()["validation_rmse"]);
  }
  EXPECT_NE(values[0], values[1]);
  EXPECT_NEAR(settings[0]["mean"].get<double>(), (values[0] + values[1]) / 2, 1e-12);
}

// Each fold by the solver of `auto`, coordinate descent, and by another one.
TEST_F(Search, FoldsOfALassoAreThoseOfAnotherSolver) {
  const std::string data =
      folder_.Write("line.csv", "y,x,z\n1,1,0\n2,2,1\n4,3,1\n3,4,0\n6,5,1\n5,6,0\n8,7,1\n7,8,1\n");
  std::vector<double> means;
  for (const std::string solver : {"auto", "fista"}) {
    const Finished found =
        RunStrads({"search", "regression", "--grid=lambda=0.1,1", "--l1_ratio=1", "--folds=2",
                   "--seed=3", "--metric=validation_rmse", "--data=" + data, "--model=" + model_,
                   "--noprogress", "--tolerance=1e-9", "--solver=" + solver});
    ASSERT_EQ(found.exit_code, 0) << found.err;
    const Json settings = ModelJson(model_).at("model").at("settings");
    for (const Json& setting : settings) means.push_back(setting["mean"].get<double>());
  }
  ASSERT_EQ(means.size(), 4U);
  for (size_t i = 0; i < 2; ++i) EXPECT_NEAR(means[i], means[i + 2], 1e-7);
}

TEST_F(Search, TellsTheSameWhoeverTrains) {
  const Words grid = {"--grid=C=0.001:10:4 bias=true,false", "--folds=2"};
  Found(grid);
  const std::string alone = ModelBytes(model_);
  for (const Words& who : {Words{"--workers=3"}, Words{"--workers=2", "--processes"},
                           Words{"--workers=2", "--schedulers=2"}}) {
    Words flags = grid;
    flags.insert(flags.end(), who.begin(), who.end());
    Found(flags);
    EXPECT_EQ(ModelBytes(model_), alone);
  }
}

TEST_F(Search, WritesAConfigurationForTrain) {
  const std::string config = folder_.Path("best.conf");
  const Json found = Found({"--grid=C=0.001,0.1,10", "--metric=objective", "--workers=2", "--bias",
                            "--best_config=" + config});
  // The objective grows with C.
  EXPECT_EQ(found["best"], 0);
  EXPECT_THAT(out_, HasSubstr("* 0.001"));
  const std::string metrics = folder_.Path("metrics.jsonl");
  const Finished trained =
      RunStrads({"svm", "train", "--config=" + config, "--noprogress", "--metrics=" + metrics});
  ASSERT_EQ(trained.exit_code, 0) << trained.err;
  EXPECT_EQ(ReadJsonLines(metrics).back()["objective"], found["settings"][0]["mean"]);
}

TEST_F(Search, WhatIsWrongIsSaidBeforeAnythingIsTrained) {
  const auto refused = [&](Words flags) {
    flags.insert(flags.begin(), "search");
    const Finished finished = RunStrads(flags);
    EXPECT_EQ(finished.exit_code, 2) << finished.err;
    return finished.err;
  };
  const std::string data = "--data=" + data_;
  EXPECT_THAT(refused({}), HasSubstr("no app is named"));
  EXPECT_THAT(refused({"svm", data}), HasSubstr("--grid is missing"));
  EXPECT_THAT(refused({"svm", data, "--grid=D=1"}), HasSubstr("unknown option 'D'"));
  EXPECT_THAT(refused({"svm", data, "--grid=C=1,-1"}), HasSubstr("--C=-1"));
  EXPECT_THAT(refused({"svm", data, "--grid=C=1", "--folds=1"}), HasSubstr("--folds=1"));
  EXPECT_THAT(refused({"svm", data, "--grid=C=1", "--better=worse"}), HasSubstr("--better=worse"));
  EXPECT_THAT(refused({"svm", data, "--grid=C=1", "--metric=speed"}),
              HasSubstr("--metric=speed is not told by svm, expected one of: objective"));
  EXPECT_THAT(refused({"svm", data, "--grid=solver=cocoa,sgd"}),
              HasSubstr("solver=sgd has flags of its own, expected --solver=sgd beside a --grid"));
  // Whether the app has it too, as svm has workers, or not.
  for (const std::string app : {"svm", "lasso"}) {
    for (const std::string name : {"workers", "threads", "max_rounds", "metrics", "folds"}) {
      const std::string error = refused({app, data, "--grid=" + name + "=1,2"});
      EXPECT_THAT(error, HasSubstr("--grid: '" + name +
                                   "' is an option of the run, which all settings share, "
                                   "expected some of: data, "));
      EXPECT_THAT(error, HasSubstr(app == "svm" ? ", C, loss, " : ", lambda, lambda_ratio, "));
      EXPECT_THAT(error, ::testing::Not(HasSubstr("workers, ")));
    }
  }
  for (const std::string flag :
       {"--consistency=ssp", "--staleness=1", "--holders=1", "--backup_workers=1", "--trace=2"}) {
    for (const std::string app : {"svm", "sgd"})
      EXPECT_THAT(refused({app, data, "--grid=C=1", flag}),
                  HasSubstr(flag + " does not go with search"));
  }
  EXPECT_THAT(refused({"lasso", data, "--grid=lambda=1", "--folds=2"}),
              HasSubstr("validation_share and validation_fold, which lasso has not"));
}

TEST_F(Search, RefusesABestConfigThatCannotBeWrittenBeforeAnythingIsTrained) {
  for (const std::string& path : {folder_.Path("none/best.conf"), folder_.Path("")}) {
    // A training would fail as there are no data.
    const Finished refused =
        RunStrads({"search", "svm", "--data=" + folder_.Path("no data"), "--noprogress",
                   "--grid=C=0.01,0.1", "--best_config=" + path});
    EXPECT_EQ(refused.exit_code, 3) << refused.err;
    EXPECT_THAT(refused.err, HasSubstr(path + ": cannot be written: "));
  }
  // One that ends before there is a best setting leaves the file as it was, or none.
  for (const std::string before : {"", "# of an earlier search\n"}) {
    const std::string path = folder_.Path("best.conf");
    if (!before.empty()) folder_.Write("best.conf", before);
    const Finished ended = RunStrads({"search", "svm", "--data=" + data_, "--noprogress",
                                      "--grid=C=0.01", "--metric=speed", "--best_config=" + path});
    EXPECT_EQ(ended.exit_code, 2) << ended.err;
    EXPECT_EQ(std::filesystem::exists(path), !before.empty());
    if (!before.empty()) {
      EXPECT_EQ(ReadText(path), before);
    }
  }
}

TEST_F(Search, TriesDataParallelTrainingToo) {
  for (Words words : {Words{"search", "sgd"}, Words{"search", "svm", "--solver=sgd"},
                      Words{"search", "svm", "--solver=sgd", "--processes"}}) {
    words.insert(words.end(), {"--data=" + data_, "--model=" + model_, "--noprogress", "--epochs=3",
                               "--grid=C=0.01,0.1", "--folds=2"});
    const Finished found = RunStrads(words);
    EXPECT_EQ(found.exit_code, 0) << found.err;
    const Json model = ModelJson(model_).at("model");
    EXPECT_EQ(model.at("metric"), "validation_accuracy");
    const Json settings = model.at("settings");
    ASSERT_EQ(settings.size(), 2U);
    for (const Json& setting : settings) EXPECT_FALSE(setting.at("failed").get<bool>());
  }
  const std::string best = folder_.Path("best.conf");
  ASSERT_EQ(RunStrads({"search", "svm", "--solver=sgd", "--data=" + data_, "--epochs=3",
                       "--grid=C=0.01,0.1", "--best_config=" + best, "--noprogress"})
                .exit_code,
            0);
  EXPECT_THAT(ReadText(best), HasSubstr("solver = sgd\n"));
}

TEST_F(Search, FailsIfNoSettingCanBeTrained) {
  const Finished found =
      RunStrads({"search", "regression", "--data=" + data_, "--solver=gd", "--max_rounds=200",
                 "--grid=alpha=1e200,1e201", "--noprogress"});
  EXPECT_EQ(found.exit_code, 1);
  EXPECT_THAT(found.err, HasSubstr("none of the 2 settings"));
}

TEST_F(Search, MissingDataEndIt) {
  const Finished finished =
      RunStrads({"svm", "search", "--data=" + folder_.Path("none"), "--grid=C=1", "--noprogress"});
  EXPECT_EQ(finished.exit_code, 3);
  EXPECT_THAT(finished.err, HasSubstr("none"));
}

TEST_F(Search, HelpWithoutAnAppNamesItsOwnFlags) {
  for (const Words& words : {Words{"search", "--help"}, Words{"help", "search"}}) {
    const Finished help = RunStrads(words);
    EXPECT_EQ(help.exit_code, 0) << help.err;
    for (const char* part : {"search APP", "svm", "--grid", "--folds", "--best_config"})
      EXPECT_THAT(help.out, HasSubstr(part));
  }
}

// Of two rows of a class no fold has both, whatever the seed and wherever they are.
TEST_F(Search, FoldsHaveTheirShareOfEachClass) {
  const std::string data = folder_.Write("rare.libsvm", "7 1:9 2:9\n" + Points() + "7 1:9\n");
  for (const Words& app :
       {Words{"svm", "--grid=C=1"}, Words{"regression", "--loss=logistic", "--grid=lambda=1"}}) {
    for (int seed = 1; seed <= 10; ++seed) {
      Words words = {"search", "--data=" + data, "--folds=3", "--noprogress",
                     "--seed=" + std::to_string(seed)};
      words.insert(words.begin() + 1, app.begin(), app.end());
      const Finished found = RunStrads(words);
      EXPECT_EQ(found.exit_code, 0) << found.err;
    }
  }
}

// A class that cannot be left out of the rows that are trained on ends a search with what to do.
TEST_F(Search, AClassWithoutRowsToTrainOnIsToldWithItsFold) {
  const std::string data = folder_.Write("rare.libsvm", Points() + "7 1:9 2:9\n");
  for (const Words& app :
       {Words{"svm", "--grid=C=1,10"}, Words{"svm", "--solver=sgd", "--grid=C=1"},
        Words{"regression", "--loss=logistic", "--grid=lambda=1,10"}}) {
    Words words = {"search", "--data=" + data, "--folds=5", "--noprogress"};
    words.insert(words.begin() + 1, app.begin(), app.end());
    const Finished found = RunStrads(words);
    EXPECT_EQ(found.exit_code, 3) << found.err;
    EXPECT_THAT(found.err, HasSubstr(data + ": no row with the label '7' is left to train on "
                                            "without --validation_fold="));
    EXPECT_THAT(found.err, HasSubstr("leave the label out"));
  }
}

// The second training does not end by itself.
TEST_F(Search, ThatIsInterruptedDoesNotWaitForTheTrainingsOfItsProcesses) {
  const std::string data = folder_.Write("slow.libsvm", ToLibsvm(SlowProblem()));
  for (const int signal : {SIGINT, SIGTERM}) {
    const auto run = Start({"search", "lasso", "--data=" + data, "--schedule=cyclic",
                            "--parallelism=1", "--tolerance=0", "--processes",
                            "--grid=lambda_ratio=1,1e-5,2e-5,3e-5,4e-5,5e-5,6e-5"});
    ASSERT_TRUE(IsUnderWay(*run)) << run->err();
    run->Signal(signal);
    ASSERT_TRUE(run->WaitForExit()) << "the trainings are waited for";
    EXPECT_EQ(run->exit_code(), 130) << run->err();
    EXPECT_THAT(run->out(), HasSubstr("6 settings were not trained"));
  }
}

}  // namespace
}  // namespace strads::testing
