#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "coordinator/wire/control.h"
#include "coordinator/wire/reliable_endpoint.h"

namespace strads {

// The links of one worker to the others of its run. First all workers open their links, then those
// of lower rank connect to those of higher rank and say so: no frame meets a closed link.
class PeerLinks {
 public:
  PeerLinks(wire::ReliableEndpoint& endpoint, int rank) : endpoint_(endpoint), rank_(rank) {}

  // Opens a link to every other worker.
  void Open(const wire::Peers& peers);
  // Connects to those of higher rank.
  void Meet();
  // One of lower rank has connected.
  void OnMeet(const wire::Address& from) { met_.insert(from); }
  bool AllMet() const { return meeting_ && std::ssize(met_) >= rank_; }
  // When those of higher rank must have been heard; kNever before Meet.
  wire::Time deadline() const { return deadline_; }
  // Throws Error (kPeer), which names it and where it listens, if one has not been heard.
  void CheckThatAllAnswered() const;
  void Close();

  // Returns the bytes sent.
  int64_t Send(int rank, const wire::FrameHeader& header, std::vector<Bytes> parts);
  // "worker 2 (process 4711 on host7)"; an address if it is no worker's.
  std::string NameOf(const wire::Address& address) const;

 private:
  wire::ReliableEndpoint& endpoint_;
  const int rank_;
  wire::Peers peers_;
  std::set<wire::Address> met_;
  bool meeting_ = false;
  wire::Time deadline_ = wire::kNever;
};

}  // namespace strads
