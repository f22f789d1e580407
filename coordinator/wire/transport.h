#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "coordinator/wire/clock.h"
#include "coordinator/wire/frame.h"

namespace strads::wire {

// The name of an endpoint, unique to one start of one process. Members know their coordinator as
// kCoordinator.
using Address = std::string;
inline const Address kCoordinator = "coordinator";

// What an endpoint hears: a frame from a peer, that a peer cannot be reached any more, or that its
// connection is there again.
struct Event {
  enum class Kind { kFrame, kUnreachable, kReachable };
  Kind kind = Kind::kFrame;
  Address peer;
  Frame frame;
};

struct Traffic {
  int64_t bytes_sent = 0;
  int64_t bytes_received = 0;
  int64_t frames_sent = 0;
  int64_t frames_dropped = 0;  // not frames of this protocol
};

// One endpoint of a network of frames. Frames to one peer arrive in order and at most once, but
// may be lost: that is all libzmq promises. Reliability is built on top, by ReliableEndpoint. An
// endpoint belongs to the thread that uses it.
class Transport {
 public:
  virtual ~Transport() = default;

  // Hands `frame` over and never blocks. A frame that cannot be delivered is lost, and an
  // kUnreachable event follows if the transport can tell.
  virtual void Send(const Address& to, const Frame& frame) = 0;

  // Of a frame that Send takes and the other end does not drop.
  virtual FrameLimits limits() const { return {}; }

  // The next event; waits for one until `until` (at most), or until interrupted by a signal.
  virtual std::optional<Event> Receive(Time until) = 0;

  // Lets other members of the run send frames to this one directly. Returns where they find it.
  // Throws Error (kPeer) if it cannot.
  virtual std::string Listen() = 0;
  // Makes `peer`, which listens at `endpoint`, an address that Send knows. One of any two is
  // enough.
  virtual void Connect(const Address& peer, const std::string& endpoint) = 0;

  // When Receive should be called again though no one has sent anything; kNever if need not be.
  virtual Time NextDue() const { return kNever; }

  virtual const Clock& clock() const = 0;
  virtual Traffic traffic() const = 0;
};

}  // namespace strads::wire
