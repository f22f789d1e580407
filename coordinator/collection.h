#pragma once

#include <strads/program.h>

#include <vector>

#include "coordinator/membership.h"
#include "coordinator/wire/reliable_endpoint.h"

namespace strads {

// Brings the blocks and shares of a model from the workers to the coordinator after the last round:
// in rank order, so that the model sees the same sequence in every run, and one part at a time, of
// which the next is on its way while the model takes one.
class Collection {
 public:
  // All must outlive it.
  Collection(wire::ReliableEndpoint& endpoint,
             Membership& membership,
             ModelRole& model,
             int workers)
      : endpoint_(endpoint), membership_(membership), model_(model), workers_(workers) {}

  // `updates` are those that workers have not been sent.
  void Begin(std::vector<Bytes> updates);
  // Takes one part and asks for the next. Throws ProtocolError if it is not this member's turn.
  void OnShare(const Member& member,
               const wire::FrameHeader& header,
               const std::vector<Bytes>& parts);
  bool complete() const { return rank_ == workers_; }

 private:
  void Ask(int64_t round, const std::vector<Bytes>& updates);

  wire::ReliableEndpoint& endpoint_;
  Membership& membership_;
  ModelRole& model_;
  const int workers_;
  std::vector<Bytes> updates_;
  int rank_ = 0;  // whose turn it is
};

}  // namespace strads
