#include <gmock/gmock.h>
#include <strads/run.h>
#include <strads/version.h>

#include <filesystem>
#include <optional>

#include "apps/lasso/lasso.h"
#include "coordinator/wire/control.h"
#include "coordinator/wire/reliable_endpoint.h"
#include "coordinator/wire/zmq_transport.h"
#include "tests/process/cli.h"
#include "tests/support/temp_files.h"

namespace strads::testing {
namespace {

using ::testing::HasSubstr;

class Joining : public ::testing::Test {
 protected:
  TempDir dir_;
  std::string data_ = dir_.Write("data.libsvm", ToLibsvm(QuickProblem()));
};

TEST_F(Joining, AWorkerMayComeBeforeItsCoordinator) {
  const std::string endpoint = "--connect=ipc://" + dir_.Path("socket");
  const auto worker = Start({"--role=worker", endpoint});
  ASSERT_TRUE(worker->WaitForErr("joining the coordinator at")) << worker->err();
  const auto coordinator = Start({"lasso", "train", "--role=coordinator",
                                  "--listen=ipc://" + dir_.Path("socket"), "--data=" + data_});
  ASSERT_TRUE(coordinator->WaitForExit());
  EXPECT_EQ(coordinator->exit_code(), 0) << coordinator->err();
  ASSERT_TRUE(worker->WaitForExit());
  EXPECT_EQ(worker->exit_code(), 0) << worker->err();
}

TEST_F(Joining, ASocketIsTakenFromNoOneAndGoneInTheEnd) {
  const std::string path = dir_.Path("socket");
  const auto listen = [&](const std::string& at) {
    return Start({"lasso", "train", "--role=coordinator", "--listen=ipc://" + at, "--data=" + data_,
                  "--join_timeout=30"});
  };
  const auto coordinator = listen(path);
  ASSERT_TRUE(coordinator->WaitForErr("listening on")) << coordinator->err();
  const auto expect_refused = [&](const std::string& at, const std::string& why) {
    const auto second = listen(at);
    ASSERT_TRUE(second->WaitForExit());
    EXPECT_EQ(second->exit_code(), 4);
    EXPECT_THAT(second->err(), HasSubstr("cannot listen on ipc://" + at + ": " + why));
  };
  expect_refused(path, "Address already in use");
  expect_refused(data_, "a file that is no socket lies there");
  EXPECT_FALSE(ReadText(data_).empty());
  const auto worker = Start({"--role=worker", "--connect=ipc://" + path});
  ASSERT_TRUE(coordinator->WaitForExit());
  EXPECT_EQ(coordinator->exit_code(), 0) << coordinator->err();
  EXPECT_TRUE(worker->WaitForExit());
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(Joining, ASocketThatWasLeftBehindIsNoHindrance) {
  const std::string path = dir_.Path("socket");
  {
    const auto killed = Start(
        {"lasso", "train", "--role=coordinator", "--listen=ipc://" + path, "--data=" + data_});
    ASSERT_TRUE(killed->WaitForErr("listening on")) << killed->err();
    killed->Signal(SIGKILL);
    ASSERT_TRUE(killed->WaitForExit());
  }
  ASSERT_TRUE(std::filesystem::exists(path));
  const auto coordinator =
      Start({"lasso", "train", "--role=coordinator", "--listen=ipc://" + path, "--data=" + data_});
  const auto worker = Start({"--role=worker", "--connect=ipc://" + path});
  ASSERT_TRUE(coordinator->WaitForExit());
  EXPECT_EQ(coordinator->exit_code(), 0) << coordinator->err();
}

TEST_F(Joining, AWorkerWhomNobodyAnswersGivesUpAfterItsJoinTimeout) {
  const auto worker =
      Start({"--role=worker", "--connect=ipc://" + dir_.Path("nobody"), "--join_timeout=0.3"});
  ASSERT_TRUE(worker->WaitForExit());
  EXPECT_EQ(worker->exit_code(), 4);
  EXPECT_THAT(worker->err(), HasSubstr("--join_timeout"));
  EXPECT_THAT(worker->err(), HasSubstr(dir_.Path("nobody")));
}

TEST_F(Joining, ACoordinatorWhomTooFewJoinSaysHowMany) {
  TcpCoordinator coordinator({"--data=" + data_, "--workers=3", "--join_timeout=2"});
  const auto worker = coordinator.StartMember("worker");
  ASSERT_TRUE(coordinator.process().WaitForExit());
  EXPECT_EQ(coordinator.process().exit_code(), 4);
  EXPECT_THAT(coordinator.process().err(), HasSubstr("1 of 3 workers"));
  ASSERT_TRUE(worker->WaitForExit());
  EXPECT_EQ(worker->exit_code(), 4) << worker->err();
}

// Two of two workers join, one of whom comes after the one that is refused.
class Refusal : public Joining {
 protected:
  void ExpectRefused(Process& worker, const std::string& reason) {
    ASSERT_TRUE(worker.WaitForExit());
    EXPECT_EQ(worker.exit_code(), 4) << worker.err();
    EXPECT_THAT(worker.err(), HasSubstr(reason));
    EXPECT_TRUE(coordinator_.process().WaitForErr(reason)) << coordinator_.process().err();
  }

  // It goes on as if nothing had been.
  void ExpectRunStillWorks() {
    const auto one = coordinator_.StartMember("worker");
    const auto two = coordinator_.StartMember("worker");
    ASSERT_TRUE(coordinator_.process().WaitForExit());
    EXPECT_EQ(coordinator_.process().exit_code(), 0) << coordinator_.process().err();
  }

  TcpCoordinator coordinator_{{"--data=" + data_, "--workers=2", "--lambda_ratio=0.25"}};
};

TEST_F(Refusal, AWorkerWithOtherOptionsOfTheAppIsRefused) {
  const auto worker = Start({"lasso", "train", "--role=worker",
                             "--connect=" + coordinator_.endpoint(), "--lambda_ratio=0.5"});
  ExpectRefused(*worker, "--lambda_ratio=0.5, this run has --lambda_ratio=0.25");
  ExpectRunStillWorks();
}

TEST_F(Refusal, AWorkerWithAnotherNumberOfWorkersIsRefused) {
  const auto worker = Start(
      {"lasso", "train", "--role=worker", "--connect=" + coordinator_.endpoint(), "--workers=5"});
  ExpectRefused(*worker, "--workers=5, this run has --workers=2");
  ExpectRunStillWorks();
}

TEST_F(Refusal, AWorkerWithOtherOptionsOfTheRunIsRefused) {
  for (const std::string flag : {"--tolerance=0.5", "--delay_mean=3", "--peer_timeout=99"}) {
    const auto worker =
        Start({"lasso", "train", "--role=worker", "--connect=" + coordinator_.endpoint(), flag});
    ExpectRefused(*worker, flag + ", this run has --");
  }
  ExpectRunStillWorks();
}

TEST_F(Refusal, TheSameOptionsInOtherWordsAreWelcome) {
  const Words words = {"lasso",           "train",
                       "--role=worker",   "--connect=" + coordinator_.endpoint(),
                       "--workers=2",     "--lambda_ratio=2.50e-1",
                       "--data=" + data_, "--join_timeout=50"};
  const auto one = Start(words);
  const auto two = Start(words);
  ASSERT_TRUE(coordinator_.process().WaitForExit());
  EXPECT_EQ(coordinator_.process().exit_code(), 0) << coordinator_.process().err();
  ASSERT_TRUE(one->WaitForExit());
  EXPECT_EQ(one->exit_code(), 0) << one->err();
}

TEST_F(Refusal, AWorkerOfAnotherAppIsRefused) {
  RunOptions options;
  options.role = "worker";
  options.connect = coordinator_.endpoint();
  try {
    Join({lasso::MakeLasso()}, "ridge", {}, options);
    FAIL() << "was not refused";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kPeer);
    EXPECT_THAT(error.what(), HasSubstr("app 'ridge', this run is of 'lasso'"));
  }
  ExpectRunStillWorks();
}

TEST_F(Refusal, AWorkerOfAnotherVersionIsRefused) {
  const auto transport = wire::ZmqTransport::Connect(coordinator_.endpoint());
  wire::ReliableEndpoint endpoint(*transport, {});
  wire::Hello hello;
  hello.version = "0.0.0";
  hello.host = "elsewhere";
  std::optional<wire::Delivery> answer;  // what is sent before the connection stands is lost
  for (int tries = 0; tries < 100 && !answer; ++tries) {
    endpoint.SendUnsequenced(wire::kCoordinator, wire::FrameKind::kHello, {Pack(hello)});
    answer = endpoint.Receive(endpoint.Now() + wire::Seconds(0.3));
  }
  ASSERT_TRUE(answer.has_value());
  ASSERT_EQ(answer->header.kind, wire::FrameKind::kRefuse);
  EXPECT_THAT(Unpack<wire::Refuse>(answer->parts.at(0)).reason,
              HasSubstr("version 0.0.0, this run of version " + std::string(kVersion)));
  ExpectRunStillWorks();
}

TEST_F(Joining, AWorkerTooManyIsRefused) {
  TcpCoordinator coordinator({"--data=" + data_, "--workers=1", "--schedulers=1"});
  const auto one = coordinator.StartMember("worker");
  ASSERT_TRUE(coordinator.process().WaitForErr("1 of 1 workers")) << coordinator.process().err();
  const auto two = coordinator.StartMember("worker");
  ASSERT_TRUE(two->WaitForExit());
  EXPECT_EQ(two->exit_code(), 4);
  EXPECT_THAT(two->err(), HasSubstr("this run has all its 1 workers"));
  const auto scheduler = coordinator.StartMember("scheduler");
  ASSERT_TRUE(coordinator.process().WaitForExit());
  EXPECT_EQ(coordinator.process().exit_code(), 0) << coordinator.process().err();
}

TEST_F(Joining, WorkersWhoseFilesDifferEndTheRun) {
  const TempDir elsewhere;
  Problem other = QuickProblem();
  other.y *= 2;
  elsewhere.Write("data.libsvm", ToLibsvm(other));
  TcpCoordinator coordinator({"--data=data.libsvm", "--workers=2"});
  const auto worker_in = [&](const std::string& folder) {
    Words words = {"/usr/bin/env", "-C", folder};
    for (const std::string& word : Strads({"--role=worker", "--connect=" + coordinator.endpoint()}))
      words.push_back(word);
    return std::make_unique<Process>(words);
  };
  const auto one = worker_in(dir_.Path(""));
  const auto two = worker_in(elsewhere.Path(""));
  ASSERT_TRUE(coordinator.process().WaitForExit());
  EXPECT_EQ(coordinator.process().exit_code(), 3);
  EXPECT_THAT(coordinator.process().err(), HasSubstr("data.libsvm: is another file for worker "));
  for (Process* worker : {one.get(), two.get()}) {
    ASSERT_TRUE(worker->WaitForExit());
    EXPECT_EQ(worker->exit_code(), 4) << worker->err();
  }
}

TEST_F(Joining, ACoordinatorMayListenAtTheNameOfAHost) {
  const auto coordinator = Start(
      {"lasso", "train", "--role=coordinator", "--listen=tcp://localhost:0", "--data=" + data_});
  EXPECT_TRUE(coordinator->WaitForErr("listening on tcp://127.0.0.1:")) << coordinator->err();
}

TEST_F(Joining, TheCoordinatorNamesEveryoneWhoJoins) {
  TcpCoordinator coordinator({"--data=" + data_});
  const auto worker = coordinator.StartMember("worker");
  const std::string process = "worker 0 (process " + std::to_string(worker->pid()) + " on ";
  EXPECT_TRUE(coordinator.process().WaitForErr(process)) << coordinator.process().err();
  ASSERT_TRUE(coordinator.process().WaitForExit());
}

}  // namespace
}  // namespace strads::testing
