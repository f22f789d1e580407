#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "coordinator/wire/transport.h"

namespace strads::wire {

// What arrived: a frame, exactly once and in the order it was sent, or the news that a peer is
// lost. A hello, welcome or refusal of another protocol version is delivered for its header alone.
struct Delivery {
  bool lost = false;
  Address from;
  FrameHeader header;
  std::vector<Bytes> parts;
};

struct LinkOptions {
  // How long a peer may be unreachable (its connection is down) before it is lost.
  Time peer_timeout = Seconds(5);
  // First wait for an acknowledgement before frames are sent again; doubles up to max_resend_after.
  // Long, as a busy peer answers late and libzmq loses frames only with a connection.
  Time resend_after = Seconds(1);
  Time max_resend_after = Seconds(8);
  Time ack_after = Seconds(0.05);
  Time probe_every = Seconds(0.2);
};

// Exactly-once, in-order frames over a Transport that may lose, repeat or reorder them, for every
// peer that a link was opened to. Each frame carries a sequence number and acknowledges what came
// the other way; unacknowledged frames are kept (sharing their memory) and sent again after a
// time-out (large ones once the peer has said that they are not there) or a reconnection, and
// repeated ones are dropped. Not for frames of a foreign run:
// those are counted and dropped.
class ReliableEndpoint {
 public:
  ReliableEndpoint(Transport& transport, const LinkOptions& options)
      : transport_(transport), options_(options) {}

  // Frames of other runs are dropped once the run id is set; hellos and refusals always pass.
  void set_run_id(uint64_t run_id) { run_id_ = run_id; }
  uint64_t run_id() const { return run_id_; }
  void set_peer_timeout(Time timeout) { options_.peer_timeout = timeout; }
  Time peer_timeout() const { return options_.peer_timeout; }

  // Starts numbering frames to and from `peer`; harmless if the link is open.
  void Open(const Address& peer) { links_.try_emplace(peer); }
  void Close(const Address& peer) { links_.erase(peer); }
  bool IsOpen(const Address& peer) const { return links_.contains(peer); }
  // Whether its connection is there, as far as is known.
  bool IsReachable(const Address& peer) const;
  // When the last frame of `peer` came; kNotHeard if none has or the link is not open.
  static constexpr Time kNotHeard{-1};
  Time LastHeard(const Address& peer) const;
  // What was delivered turned out to be of someone who is no member of the run.
  void CountForeign() { ++frames_foreign_; }

  // For frames to and from members other than the coordinator: see Transport.
  std::string Listen() { return transport_.Listen(); }
  void Connect(const Address& peer, const std::string& endpoint) {
    transport_.Connect(peer, endpoint);
  }

  // Sends over the open link to `to`; ignored if the peer is lost or was never opened. The header's
  // kind, round, fence and loss are the caller's, the rest is filled in. Throws Error (kFailed) if
  // it is larger than the transport takes: it would be sent again for ever.
  void Send(const Address& to, FrameHeader header, std::vector<Bytes> parts);
  // Sends once, for better or worse.
  void SendUnsequenced(const Address& to, FrameKind kind, std::vector<Bytes> parts);

  // The next delivery. Waits for one until `until`, and resends, acknowledges and probes meanwhile.
  std::optional<Delivery> Receive(Time until);

  // When Receive wants to be called again at the latest.
  Time NextTimer() const;
  // Whether everything sent has been acknowledged by those that are still there.
  bool AllAcknowledged() const;
  // Once that is so, but is not yet, a delivery of an acknowledgement says it.
  void TellOnceAcknowledged() { tells_once_acknowledged_ = true; }

  Time Now() const { return transport_.clock().Now(); }
  const Clock& clock() const { return transport_.clock(); }
  Traffic traffic() const;

 private:
  struct Link {
    uint64_t last_sent = 0;
    uint64_t last_received = 0;
    std::deque<Frame> unacknowledged;
    std::map<uint64_t, Frame> early;
    Time resend_at = kNever;
    Time resend_after{0};
    Time ack_at = kNever;
    Time heard_at = kNotHeard;
    Time unreachable_since = kNever;
    Time probe_at = kNever;
  };

  void Transmit(const Address& to, Link& link, Frame& frame);
  void ResendAll(const Address& to, Link& link);
  // What has not been acknowledged in time: sends it again if it is small, else asks first.
  void ResendOrAsk(const Address& to, Link& link);
  void OnUnsequenced(const Address& from, Link& link, const FrameHeader& header);
  void OnUnreachable(const Address& peer);
  void OnReachable(const Address& peer, Link& link);
  void OnFrame(const Address& from, Frame frame);
  void OnAcknowledged(const Address& from, Link& link, uint64_t ack);
  void Accept(const Address& from, Link& link, Frame frame);
  void RunTimers();

  Transport& transport_;
  LinkOptions options_;
  uint64_t run_id_ = 0;
  std::unordered_map<Address, Link> links_;
  std::deque<Delivery> deliveries_;
  bool tells_once_acknowledged_ = false;
  int64_t frames_foreign_ = 0;
  Time next_timer_{0};
};

}  // namespace strads::wire
