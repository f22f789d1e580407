#pragma once

#include <strads/program.h>

#include <vector>

#include "coordinator/membership.h"
#include "coordinator/wire/reliable_endpoint.h"

namespace strads {

// Brings the blocks and shares of a model from the workers to the coordinator after the last round:
// one part of each worker at a time, so that no more than one a worker is on its way.
class Collection {
 public:
  // All must outlive it.
  Collection(wire::ReliableEndpoint& endpoint,
             Membership& membership,
             ModelRole& model,
             int workers)
      : endpoint_(endpoint), membership_(membership), model_(model), open_(workers) {}

  // `updates` are those that workers have not been sent.
  void Begin(const std::vector<Bytes>& updates);
  // Takes one part and asks for the next.
  void OnShare(const Member& member,
               const wire::FrameHeader& header,
               const std::vector<Bytes>& parts);
  bool complete() const { return open_ == 0; }

 private:
  wire::ReliableEndpoint& endpoint_;
  Membership& membership_;
  ModelRole& model_;
  int open_;  // workers that have more
};

}  // namespace strads
