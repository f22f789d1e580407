#pragma once

#include <strads/error.h>

#include <optional>
#include <string>

#include "coordinator/wire/control.h"
#include "coordinator/wire/node.h"

namespace strads::wire {

// How a worker or a scheduler comes to its run.
struct MemberOptions {
  std::string app;  // empty: whatever the coordinator runs
  OptionValues claimed;
  std::string endpoint;  // of the coordinator, for messages
  Time join_timeout = Seconds(60);
  LinkOptions link;
};

// What a worker and a scheduler have in common: joining a run, leaving it, and failing in it.
class MemberNode : public Node {
 public:
  MemberNode(Transport& transport, Role role, const MemberOptions& options);

  void Start() override;
  bool done() const override { return phase_ == Phase::kDone; }

  // Why it ended, if not because the run was over.
  const std::optional<Error>& error() const { return error_; }

 protected:
  // Makes the role, which may take long and may throw.
  virtual void Construct(const Welcome& welcome, const Bytes& options) = 0;
  virtual void OnFrame(Delivery& delivery) = 0;
  // The run is over: takes the last updates and returns the loss of this role's shard.
  virtual double OnFinish(const std::vector<Bytes>& updates) = 0;

 private:
  enum class Phase { kJoining, kServing, kLeaving, kDone };

  void OnDelivery(Delivery& delivery) final;
  void OnTimer(Time now) final;
  void OnWelcome(const Delivery& delivery);
  void OnUnready(const Delivery& delivery);
  void Finish(const Delivery& delivery);
  void Fail(const Error& error);
  void Leave(Time linger);
  void SayHello();

  const Role role_;
  const MemberOptions options_;
  Phase phase_ = Phase::kJoining;
  Time deadline_{0};
  Time hello_every_{0};
  std::optional<Error> error_;
};

// Bytes of resident memory that this process has used at most.
int64_t PeakRssBytes();
std::string HostName();

}  // namespace strads::wire
