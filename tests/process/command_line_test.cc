#include <gmock/gmock.h>
#include <strads/run_options.h>
#include <strads/version.h>

#include <algorithm>
#include <set>

#include "apps/lasso/lasso.h"
#include "coordinator/refused_options.h"
#include "tests/process/cli.h"
#include "tests/support/temp_files.h"

namespace strads::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

void ExpectUsageError(const Words& words, const std::vector<std::string>& reasons) {
  SCOPED_TRACE(::testing::PrintToString(words));
  const Finished run = RunStrads(words);
  EXPECT_EQ(run.exit_code, 2) << run.err;
  EXPECT_EQ(run.out, "");
  EXPECT_EQ(std::count(run.err.begin(), run.err.end(), '\n'), 1) << run.err;
  for (const std::string& reason : reasons) EXPECT_THAT(run.err, HasSubstr(reason));
}

void ExpectTrainRefuses(const Words& flags, const std::vector<std::string>& reasons) {
  Words words = {"lasso", "train"};
  words.insert(words.end(), flags.begin(), flags.end());
  ExpectUsageError(words, reasons);
}

class CommandLine : public ::testing::Test {
 protected:
  TempDir dir_;
  std::string data_ = dir_.Write("data.libsvm", ToLibsvm(QuickProblem()));
};

TEST_F(CommandLine, HelpOfEveryCommandNamesEveryOptionWithItsText) {
  const Program program = lasso::MakeLasso();
  std::vector<std::pair<std::string, std::vector<OptionInfo>>> commands;
  std::vector<OptionInfo> train = DescribeOptions<RunOptions>();
  std::set<std::string> shared;
  for (const RefusedOption& refused : RefusedOptions(program))
    std::erase_if(train, [&](const OptionInfo& option) { return option.name == refused.name; });
  for (const OptionInfo& option : train) shared.insert(option.name);
  for (const OptionInfo& option : program.options) {
    if (!shared.contains(option.name)) train.push_back(option);
  }
  commands.emplace_back("train", train);
  for (const Command& command : program.commands)
    commands.emplace_back(command.name, command.options);
  for (const auto& [command, options] : commands) {
    const Finished help = RunStrads({"lasso", command, "--help"});
    EXPECT_EQ(help.exit_code, 0) << help.err;
    for (const OptionInfo& option : options) {
      EXPECT_THAT(help.out, HasSubstr("--" + option.name + " ")) << command;
      EXPECT_TRUE(shared.contains(option.name) || !option.help.empty()) << option.name;
      EXPECT_THAT(help.out, HasSubstr(option.help.substr(0, option.help.find(' ')))) << option.name;
    }
    EXPECT_THAT(help.out, HasSubstr("--config"));
  }
}

// What a flag is given here is not its default.
TEST_F(CommandLine, HelpListsNoOptionThatTheCommandAlwaysRefuses) {
  const Words clocks = {"--consistency=ssp", "--holders=2", "--backup_workers=1", "--trace=5"};
  const Words lead = {"--staleness=1", "--lookahead=1"};
  const Words plans = {"--schedulers=2", "--lookahead=1"};
  const Words of_train = {"--lambda=1", "--lambda_ratio=0.5", "--warm_start=model.json"};
  struct Case {
    Words command;
    std::vector<Words> refused, taken;
  };
  for (const Case& command :
       std::vector<Case>{{{"lasso", "train"}, {clocks}, {lead, plans, of_train}},
                         {{"lasso", "path"}, {clocks, lead, of_train}, {}},
                         {{"lasso", "search"}, {clocks, {"--staleness=1"}}, {plans, of_train}},
                         {{"mf", "train"}, {clocks}, {lead}},
                         {{"lda", "train"}, {clocks}, {lead, {"--tokens"}}},
                         {{"lda", "search"}, {clocks, {"--staleness=1", "--tokens"}}, {}},
                         {{"svm", "train"}, {clocks, lead}, {}},
                         {{"svm", "train", "--solver=sgd"}, {plans}, {clocks, {"--staleness=1"}}},
                         {{"svm", "search", "--solver=sgd"}, {clocks, {"--staleness=1"}}, {plans}},
                         {{"regression", "train"}, {clocks, lead}, {}},
                         {{"sgd", "train"}, {plans}, {clocks, {"--staleness=1"}}}}) {
    SCOPED_TRACE(::testing::PrintToString(command.command));
    Words words = command.command;
    words.push_back("--help");
    const std::string help = RunStrads(words).out;
    const auto listed = [](const std::string& flag) {
      return HasSubstr("\n  " + flag.substr(0, flag.find('=')) + " ");
    };
    for (const Words& flags : command.taken) {
      for (const std::string& flag : flags) EXPECT_THAT(help, listed(flag));
    }
    for (const Words& flags : command.refused) {
      for (const std::string& flag : flags) {
        EXPECT_THAT(help, ::testing::Not(listed(flag)));
        words = command.command;
        words.insert(words.end(), {"--data=" + data_, flag});
        if (command.command[1] == "search") words.emplace_back("--grid=seed=1,2");
        ExpectUsageError(words, {flag.substr(2, flag.find('=') - 2)});
      }
    }
  }
}

TEST_F(CommandLine, HelpOfTheBinaryAndOfAnAppNamesTheCommands) {
  for (const Words& words : {Words{"--help"}, Words{"lasso", "--help"}, Words{"lasso", "-h"}}) {
    const Finished help = RunStrads(words);
    EXPECT_EQ(help.exit_code, 0) << help.err;
    for (const char* word : {"lasso", "train", "path", "predict", "evaluate"}) {
      EXPECT_THAT(help.out, HasSubstr(word));
    }
  }
}

TEST_F(CommandLine, VersionIsThatOfTheLibrary) {
  const Finished version = RunStrads({"--version"});
  EXPECT_EQ(version.exit_code, 0);
  EXPECT_EQ(version.out, "strads " + std::string(kVersion) + "\n");
}

TEST_F(CommandLine, NoWordAtAllShowsTheUsageAndFails) {
  const Finished run = RunStrads({});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.err, HasSubstr("usage: "));
}

TEST_F(CommandLine, UnknownWordsAreRefusedWithTheKnownOnes) {
  ExpectUsageError({"laso", "train"}, {"unknown app 'laso'", "lasso"});
  ExpectUsageError({"lasso", "fit"}, {"unknown command 'fit'", "train", "predict", "evaluate"});
  ExpectUsageError({"lasso", "train", "now"}, {"unexpected word 'now'"});
}

TEST_F(CommandLine, AnUnknownFlagIsRefusedWithWhatWasMeant) {
  ExpectTrainRefuses({"--lamda=1", "--data=" + data_}, {"lamda", "did you mean lambda"});
  ExpectTrainRefuses({"--worker=1", "--data=" + data_}, {"did you mean workers"});
  ExpectTrainRefuses({"--xyzzy", "--data=" + data_}, {"xyzzy", "--help"});
  ExpectUsageError({"lasso", "predict", "--workers=2"}, {"workers"});
}

TEST_F(CommandLine, AMissingOrIllTypedValueIsRefused) {
  ExpectTrainRefuses({"--data"}, {"--data", "needs a value"});
  ExpectTrainRefuses({"--data=" + data_, "--workers"}, {"--workers", "needs a value"});
  ExpectTrainRefuses({"--data=" + data_, "--workers=two"}, {"workers", "two"});
  ExpectTrainRefuses({"--data=" + data_, "--tolerance=small"}, {"tolerance", "small"});
  ExpectTrainRefuses({"--data=" + data_, "--progress=perhaps"}, {"progress", "perhaps"});
}

TEST_F(CommandLine, AFlagAndItsValueMayBeTwoWordsAndDashesMayBeUnderscores) {
  const Finished run =
      RunTrain({"--data", data_, "--max-rounds", "3", "-workers=2", "--print-config"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("\nmax_rounds = 3\n"));
  EXPECT_THAT(run.out, HasSubstr("\nworkers = 2\n"));
}

TEST_F(CommandLine, AnAppWhoseRoundsEachNeedTheLastTakesNoLead) {
  for (const std::string app : {"svm", "regression"}) {
    ExpectUsageError({app, "train", "--data=" + data_, "--staleness=3"},
                     {"--staleness=3", "expected 0"});
    ExpectUsageError({app, "train", "--data=" + data_, "--schedulers=2"},
                     {"--schedulers=2", "expected at most 1"});
    ExpectUsageError({app, "train", "--data=" + data_, "--lookahead=1"},
                     {"--lookahead=1", "expected 0"});
  }
}

TEST_F(CommandLine, MissingDataAreAskedFor) {
  ExpectTrainRefuses({}, {"--data"});
  ExpectUsageError({"lasso", "predict", "--model=m.json"}, {"--data"});
  ExpectUsageError({"lasso", "evaluate", "--data=" + data_}, {"--model"});
}

TEST_F(CommandLine, NumbersOutOfRangeAreRefusedByName) {
  for (const char* flag :
       {"workers=0",         "workers=-1",        "threads=0",        "threads=4097",
        "schedulers=-2",     "staleness=-1",      "staleness=1001",   "tolerance=-1e-9",
        "tolerance=nan",     "max_rounds=-1",     "max_time=-1",      "max_time=nan",
        "join_timeout=0",    "load_timeout=-1",   "round_timeout=0",  "peer_timeout=0",
        "parallelism=0",     "parallelism=-3",    "lambda=-1",        "lambda=nan",
        "lambda_ratio=0",    "lambda_ratio=-0.5", "candidates=0.5",   "max_coupling=-0.1",
        "coupling_cache=-1", "num_features=-1",   "schedule=fastest", "loss=hinge",
        "l1_ratio=1.5",      "l1_ratio=-0.1",     "l1_ratio=nan"}) {
    const std::string name = std::string(flag).substr(0, std::string(flag).find('='));
    ExpectTrainRefuses(
        {"--data=" + data_, "--max_rounds=50", "--schedule=dependency", "--" + std::string(flag)},
        {name});
  }
}

TEST_F(CommandLine, OptionsThatDoNotGoTogetherAreRefused) {
  ExpectTrainRefuses({"--data=" + data_, "--l1_ratio=0"}, {"l1_ratio", "--lambda"});
  ExpectTrainRefuses({"--data=" + data_, "--nonnegative", "--groups=g"}, {"nonnegative", "groups"});
  ExpectTrainRefuses({"--data=" + data_, "--schedule=dependency", "--groups=g"}, {"groups"});
  for (const char* flag : {"lambda=1", "lambda_ratio=0.5", "l1_ratio=0", "num_lambdas=0", "folds=1",
                           "folds=-1", "lambda_min_ratio=1", "select=best", "folds=1000000"}) {
    const std::string name = std::string(flag).substr(0, std::string(flag).find('='));
    ExpectUsageError({"lasso", "path", "--data=" + data_, "--noprogress", "--" + std::string(flag)},
                     {name});
  }
  ExpectUsageError({"lasso", "path", "--data=" + data_, "--select=1se", "--folds=0"},
                   {"--select=1se", "--folds"});
}

TEST_F(CommandLine, MoreParallelismThanVariablesIsAllOfThem) {
  for (const char* schedule :
       {"cyclic", "shuffled", "random", "priority", "dependency", "block_greedy", "working_set"}) {
    const Finished run = RunTrain(
        {"--data=" + data_, "--parallelism=2147483647", "--schedule=" + std::string(schedule)});
    EXPECT_EQ(run.exit_code, 0) << schedule << ": " << run.err;
    EXPECT_THAT(run.out, HasSubstr("Converged")) << schedule;
  }
}

TEST_F(CommandLine, RolesAreRefusedWithoutWhatTheyNeed) {
  ExpectTrainRefuses({"--data=" + data_, "--role=worker"}, {"--connect"});
  ExpectTrainRefuses({"--data=" + data_, "--role=scheduler"}, {"--connect"});
  ExpectTrainRefuses({"--data=" + data_, "--role=coordinator"}, {"--listen"});
  ExpectTrainRefuses({"--data=" + data_, "--role=boss"}, {"--role=boss"});
  ExpectTrainRefuses({"--data=" + data_, "--listen=tcp://127.0.0.1:*"}, {"--role=coordinator"});
  ExpectTrainRefuses({"--data=" + data_, "--connect=tcp://127.0.0.1:1"}, {"--role"});
  ExpectTrainRefuses({"--role=worker", "--processes", "--connect=tcp://127.0.0.1:1"},
                     {"--processes"});
  ExpectUsageError({"--role=coordinator", "--listen=tcp://127.0.0.1:*"}, {"no app"});
  ExpectUsageError({"--role=worker", "--connect=udp://127.0.0.1:1"}, {"udp://127.0.0.1:1"});
  ExpectUsageError({"--role=worker", "--connect=tcp://nowhere"}, {"tcp://nowhere"});
  for (const char* port : {"0", "65536", "*", "99999", ""})
    ExpectUsageError({"--role=worker", std::string("--connect=tcp://127.0.0.1:") + port},
                     {"has no port, expected tcp://HOST:PORT"});
  ExpectTrainRefuses({"--data=" + data_, "--role=coordinator", "--listen=tcp://127.0.0.1:65536"},
                     {"has no port", "or * for any"});
  ExpectTrainRefuses({"--data=" + data_, "--lambda=2", "--lambda_ratio=0.5"},
                     {"--lambda=2 beside --lambda_ratio=0.5"});
}

TEST_F(CommandLine, AListenerThatOthersCanReachNeedsInsecure) {
  for (const char* endpoint :
       {"tcp://0.0.0.0:*", "tcp://*:*", "tcp://10.1.2.3:*", "tcp://[::]:*"}) {
    ExpectTrainRefuses(
        {"--data=" + data_, "--role=coordinator", "--listen=" + std::string(endpoint)},
        {"--insecure", endpoint});
  }
  const auto open = Start({"lasso", "train", "--data=" + data_, "--role=coordinator",
                           "--listen=tcp://0.0.0.0:*", "--insecure"});
  EXPECT_TRUE(open->WaitForErr("listening on tcp://")) << open->err();
}

TEST_F(CommandLine, AnEndpointThatIsTakenIsAPeerError) {
  TcpCoordinator first({"--data=" + data_});
  const std::string port = first.endpoint().substr(first.endpoint().rfind(':'));
  const Finished second = RunStrads({"lasso", "train", "--data=" + data_, "--role=coordinator",
                                     "--listen=tcp://127.0.0.1" + port});
  EXPECT_EQ(second.exit_code, 4);
  EXPECT_THAT(second.err, HasSubstr("tcp://127.0.0.1" + port));
}

TEST_F(CommandLine, ACoordinatorTellsTheAddressThatItWasGiven) {
  TcpCoordinator coordinator({"--data=" + data_});
  EXPECT_THAT(coordinator.endpoint(), StartsWith("tcp://127.0.0.1:"));
}

TEST_F(CommandLine, HelpIsAWordToo) {
  const std::vector<std::pair<Words, Words>> pairs = {
      {{"help"}, {"--help"}},
      {{"help", "svm"}, {"svm", "--help"}},
      {{"help", "mf", "train"}, {"mf", "train", "--help"}},
      {{"help", "search", "svm"}, {"svm", "search", "--help"}}};
  for (const auto& [words, flag] : pairs) {
    const Finished help = RunStrads(words);
    EXPECT_EQ(help.exit_code, 0) << help.err;
    EXPECT_EQ(help.out, RunStrads(flag).out);
    EXPECT_THAT(help.out, HasSubstr("strads"));
  }
  EXPECT_THAT(RunStrads({"svn"}).err, HasSubstr("or search APP, or help"));
}

// lambda_max is |x'y| = 10.
TEST_F(CommandLine, AShareOfLambdaMaxThatIsInfiniteIsRefused) {
  const std::string data = dir_.Write("two.libsvm", "1 1:10\n0 1:-1\n");
  ExpectTrainRefuses({"--data=" + data, "--lambda_ratio=1e308"},
                     {"--lambda_ratio=1e+308 times lambda_max, which is 10, is infinite"});
}

}  // namespace
}  // namespace strads::testing
