#pragma once

#include <gtest/gtest.h>
#include <strads/random.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "coordinator/engine.h"

namespace strads::testing {

inline std::string Text(const Bytes& bytes) { return std::string(bytes.view()); }
inline double PenaltyAfter(int64_t updates) { return 1000.0 * static_cast<double>(updates) + 0.25; }
inline double LossOf(int rank, int64_t updates) {
  return static_cast<double>(updates) + 1.0 / static_cast<double>(1 << rank);
}
inline std::string UpdateName(int64_t round) { return "u" + std::to_string(round); }

// Writes down what it is given.
class LoggingModel final : public ModelRole {
 public:
  Bytes Pull(const Bytes& plan, std::span<const Bytes> partials) override {
    std::string line = Text(plan) + ":";
    for (const Bytes& partial : partials) line += " " + Text(partial);
    log.push_back(line);
    if (on_pull) on_pull();
    return Bytes::Copy(UpdateName(std::ssize(log) - 1));
  }
  strads::Report Report() const override {
    strads::Report report;
    report.penalty = PenaltyAfter(std::ssize(log));
    report.loads = std::ssize(log) <= loading_rounds;
    return report;
  }
  Bytes Save() const override { return {}; }

  std::vector<std::string> log;
  std::function<void()> on_pull;
  int64_t loading_rounds = 0;
};

// Workers and schedulers that answer when the test lets them.
class FakeCluster final : public Engine::Outlet {
 public:
  FakeCluster(Engine::Shape shape, std::function<bool(int64_t)> is_fenced, bool plans_at_once)
      : shape_(shape),
        is_fenced_(std::move(is_fenced)),
        plans_at_once_(plans_at_once),
        engine(model, shape, clock, *this) {}

  void RequestPlan(int index, int64_t round, const std::vector<Bytes>& feedback) override {
    EXPECT_EQ(index, round % shape_.schedulers);
    std::string line = "plan " + std::to_string(round) + " after";
    for (const Bytes& update : feedback) fed_back[index].push_back(Text(update));
    for (const std::string& update : fed_back[index]) line += " " + update;
    scheduler_log[index].push_back(line);
    if (plans_at_once_) {
      clock.AdvanceTo(clock.Now() + planning);
      engine.OnPlan(round, PlanOf(round), is_fenced_(round));
    } else {
      plans_due[index].push_back(round);
    }
  }

  void Push(int64_t round, std::vector<Bytes> updates_and_plan) override {
    EXPECT_EQ(Text(updates_and_plan.back()), Text(PlanOf(round)));
    updates_and_plan.pop_back();
    for (const Bytes& update : updates_and_plan) {
      EXPECT_EQ(Text(update), UpdateName(synced_)) << "an update was repeated or skipped";
      ++synced_;
    }
    EXPECT_EQ(round, std::ssize(seen)) << "rounds are pushed out of order";
    seen.push_back(synced_);
    for (int rank = 0; rank < shape_.workers; ++rank) partials_due[rank].push_back(round);
  }

  void Release(int64_t round) override { released.push_back(round); }

  bool OnRound(const RoundResult& result) override {
    EXPECT_EQ(result.round, std::ssize(objectives));
    objectives.push_back(result.objective);
    EXPECT_EQ(result.report.penalty, PenaltyAfter(result.round + 1));
    return result.round + 1 == stop_after;
  }

  Bytes PlanOf(int64_t round) const { return Bytes::Copy("p" + std::to_string(round)); }

  void AnswerPlan(int index) {
    const int64_t round = plans_due[index].front();
    plans_due[index].pop_front();
    engine.OnPlan(round, PlanOf(round), is_fenced_(round));
    engine.Advance();
  }
  // The partial of the oldest round that `rank` owes, or of one of the next.
  void AnswerPush(int rank, int64_t next = 0) {
    const auto due = partials_due[rank].begin() + next;
    const int64_t round = *due;
    partials_due[rank].erase(due);
    SendPartial(rank, round);
    engine.Advance();
  }
  void SendPartial(int rank, int64_t round) {
    const std::string name = std::to_string(rank) + "@" + std::to_string(round);
    engine.OnPartial(rank, round, Bytes::Copy(name),
                     LossOf(rank, seen[static_cast<size_t>(round)]));
  }

  // One answer of someone who owes one, at random; false if no one does.
  bool AnswerOne(Random& random, bool repeat_partials) {
    std::vector<std::function<void()>> choices;
    for (auto& [index, due] : plans_due) {
      if (!due.empty()) choices.push_back([this, index = index] { AnswerPlan(index); });
    }
    for (auto& [rank, due] : partials_due) {
      if (due.empty()) continue;
      choices.push_back([&, rank = rank, &due = due] {
        const auto next = static_cast<int64_t>(random.Below(due.size()));
        const int64_t round = due[static_cast<size_t>(next)];
        AnswerPush(rank, next);
        if (repeat_partials && round >= engine.rounds()) {
          engine.OnPartial(rank, round, Bytes::Copy("a repetition"), 1e9);
          engine.Advance();
        }
      });
    }
    if (choices.empty()) return false;
    choices[random.Below(choices.size())]();
    return true;
  }

 private:
  const Engine::Shape shape_;
  const std::function<bool(int64_t)> is_fenced_;
  const bool plans_at_once_;
  int64_t synced_ = 0;

 public:
  wire::VirtualClock clock;
  wire::Time planning{0};  // what a plan that is made at once takes
  LoggingModel model;
  Engine engine;
  int64_t stop_after = 40;
  std::vector<int64_t> seen;  // updates synced before the push of each round
  std::vector<double> objectives;
  std::vector<int64_t> released;
  std::map<int, std::vector<std::string>> scheduler_log;
  std::map<int, std::vector<std::string>> fed_back;
  std::map<int, std::deque<int64_t>> plans_due;
  std::map<int, std::deque<int64_t>> partials_due;
};

}  // namespace strads::testing
