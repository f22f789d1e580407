#include "coordinator/wire/member_node.h"

#include <strads/options.h>
#include <strads/version.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <new>
#include <utility>

#include "coordinator/wire/thrown.h"

namespace strads::wire {
namespace {

// A hello is lost while there is no connection; the first ones follow each other quickly.
constexpr double kFirstHelloSeconds = 0.01;
constexpr double kMostHelloSeconds = 0.5;
// What a role that leaves waits for the acknowledgement of its last frame, beyond the time that its
// coordinator may be unreachable.
constexpr double kLingerSeconds = 2;

}  // namespace

// getrusage would count what the process was before it started this program: a copy of its parent.
int64_t PeakRssBytes() {
  std::ifstream status("/proc/self/status");
  std::string name;
  int64_t kilobytes = 0;
  while (status >> name) {
    if (name == "VmHWM:" && status >> kilobytes) return kilobytes * 1024;
    status.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
  }
  return 0;
}

std::string HostName() {
  char name[256] = {};
  gethostname(name, sizeof name - 1);
  return name;
}

const char* RoleName(Role role) {
  switch (role) {
    case Role::kWorker:
      return "worker";
    case Role::kScheduler:
      return "scheduler";
    case Role::kHolder:
      return "holder";
  }
  return "unknown";
}

MemberNode::MemberNode(Transport& transport, Role role, const MemberOptions& options)
    : Node(transport, options.link), role_(role), options_(options) {}

void MemberNode::Start() {
  deadline_ = endpoint_.Now() + options_.join_timeout;
  hello_every_ = Seconds(kFirstHelloSeconds);
  SayHello();
}

void MemberNode::SayHello() {
  const Hello hello{static_cast<int>(role_), kVersion, options_.app, HostName(), getpid(),
                    options_.claimed};
  endpoint_.SendUnsequenced(kCoordinator, FrameKind::kHello, {Pack(hello)});
  WakeAt(endpoint_.Now() + hello_every_);
  hello_every_ = std::min(2 * hello_every_, Seconds(kMostHelloSeconds));
}

void MemberNode::OnTimer(Time now) {
  if (phase_ == Phase::kJoining) {
    if (now >= deadline_) {
      error_ = PeerError("no answer from a coordinator at " + options_.endpoint + " within " +
                         internal::FormatOption(ToSeconds(options_.join_timeout)) +
                         " s (--join_timeout)");
      phase_ = Phase::kDone;
    } else {
      SayHello();
    }
  } else if (phase_ == Phase::kServing) {
    Guarded([this] {
      if (links_) links_->OnWake();
      OnWake();
    });
  } else if (phase_ == Phase::kLeaving) {
    if (now >= deadline_ || endpoint_.AllAcknowledged()) {
      phase_ = Phase::kDone;
    } else {
      WakeAt(deadline_);
    }
  }
}

void MemberNode::Leave(Time linger) {
  // What this member still says to others than the coordinator is of no use now.
  if (links_) links_->Close();
  phase_ = Phase::kLeaving;
  deadline_ = endpoint_.Now() + linger;
  endpoint_.TellOnceAcknowledged();
  WakeAt(endpoint_.Now());
}

void MemberNode::Fail(const Error& error) {
  error_ = error;
  endpoint_.Send(kCoordinator, {.kind = FrameKind::kFailed},
                 {Pack(Failed{static_cast<int>(error.kind()), error.what()})});
  Leave(endpoint_.peer_timeout() + Seconds(kLingerSeconds));
}

void MemberNode::OnUnready(const Delivery& delivery) {
  if (delivery.header.kind == FrameKind::kRefuse && !delivery.parts.empty()) {
    error_ = PeerError("the coordinator at " + options_.endpoint +
                       " refused: " + Unpack<Refuse>(delivery.parts[0]).reason);
    phase_ = Phase::kDone;
  } else if (delivery.header.kind == FrameKind::kWelcome && delivery.parts.size() == 2) {
    OnWelcome(delivery);
  }
}

void MemberNode::OnWelcome(const Delivery& delivery) {
  const Welcome welcome = Unpack<Welcome>(delivery.parts[0]);
  endpoint_.set_run_id(welcome.run_id);
  endpoint_.set_peer_timeout(Seconds(welcome.peer_timeout));
  endpoint_.Open(kCoordinator);
  phase_ = Phase::kServing;
  index_ = welcome.index;
  std::vector<Bytes> parts = Construct(welcome, delivery.parts[1]);
  endpoint_.Send(kCoordinator, {.kind = FrameKind::kReady}, std::move(parts));
}

std::string MemberNode::OpenLinks(const std::string& who, const std::string& links_are_for) {
  links_.emplace(endpoint_, who, links_are_for, [this](Time time) { WakeAt(time); });
  return endpoint_.Listen();
}

void MemberNode::SendToPeer(int index, const FrameHeader& header, std::vector<Bytes> parts) {
  bytes_to_peers_ += links_->Send(index, header, std::move(parts));
}

void MemberNode::OnPeerDelivery(Delivery& delivery) {
  const int index = links_ ? links_->IndexOf(delivery.from) : -1;
  if (index < 0) return;
  if (!delivery.lost && delivery.header.kind == FrameKind::kMeet) {
    links_->OnMeet(delivery.from);
  } else {
    OnPeer(index, delivery);
  }
}

void MemberNode::Finish(const Delivery& delivery) {
  const double loss = OnFinish(delivery.parts);
  endpoint_.Send(kCoordinator,
                 {.kind = FrameKind::kFinished, .round = delivery.header.round, .loss = loss},
                 {Pack(Finished{PeakRssBytes(), bytes_to_peers_, endpoint_.traffic().frames_dropped,
                                Measures()})});
  Leave(endpoint_.peer_timeout() + Seconds(kLingerSeconds));
}

void MemberNode::Guarded(const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& error) {
    Fail(error);
  } catch (const std::bad_alloc&) {
    Fail(OutOfMemory());
  } catch (...) {
    const std::string name = RoleName(role_) + (" " + std::to_string(index_));
    Fail(PeerError("internal error: " + WhatWasThrown(name)));
  }
}

void MemberNode::OnDelivery(Delivery& delivery) {
  if (delivery.from != kCoordinator) {
    const bool foreign = delivery.header.version != FrameHeader::kVersion ||
                         delivery.header.sequence == 0;  // a hello, a welcome or a refusal
    if (foreign && !delivery.lost) {
      endpoint_.CountForeign();
      return;
    }
    if (phase_ == Phase::kServing) Guarded([&] { OnPeerDelivery(delivery); });
    return;
  }
  if (delivery.header.version != FrameHeader::kVersion) {
    error_ = ProtocolError("the coordinator at " + options_.endpoint + " speaks protocol version " +
                           std::to_string(delivery.header.version) + ", expected " +
                           std::to_string(FrameHeader::kVersion));
    phase_ = Phase::kDone;
    return;
  }
  if (phase_ == Phase::kLeaving) {
    if (delivery.lost) phase_ = Phase::kDone;
    WakeAt(endpoint_.Now());
    return;
  }
  if (delivery.lost) {
    error_ = PeerError("lost the coordinator at " + options_.endpoint + ": out of reach for " +
                       internal::FormatOption(ToSeconds(endpoint_.peer_timeout())) +
                       " s (--peer_timeout)");
    phase_ = Phase::kDone;
    return;
  }
  Guarded([&] {
    if (phase_ == Phase::kJoining) {
      OnUnready(delivery);
    } else if (delivery.header.kind == FrameKind::kFinish) {
      Finish(delivery);
    } else if (delivery.header.kind == FrameKind::kStop) {
      error_ = PeerError(
          "the run was stopped" +
          (delivery.parts.empty() ? "" : ": " + Unpack<Refuse>(delivery.parts[0]).reason));
      endpoint_.SendUnsequenced(kCoordinator, FrameKind::kAck, {});  // it waits for this
      Leave(Seconds(0.2));
    } else if (delivery.header.sequence != 0 && !(links_ && links_->OnFrame(delivery))) {
      OnFrame(delivery);
    }
  });
}

}  // namespace strads::wire
