#pragma once

#include <strads/error.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "coordinator/wire/control.h"
#include "coordinator/wire/node.h"
#include "coordinator/wire/peer_links.h"

namespace strads::wire {

// How a member comes to its run.
struct MemberOptions {
  std::string app;  // empty: whatever the coordinator runs
  OptionValues claimed;
  std::string endpoint;  // of the coordinator, for messages
  Time join_timeout = Seconds(60);
  // Of a worker, for simulations: what a push takes at least, and what adding a little to it does.
  Time push_takes{0};
  Time extend_takes{0};
  LinkOptions link;
};

// What workers, schedulers and holders have in common: joining a run, leaving it, and failing in
// it.
class MemberNode : public Node {
 public:
  MemberNode(Transport& transport, Role role, const MemberOptions& options);

  void Start() override;
  bool done() const override { return phase_ == Phase::kDone; }

  // Why it ended, if not because the run was over.
  const std::optional<Error>& error() const { return error_; }

 protected:
  // Makes the role, which may take long and may throw. Returns what to tell the coordinator.
  virtual std::vector<Bytes> Construct(const Welcome& welcome, const Bytes& options) = 0;
  virtual void OnFrame(Delivery& delivery) = 0;
  // The same, or the loss, of a member that this one has a link to, and its number there.
  virtual void OnPeer(int, Delivery&) {}
  // The time of WakeAt has come while serving.
  virtual void OnWake() {}
  // The run is over: takes the last updates and returns the loss of this role's shard.
  virtual double OnFinish(const std::vector<Bytes>& updates) = 0;
  // Then: what else it tells of its shard.
  virtual std::vector<double> Measures() { return {}; }

  // Has links to members other than the coordinator, until this one leaves; returns where they find
  // them. `who` it is, and what `links_are_for`, are for messages.
  std::string OpenLinks(const std::string& who, const std::string& links_are_for);
  bool has_links() const { return links_.has_value(); }
  void SendToPeer(int index, const FrameHeader& header, std::vector<Bytes> parts);
  std::string NameOfPeer(int index) const { return links_->NameOf(index); }

 private:
  enum class Phase { kJoining, kServing, kLeaving, kDone };

  void OnDelivery(Delivery& delivery) final;
  void OnTimer(Time now) final;
  void OnPeerDelivery(Delivery& delivery);
  void OnWelcome(const Delivery& delivery);
  void OnUnready(const Delivery& delivery);
  void Finish(const Delivery& delivery);
  void Fail(const Error& error);
  void Leave(Time linger);
  void SayHello();
  // An exception out of `act` is a failure of this member.
  void Guarded(const std::function<void()>& act);

  const Role role_;
  const MemberOptions options_;
  Phase phase_ = Phase::kJoining;
  int index_ = -1;  // among those of its role, once it serves
  Time deadline_{0};
  Time hello_every_{0};
  std::optional<Error> error_;
  std::optional<PeerLinks> links_;
  int64_t bytes_to_peers_ = 0;
};

// Bytes of resident memory that this process has used at most.
int64_t PeakRssBytes();
std::string HostName();

}  // namespace strads::wire
