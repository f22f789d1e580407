#pragma once

#include <memory>

#include "coordinator/wire/transport.h"

namespace strads::wire {

// Frames over ZeroMQ: tcp:// between machines, ipc:// between processes of one, inproc:// never.
//
// The coordinator binds a ROUTER, everyone else connects a DEALER under a random identity. Members
// that send frames to each other have a second ROUTER of the same identity, which both binds and
// connects: one connection joins any two of them. A small
// frame is one ZeroMQ message; a large one is its head and then its parts, sent from where they
// lie, in chunks small enough that heartbeats pass between them. libzmq's I/O thread answers
// heartbeats while the role computes, so a dead or cut off host is noticed and a busy one is not
// suspected.
class ZmqTransport final : public Transport {
 public:
  // Binds `endpoint`; port 0 or * takes a free one, which bound_endpoint() tells.
  // Throws Error (kPeer) if it cannot.
  static std::unique_ptr<ZmqTransport> Bind(const std::string& endpoint);
  // Connects to `endpoint`, now or as soon as someone binds it. Throws Error (kUsage) if malformed.
  static std::unique_ptr<ZmqTransport> Connect(const std::string& endpoint);
  ~ZmqTransport() override;

  const std::string& bound_endpoint() const;

  void Send(const Address& to, const Frame& frame) override;
  FrameLimits limits() const override { return {kMaxParts, kMaxFrameBytes}; }
  std::optional<Event> Receive(Time until) override;
  std::string Listen() override;
  void Connect(const Address& peer, const std::string& endpoint) override;
  Time NextDue() const override;
  const Clock& clock() const override;
  Traffic traffic() const override;

 private:
  struct Sockets;
  explicit ZmqTransport(std::unique_ptr<Sockets> sockets);
  std::unique_ptr<Sockets> sockets_;
};

}  // namespace strads::wire
