#pragma once

#include <strads/data_parallel_role.h>

#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "coordinator/wire/reliable_endpoint.h"
#include "worker/pace.h"

namespace strads {

// The worker of a data-parallel run: pushes the clocks that it has leave for, each from the newest
// parameters that have arrived when it begins.
class ClockWorker {
 public:
  // `endpoint` must outlive it. A push takes `push_takes` at least. `wake_at` has OnWake called at
  // that time or before.
  ClockWorker(std::unique_ptr<DataParallelWorkerRole> role,
              wire::ReliableEndpoint& endpoint,
              const Pace& pace,
              wire::Time push_takes,
              std::function<void(wire::Time)> wake_at)
      : role_(std::move(role)),
        endpoint_(endpoint),
        pace_(pace),
        push_takes_(push_takes),
        wake_at_(std::move(wake_at)) {}

  Bytes Describe() { return role_->Describe(); }
  // Throws ProtocolError on a frame that is none of this pattern.
  void OnFrame(wire::Delivery& delivery);
  void OnWake();
  // The run is over: the loss of these parameters.
  double OnFinish(const std::vector<Bytes>& parameters);

 private:
  // A push whose gradient is not sent yet.
  struct Pushing {
    int64_t clock = 0;
    int64_t version = 0;
    Bytes gradient;
    wire::Time due{0};
  };

  void OnGrant(const wire::Delivery& delivery);
  double LossOf(const std::vector<Bytes>& parameters);
  void Push();
  void SendIfDue();

  const std::unique_ptr<DataParallelWorkerRole> role_;
  wire::ReliableEndpoint& endpoint_;
  Pace pace_;
  const wire::Time push_takes_;
  const std::function<void(wire::Time)> wake_at_;
  int64_t next_ = 0;
  int64_t last_ = -1;
  int64_t version_ = -1;         // of the newest parameters
  std::optional<Bytes> unread_;  // those, until a push reads them
  bool arrived_ = false;         // something, since the last wake: more may be waiting
  std::optional<Pushing> pushing_;
};

}  // namespace strads
