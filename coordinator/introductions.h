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
      : endpoint_(endpoint),
        membership_(membership),
        endpoints_(static_cast<size_t>(workers)),
        opened_(endpoints_.size()),
        met_(endpoints_.size()) {}

  // A worker that is ready says where it listens.
  void OnReady(const Member& member, const std::vector<Bytes>& parts);
  // All are ready. Whoever cannot reach another worker within `timeout` seconds fails and names it.
  void Begin(double timeout);
  // A worker has opened its links (round -1) or has met the others (round 1). True: all have met.
  bool OnMet(const Member& member, int64_t round);
  // Those who have not met all others.
  std::vector<int> MissingRanks() const;

 private:
  void SendToAll(wire::FrameKind kind, const std::vector<Bytes>& parts);

  wire::ReliableEndpoint& endpoint_;
  Membership& membership_;
  std::vector<std::string> endpoints_;
  std::vector<bool> opened_;
  std::vector<bool> met_;
};

}  // namespace strads
