#pragma once

#include <string>
#include <vector>

#include "coordinator/membership.h"
#include "coordinator/wire/reliable_endpoint.h"

namespace strads {

// Makes the workers of a run known to each other, so that they can hand on blocks: all open their
// links, and once all have, connect.
class Introductions {
 public:
  // Both must outlive it.
  Introductions(wire::ReliableEndpoint& endpoint, Membership& membership, int workers)
      : endpoint_(endpoint), membership_(membership), endpoints_(static_cast<size_t>(workers)) {}

  // A worker that is ready says where it listens.
  void OnReady(const Member& member, const std::vector<Bytes>& parts);
  // All are ready.
  void Begin();
  // A worker has opened its links (round -1) or has met the others (round 1). True: all have met.
  bool OnMet(int64_t round);

 private:
  void SendToAll(wire::FrameKind kind, const std::vector<Bytes>& parts);

  wire::ReliableEndpoint& endpoint_;
  Membership& membership_;
  std::vector<std::string> endpoints_;
  size_t opened_ = 0;
  size_t met_ = 0;
};

}  // namespace strads
