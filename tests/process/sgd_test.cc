#include <gmock/gmock.h>
#include <signal.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tests/process/cli.h"
#include "tests/support/temp_files.h"

namespace strads::testing {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kRows[] =
    "yes 1 0.1\nyes 1.2 0\nyes 0.9 0.2\nyes 0.8 -0.1\n"
    "no -0.9 0.1\nno -1.1 -0.2\nno -1 0.3\nno -0.7 0\n";

std::string Csv() {
  std::string text = "answer,left,right\n" + std::string(kRows);
  for (char& c : text) {
    if (c == ' ') c = ',';
  }
  return text;
}

TEST(SgdCommands, TrainInProcessesAndPredictUnderEveryConsistency) {
  const TempDir folder;
  const std::string data = folder.Write("rows.csv", Csv());
  const std::string fresh = folder.Write("new.csv", "right,left\n0.5,2\n-0.5,-2\n");
  const std::string model = folder.Path("model.json"), metrics = folder.Path("metrics.jsonl");
  for (const std::string consistency : {"bsp", "ssp", "essp", "async", "backup"}) {
    Words flags = {"sgd",
                   "train",
                   "--data=" + data,
                   "--model=" + model,
                   "--metrics=" + metrics,
                   "--consistency=" + consistency,
                   "--workers=2",
                   "--epochs=50",
                   "--trace=10",
                   "--noprogress"};
    if (consistency.ends_with("ssp")) flags.push_back("--staleness=2");
    if (consistency == "backup") flags.push_back("--backup_workers=1");
    if (consistency == "essp") flags.push_back("--processes");
    const Finished trained = RunStrads(flags);
    ASSERT_EQ(trained.exit_code, 0) << trained.err;
    EXPECT_THAT(trained.out, HasSubstr("staleness        " + consistency));
    const Json summary = ReadJsonLines(metrics).back();
    EXPECT_GE(summary["epochs"].get<double>(), 50);
    EXPECT_FALSE(summary["staleness_histogram"].empty());
    // Without a bound one worker may have done all before the other has begun.
    EXPECT_GT(summary["trace"].size(), consistency == "async" ? 0u : 1u);
    const Finished predicted = RunStrads({"sgd", "predict", "--data=" + fresh, "--model=" + model});
    EXPECT_EQ(predicted.out, "yes\nno\n") << predicted.err;
  }
}

// Three kinds, numbers so that liblinear can name them, each where one of two features is large, or
// neither. In turn, as one worker may do all.
constexpr char kFlowers[] =
    "kind,width,length\n"
    "10,1,0.1\n2,0,1\n3,-1,-1\n10,1.2,0\n2,0.1,1.1\n3,-0.8,-1.2\n"
    "10,0.9,0.2\n2,0.2,0.8\n3,-1.1,-0.7\n10,1.1,-0.1\n2,-0.1,0.9\n3,-0.9,-0.9\n";

TEST(SgdCommands, TellSeveralClassesApartUnderEveryConsistency) {
  const TempDir folder;
  const std::string data = folder.Write("flowers.csv", kFlowers);
  const std::string fresh = folder.Write("new.csv", "length,colour,width\n0,7,2\n2,7,0\n-2,7,-2\n");
  const std::string model = folder.Path("model.json"), metrics = folder.Path("metrics.jsonl");
  for (const Words& app : {Words{"svm", "train", "--solver=sgd", "--C=10", "--bias"},
                           Words{"regression", "train", "--solver=sgd", "--loss=logistic"}}) {
    for (const std::string consistency : {"bsp", "ssp", "essp", "async", "backup"}) {
      Words flags = app;
      flags.insert(flags.end(),
                   {"--data=" + data, "--model=" + model, "--metrics=" + metrics, "--workers=2",
                    "--consistency=" + consistency, "--epochs=200", "--trace=20", "--noprogress"});
      if (consistency.ends_with("ssp")) flags.insert(flags.end(), {"--staleness=2", "--holders=2"});
      if (consistency == "backup") flags.push_back("--backup_workers=1");
      if (consistency == "essp") flags.push_back("--processes");
      const Finished trained = RunStrads(flags);
      ASSERT_EQ(trained.exit_code, 0) << trained.err;
      EXPECT_GT(ReadJsonLines(metrics).back()["trace"].size(), consistency == "async" ? 0u : 1u);
      const auto told = [&](const std::string& command, const Words& more) {
        Words words = {app[0], command, "--model=" + model};
        words.insert(words.end(), more.begin(), more.end());
        const Finished finished = RunStrads(words);
        EXPECT_EQ(finished.exit_code, 0) << finished.err;
        return finished.out;
      };
      EXPECT_EQ(told("predict", {"--data=" + fresh}), "10\n2\n3\n") << app[0] << " " << consistency;
      EXPECT_THAT(told("evaluate", {"--data=" + data}), HasSubstr("accuracy  1\n"));
      if (app[0] != "svm") continue;
      EXPECT_THAT(told("export", {}), HasSubstr("nr_class 3\nlabel 2 3 10\n"));
      told("calibrate", {"--data=" + data});
      EXPECT_THAT(told("predict", {"--data=" + fresh, "--values=probabilities"}),
                  ContainsRegex("^[^ ]+ [^ ]+ [^ ]+\n"));
    }
  }
}

// Their workers would be the first of every clock.
TEST(SgdCommands, DoNotLetBackupCountOnlyRowsOfNoWeight) {
  const TempDir folder;
  std::string rows;  // of one length: two for each worker
  for (int i = 0; i < 4; ++i) rows += "+1 1:0.5\n-1 2:0.7\n";
  const std::string data = "--data=" + folder.Write("rows.libsvm", rows);
  const std::string weights = "--weights=" + folder.Write("weights", "0\n0\n1\n1\n1\n1\n0\n0\n");
  for (const Words& app : {Words{"svm", "train", "--solver=sgd"},
                           Words{"regression", "train", "--solver=sgd", "--loss=logistic"}}) {
    const auto train = [&](const std::string& backup_workers) {
      Words words = app;
      words.insert(words.end(), {data, weights, "--workers=4", "--consistency=backup",
                                 "--backup_workers=" + backup_workers, "--noprogress"});
      return RunStrads(words);
    };
    EXPECT_EQ(train("1").exit_code, 0);
    const Finished refused = train("2");
    EXPECT_EQ(refused.exit_code, 2);
    EXPECT_THAT(refused.err, HasSubstr("--backup_workers=2 is out of range: of the 4 workers only "
                                       "2 have rows to learn from (not: 0, 3)"));
  }
}

TEST(SgdCommands, AreASolverOfSvm) {
  const TempDir folder;
  const std::string data = "--data=" + folder.Write("rows.csv", Csv());
  const std::string config = "--config=" + folder.Write("svm.conf", "solver = sgd\nepochs = 7\n");
  const auto train = [&](Words words) {
    const std::string model = folder.Path("model.json");
    words.insert(words.end(), {data, "--workers=2", "--noprogress", "--model=" + model});
    const Finished trained = RunStrads(words);
    EXPECT_EQ(trained.exit_code, 0) << trained.err;
    return ModelJson(model);
  };
  const Json model = train({"sgd", "train", "--epochs=7"});
  EXPECT_EQ(model.at("options").at("solver"), "sgd");
  EXPECT_EQ(train({"svm", "train", "--solver=sgd", "--epochs=7"}), model);
  EXPECT_EQ(train({"svm", "train", "--solver", "sgd", "--epochs=7", "--processes"}), model);
  EXPECT_EQ(train({"svm", "train", config}), model);
  EXPECT_EQ(train({"svm", "train", config, "--solver=cocoa"}).at("options").at("solver"), "cocoa");
  EXPECT_THAT(RunStrads({"svm", "train", "--solver=sgd", "--help"}).out, HasSubstr("local_epochs"));
  const Finished refused =
      RunStrads({"svm", "train", data, "--solver=sgd", "--multiclass=crammer_singer"});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.err,
              HasSubstr("unknown option 'multiclass': it does not go with --solver=sgd"));
  EXPECT_THAT(RunStrads({"svm", "train", data, "--epochs=3"}).err,
              HasSubstr("unknown option 'epochs': it goes with --solver=sgd"));
  EXPECT_THAT(RunStrads({"lasso", "train", data, "--folds=3"}).err, HasSubstr("it is of path"));
  EXPECT_EQ(RunStrads({"svm", "train", data, "--solver=newton"}).exit_code, 2);
}

// Trains for ever: someone has to end it.
Words Endless(const std::string& data) {
  return {"svm",
          "train",
          "--solver=sgd",
          "--data=" + data,
          "--workers=2",
          "--holders=2",
          "--consistency=essp",
          "--staleness=1",
          "--epochs=0",
          "--delay_mean=0.001"};
}

TEST(SgdCommands, HaveTheSameModelWithHoldersInThreadsAndInProcesses) {
  const TempDir folder;
  const std::string data = folder.Write("rows.csv", Csv()), model = folder.Path("model.json");
  const auto train = [&](const Words& more) {
    Words flags = {"svm",         "train",       "--solver=sgd", "--data=" + data,
                   "--workers=2", "--epochs=20", "--noprogress", "--model=" + model};
    flags.insert(flags.end(), more.begin(), more.end());
    const Finished trained = RunStrads(flags);
    EXPECT_EQ(trained.exit_code, 0) << trained.err;
    return ModelBytes(model);
  };
  const std::string whole = train({});
  EXPECT_EQ(train({"--holders=2"}), whole);
  EXPECT_EQ(train({"--holders=2", "--processes"}), whole);
}

TEST(SgdCommands, HoldersOnOtherMachinesJoinAsWorkersDo) {
  const TempDir folder;
  const std::string model = folder.Path("model.json"), metrics = folder.Path("metrics.jsonl");
  const TcpCoordinator listening(
      {"--solver=sgd", "--data=" + folder.Write("rows.csv", Csv()), "--workers=2", "--holders=2",
       "--epochs=20", "--trace=50", "--model=" + model, "--metrics=" + metrics},
      {"svm", "train"});
  Process& coordinator = listening.process();
  ASSERT_TRUE(coordinator.WaitForErr(" for 2 workers and 2 holders")) << coordinator.err();
  std::vector<std::unique_ptr<Process>> members;
  for (const char* role : {"holder", "worker", "worker", "holder"}) {
    // As the coordinator was started, or without a word.
    Words started = {std::string("--role=") + role, "--connect=" + listening.endpoint()};
    if (members.size() % 2 == 0) started.insert(started.begin(), {"svm", "train"});
    members.push_back(Start(started));
  }
  ASSERT_TRUE(coordinator.WaitForExit(20)) << coordinator.err();
  EXPECT_EQ(coordinator.exit_code(), 0) << coordinator.err();
  for (const auto& member : members) {
    EXPECT_TRUE(member->WaitForExit());
    EXPECT_EQ(member->exit_code(), 0) << member->err();
  }
  EXPECT_THAT(coordinator.out(), HasSubstr("sent between them and workers"));
  const Json summary = ReadJsonLines(metrics).back();
  EXPECT_EQ(summary["holder_rss_bytes"].size(), 2u);
  EXPECT_GT(summary["trace"].size(), 1u);
}

TEST(SgdCommands, AKilledHolderIsNamedAndAKilledWorkerLeavesTheModelSoFar) {
  const TempDir folder;
  const std::string data = folder.Write("rows.csv", Csv()), model = folder.Path("model.json");
  // Children start in the order workers, holders.
  for (const size_t child : {2u, 0u}) {
    Words flags = Endless(data);
    flags.insert(flags.end(), {"--processes", "--model=" + model, "--peer_timeout=60"});
    const auto run = Start(flags);
    ASSERT_TRUE(IsUnderWay(*run)) << run->err();
    const auto children = run->Children();
    ASSERT_EQ(children.size(), 4u);
    kill(children[child], SIGKILL);
    ASSERT_TRUE(run->WaitForExit(20)) << run->err();
    EXPECT_EQ(run->exit_code(), 4);
    const std::string role = child == 2 ? "holder" : "worker";
    EXPECT_THAT(run->err(),
                ContainsRegex(role + " [01] .process " + std::to_string(children[child]) + " on "));
    EXPECT_TRUE(run->WaitForSilence()) << "a child still runs";
    if (child == 2) {
      EXPECT_THAT(run->err(), HasSubstr("not written"));
      EXPECT_FALSE(std::filesystem::exists(model));
    } else {
      EXPECT_EQ(ModelJson(model).at("training").at("termination"), "WorkerLost");
    }
  }
}

TEST(SgdCommands, ARunWithHoldersIsStoppedByCtrlC) {
  const TempDir folder;
  const std::string model = folder.Path("model.json");
  Words flags = Endless(folder.Write("rows.csv", Csv()));
  flags.insert(flags.end(), {"--processes", "--model=" + model});
  const auto run = Start(flags);
  ASSERT_TRUE(IsUnderWay(*run)) << run->err();
  kill(-run->pid(), SIGINT);
  ASSERT_TRUE(run->WaitForExit(20)) << run->err();
  EXPECT_EQ(run->exit_code(), 130) << run->err();
  EXPECT_TRUE(run->WaitForSilence());
  EXPECT_EQ(ModelJson(model).at("training").at("termination"), "UserStop");
}

TEST(SgdCommands, AClassWeightIsTheWeightOfEachOfItsRows) {
  const TempDir folder;
  const auto model = [&](const std::string& weights) {
    const std::string path = folder.Path("model.json");
    const Finished trained =
        RunStrads({"sgd", "train", "--data=" + folder.Write("rows.csv", Csv()), "--workers=2",
                   "--epochs=5", "--loss=logistic", "--noprogress", "--model=" + path, weights});
    EXPECT_EQ(trained.exit_code, 0) << trained.err;
    return ModelJson(path).at("model");
  };
  const Json weighted = model("--class_weights=" + folder.Write("classes", "yes 2.5\n"));
  EXPECT_EQ(weighted,
            model("--weights=" + folder.Write("rows", "2.5\n2.5\n2.5\n2.5\n1\n1\n1\n1\n")));
  EXPECT_NE(weighted, model("--weights="));
  EXPECT_EQ(model("--class_weights=balanced"), model("--weights=")) << "four rows of each class";
}

// One file serves both solvers, but what is not heeded is not passed over in silence.
TEST(SgdCommands, WhatAConfigFileSaysToAnotherSolverIsTold) {
  const TempDir folder;
  const std::string data = "--data=" + folder.Write("rows.csv", Csv());
  const std::string config =
      folder.Write("svm.conf", "epochs = 7\nmulticlass = crammer_singer\nvalues = decision\n");
  const auto told = [&](const std::string& solver) {
    return RunStrads({"svm", "train", data, "--noprogress", "--config=" + config, solver}).err;
  };
  EXPECT_THAT(told("--solver=sgd"),
              HasSubstr(config + ":2: 'multiclass' has no effect with this --solver"));
  EXPECT_THAT(told("--solver=cocoa"),
              HasSubstr(config + ":1: 'epochs' has no effect with this --solver"));
  EXPECT_THAT(told("--solver=cocoa"), Not(HasSubstr("'multiclass'")));
  EXPECT_THAT(told("--solver=sgd"), Not(HasSubstr("'values'")));
}

TEST(SgdCommands, HoldersTellWhatTheRunWasLike) {
  const TempDir folder;
  const std::string data = "--data=" + folder.Write("rows.csv", Csv());
  for (const std::string app : {"svm", "regression"}) {
    const auto last = [&](const Words& more) {
      Words words = {app,
                     "train",
                     "--solver=sgd",
                     data,
                     "--noprogress",
                     "--epochs=7",
                     "--validation_share=0.25",
                     "--metrics=" + folder.Path("metrics")};
      if (app == "regression") words.push_back("--loss=logistic");
      words.insert(words.end(), more.begin(), more.end());
      const Finished trained = RunStrads(words);
      EXPECT_EQ(trained.exit_code, 0) << trained.err;
      Json record = ReadJsonLines(folder.Path("metrics")).back();
      for (const char* name : {"epochs", "nonzeros", "validation_accuracy", "updates"})
        EXPECT_TRUE(record.contains(name)) << name;
      return std::vector<Json>{record["epochs"], record["nonzeros"], record["validation_accuracy"],
                               record["updates"]};
    };
    const std::vector<Json> alone = last({});
    EXPECT_GE(alone[0].get<double>(), 7);
    EXPECT_GT(alone[1].get<int>(), 0);
    EXPECT_EQ(last({"--holders=2"}), alone);
  }
}

TEST(SgdCommands, FlagsThatHaveNoEffectAreRefused) {
  const TempDir folder;
  const std::string data = "--data=" + folder.Write("rows.csv", Csv());
  const auto refuses = [&](const std::string& app, const std::string& flag) {
    const Finished refused = RunStrads({app, "train", data, "--workers=2", "--noprogress", flag});
    EXPECT_EQ(refused.exit_code, 2) << app << " " << flag << ": " << refused.err;
    EXPECT_THAT(refused.err, HasSubstr(flag.substr(0, flag.find('='))));
  };
  for (const char* flag : {"--staleness=2", "--backup_workers=1", "--consistency=fresh",
                           "--schedulers=1", "--lookahead=1", "--holders=-1", "--trace=-1",
                           "--delay_mean=-1", "--epochs=-1", "--local_epochs=21"})
    refuses("sgd", flag);
  for (const char* flag : {"--consistency=ssp", "--backup_workers=1", "--trace=5", "--holders=1"})
    refuses("svm", flag);
}

// A worker that does not complete a clock for longer than any run may take.
class BesideAStuckWorker : public ::testing::Test {
 protected:
  Words Flags(const Words& more) const {
    Words flags = {"sgd",
                   "train",
                   "--data=" + data_,
                   "--workers=3",
                   "--noprogress",
                   "--slow_rank=2",
                   "--slow_factor=1e15",
                   "--metrics=" + metrics_,
                   "--model=" + model_};
    flags.insert(flags.end(), more.begin(), more.end());
    return flags;
  }
  Json Summary() const { return ReadJsonLines(metrics_).back(); }

  const TempDir folder_;
  const std::string data_ = folder_.Write("rows.csv", Csv());
  const std::string metrics_ = folder_.Path("metrics.jsonl"), model_ = folder_.Path("model.json");
};

TEST_F(BesideAStuckWorker, PassesAreThoseThatOthersMake) {
  const Finished run = RunStrads(Flags({"--consistency=async", "--epochs=20"}));
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(Summary()["rounds"], 0);
  EXPECT_GE(Summary()["epochs"].get<double>(), 20);
  EXPECT_LE(Summary()["epochs"].get<double>(), 22);
  EXPECT_FALSE(Summary()["objective"].is_null());
  EXPECT_TRUE(std::filesystem::exists(model_));
}

TEST_F(BesideAStuckWorker, TimeIsUpForAll) {
  for (const char* consistency : {"--consistency=async", "--consistency=ssp"}) {
    for (const char* holders : {"--holders=0", "--holders=2"}) {
      Words more = {consistency, holders, "--epochs=0", "--max_time=0.2"};
      if (more[0].ends_with("ssp")) more.push_back("--staleness=3");
      const Finished run = RunStrads(Flags(more));
      ASSERT_EQ(run.exit_code, 0) << run.err;
      EXPECT_EQ(Summary()["termination"], "MaxTime");
      EXPECT_FALSE(Summary()["objective"].is_null());
      EXPECT_TRUE(Summary()["gap"].is_null());
      EXPECT_GT(Summary()["wait_seconds"].get<double>(), 0);
      EXPECT_TRUE(std::filesystem::exists(model_));
      std::filesystem::remove(model_);
    }
  }
}

}  // namespace
}  // namespace strads::testing
