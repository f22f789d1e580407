#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "coordinator/wire/control.h"
#include "coordinator/wire/reliable_endpoint.h"

namespace strads::wire {

// The links of one member to others than the coordinator. First all open their links, then one of
// each two connects to the other and says so: no frame meets a closed link.
class PeerLinks {
 public:
  // `endpoint` must outlive it. `who` it is, and what `links_are_for`, are for messages. `wake_at`
  // has OnWake called at that time or before.
  PeerLinks(ReliableEndpoint& endpoint,
            std::string who,
            std::string links_are_for,
            std::function<void(Time)> wake_at)
      : endpoint_(endpoint),
        who_(std::move(who)),
        links_are_for_(std::move(links_are_for)),
        wake_at_(std::move(wake_at)) {}

  // True if the coordinator's frame was about links, and is dealt with.
  bool OnFrame(const Delivery& delivery);
  // One of those that it awaits has connected.
  void OnMeet(const Address& from);
  // Throws Error (kPeer), which names it and where it listens, if one has not answered in time.
  void OnWake();
  void Close();

  // Returns the bytes sent.
  int64_t Send(int index, const FrameHeader& header, std::vector<Bytes> parts);
  // Which of them that is; -1: none.
  int IndexOf(const Address& address) const;
  // "worker 2 (process 4711 on host7)"
  const std::string& NameOf(int index) const { return peers_.names.at(static_cast<size_t>(index)); }

 private:
  void Open(const Peers& peers);
  void Meet();
  void TellIfAllMet();

  ReliableEndpoint& endpoint_;
  const std::string who_;
  const std::string links_are_for_;
  const std::function<void(Time)> wake_at_;
  Peers peers_;
  std::set<Address> met_;
  bool meeting_ = false;
  Time deadline_ = kNever;  // when those that it connects to must have been heard
};

}  // namespace strads::wire
