#pragma once

#include <strads/data_parallel_role.h>
#include <strads/run_options.h>

#include <deque>
#include <optional>
#include <vector>

#include "coordinator/parameter_store.h"
#include "coordinator/wire/control.h"

namespace strads {

// Holders have the parameters, each a range. The coordinator hears of clocks only, and puts the
// model together after the last.
class RemoteHolders final : public ParameterStore, private EngineState {
 public:
  // `model` is for the answer, and has not begun. All must outlive it. Throws Error (kUsage) if the
  // options do not go with this pattern.
  RemoteHolders(DataParallelModelRole& model,
                const RunOptions& options,
                wire::ReliableEndpoint& endpoint,
                Membership& membership,
                const wire::Clock& clock);

  void Start(std::vector<Bytes> starts, OnClock on_clock) override;
  void OnFrame(Member& member, wire::Delivery& delivery) override;
  // The clock that is open is another one for each holder.
  bool TellOfOpenClock() override { return false; }
  bool HasPulled() const override;
  void Collect() override;
  bool collected() const override { return !answer_.empty(); }
  std::vector<Bytes> Answer() override { return answer_; }
  // Workers and holders wait for each other: all of them, or after the last clock the holders that
  // have not sent what they have.
  std::vector<Member*> Missing() override;
  const EngineState& state() const override { return *this; }
  ClockTally Tally() const override;

 private:
  struct Completed {
    int64_t clock = 0;
    strads::Report report;
    std::vector<Bytes> snapshot;
  };
  struct Remote {
    std::deque<Completed> clocks;  // that others have not completed
    std::optional<wire::HolderEnd> end;
    Bytes answer;
  };

  void OnClockOf(Remote& remote, const wire::Delivery& delivery);
  void OnEndOf(Remote& remote, const wire::Delivery& delivery);

  int64_t rounds() const override { return completed_; }
  bool HasOpenRound() const override { return !ended_; }
  wire::Time OldestPush() const override { return progress_at_; }
  wire::Time idle() const override;

  DataParallelModelRole& model_;
  const RunOptions options_;
  wire::ReliableEndpoint& endpoint_;
  Membership& membership_;
  const wire::Clock& clock_;
  std::vector<Bytes> starts_;
  OnClock on_clock_;
  std::vector<Remote> remotes_;
  std::vector<Bytes> answer_;
  int64_t completed_ = 0;
  bool ended_ = false;
  wire::Time progress_at_{0};  // when a holder last told of something
};

}  // namespace strads
