#pragma once

#include <string>
#include <vector>

#include "coordinator/membership.h"
#include "coordinator/wire/reliable_endpoint.h"

namespace strads {

// Makes members of a run known to each other, so that they can send frames past the coordinator:
// all open their links, and once all have, connect. Without holders of parameters every worker has
// a link to every other one, with holders to each of those.
class Introductions {
 public:
  // Both must outlive it.
  Introductions(wire::ReliableEndpoint& endpoint, Membership& membership, int workers, int holders)
      : endpoint_(endpoint),
        membership_(membership),
        workers_(workers),
        endpoints_(static_cast<size_t>(workers + holders)),
        opened_(endpoints_.size()),
        met_(endpoints_.size()) {}

  // A member that is ready says where it listens.
  void OnReady(const Member& member, const std::vector<Bytes>& parts);
  // All are ready. Whoever cannot reach another one within `timeout` seconds fails and names it.
  void Begin(double timeout);
  // A member has opened its links (round -1) or has met the others (round 1). True: all have met.
  bool OnMet(const Member& member, int64_t round);
  // One of those who have not met all others.
  Member& Missing();

 private:
  // Which of those that meet this is; -1: none.
  int IndexOf(const Member& member) const;
  Member& MemberAt(size_t index);
  bool has_holders() const { return endpoints_.size() > static_cast<size_t>(workers_); }

  wire::ReliableEndpoint& endpoint_;
  Membership& membership_;
  const int workers_;
  std::vector<std::string> endpoints_;
  std::vector<bool> opened_;
  std::vector<bool> met_;
};

}  // namespace strads
