#pragma once

#include <strads/program.h>
#include <strads/run.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "coordinator/clock_run.h"
#include "coordinator/collection.h"
#include "coordinator/engine.h"
#include "coordinator/introductions.h"
#include "coordinator/membership.h"
#include "coordinator/stopping.h"
#include "coordinator/wire/node.h"

namespace strads {

wire::LinkOptions LinkOptionsOf(const RunOptions& options);

// The coordinator at its endpoint: brings the roles together, runs the engine, sees the run's end.
class CoordinatorNode final : public wire::Node, private Engine::Outlet {
 public:
  // All must outlive it. `run_id` is not 0 and tells this run from every other.
  CoordinatorNode(wire::Transport& transport,
                  const Program& program,
                  const OptionValues& values,
                  const RunOptions& options,
                  const RunHooks& hooks,
                  uint64_t run_id);

  void Start() override;
  bool done() const override { return phase_ == Phase::kDone; }
  // Some have not said hello.
  bool is_joining() const { return phase_ == Phase::kJoining; }

  // Once, when done. Throws the Error that ended the run before its first round, if one did, or
  // that the files beside the model's cannot be written.
  RunResult Result() const;

  // Tells all members to leave, because of an error of the coordinator's own. Poll until done.
  void Abort(const std::string& reason);
  // A member that runs here on this machine was seen to die.
  void OnProcessEnded(int64_t process, const std::string& how);

 private:
  enum class Phase {
    kJoining,
    kLoading,
    kMeeting,  // workers connect to each other, or to holders
    kRounds,
    kCollecting,
    kFinishing,
    kStopping,
    kParting,  // members on other machines leave first
    kDone
  };
  bool BeforeRounds() const { return phase_ < Phase::kRounds; }
  bool IsLeaving() const { return phase_ >= Phase::kStopping; }

  void OnDelivery(wire::Delivery& delivery) override;
  void OnTimer(wire::Time now) override;
  void OnHello(const wire::Delivery& delivery);
  void OnMemberFrame(Member& member, wire::Delivery& delivery);
  // A member is ready, or has failed: starts the rounds once all have answered.
  void OnAnswered();
  // Of the failures that members have told of, that of the lowest rank.
  std::optional<Error> FirstFailure();
  // Of those that have joined: one that is not ready.
  const Member& FirstUnready();
  void OnLost(Member& member, const std::string& how);
  void StartRounds();
  void OnShare(Member& member, wire::Delivery& delivery);
  void OnFinished(Member& member, const wire::Delivery& delivery);
  // Whether what the worker has read is what others have, as far as they have told; takes the part
  // that says so off what it is ready with.
  bool CompareInputFiles(Member& member, std::vector<Bytes>& parts);
  void OnRoundFrame(Member& member, wire::Delivery& delivery);
  void Advance();
  // Deals with what has arrived: before deadlines, as this thread may have computed until now.
  void ReadAll();
  void CheckDeadlines(wire::Time now);
  // Whether the user wishes to stop, before the first round: then error_ says so.
  bool HeedStop();
  void CheckBeforeRounds(wire::Time now);
  // While these owe an answer, `since` then: asks whether they are there once half of
  // --round_timeout is over, and at its end gives up the one that has been silent for longest; not
  // before it has looked for answers for half of it.
  void CheckSilence(wire::Time since, const std::vector<Member*>& members, wire::Time now);
  // Those that the round, or what follows the last one, waits for.
  std::vector<Member*> Missing();
  const EngineState& state() const {
    return clocks_ ? clocks_->state() : static_cast<const EngineState&>(*engine_);
  }
  strads::Report ModelReport() const { return clocks_ ? clocks_->Report() : model_->Report(); }
  // As far as rounds are complete.
  bool HasModel() const { return state().rounds() > 0 && ModelReport().has_model; }
  // Whether the run ends by it, or by what it was to end by before. What is pending is seen to
  // first; and where workers' blocks change with rounds that are under way, how many of these would
  // be a matter of time: all that may be are done.
  bool EndBy(std::optional<Ending> ending, const RoundResult& result);
  // The run ends: brings what workers have of the model here, or lets them finish at once.
  void End(Ending ending);
  // Of a data-parallel run: brings the parameters here, then measures.
  void CollectParameters();
  // The next snapshot; after the last, lets workers finish.
  void Measure();
  void Finish(const std::vector<Bytes>& updates);
  void FinishHolders();
  // Of a data-parallel run: whether the user or --max_time has it end now.
  bool EndWithinClock(wire::Time now);
  // Who is to finish has not within --round_timeout.
  void GoOnWithoutLate();
  bool TellMeasures();
  void Conclude();
  void StopAll(const std::string& reason);
  void Welcome(const Member& member);
  void News(const std::string& text) const;

  void RequestPlan(int index, int64_t round, const std::vector<Bytes>& feedback) override;
  void Push(int64_t round, std::vector<Bytes> updates_and_plan) override;
  void Release(int64_t round) override;
  bool OnRound(const RoundResult& result) override;

  const wire::Clock& clock_;
  const Program& program_;
  const Bytes app_options_;
  const Planning planning_;
  const RunOptions options_;
  const RunHooks& hooks_;
  std::vector<std::string> input_files_;  // that workers on several machines compare
  Membership membership_;
  std::unique_ptr<ModelRole> model_;
  std::unique_ptr<SchedulerRole> own_scheduler_;  // with --schedulers=0
  Introductions introductions_;
  std::optional<Engine> engine_;
  std::unique_ptr<ClockRun> clocks_;  // of a data-parallel app, instead of a model and an engine
  std::optional<Collection> collection_;
  Phase phase_ = Phase::kJoining;
  std::optional<Ending> ends_by_;  // after last_round_
  int64_t last_round_ = 0;
  std::optional<Ending> ending_;
  std::optional<Error> error_;
  RoundRecord last_;
  bool holders_told_ = false;  // that the run is over
  bool has_final_losses_ = false;
  int64_t bytes_between_members_ = 0;
  int64_t frames_dropped_ = 0;  // by members
  wire::Time started_at_{0};
  wire::Time loaded_at_{0};
  wire::Time solved_at_{0};
  wire::Time met_since_{0};       // when workers began to meet
  wire::Time asked_at_{0};        // when the last part of the model came, or a loss was asked for
  wire::Time leave_deadline_{0};  // of finishing, of stopping
  // Of asking for signs of life: while `since` is the oldest debt, how long answers were looked
  // for.
  struct Vigil {
    wire::Time since = wire::kNever;
    wire::Time looked{0};
    wire::Time looked_at{0};
  };
  Vigil vigil_;
};

}  // namespace strads
