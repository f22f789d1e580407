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

// The worker of a data-parallel run: pushes the clocks that it has leave for from all who hold
// parameters, each from the newest parameters that have arrived when it begins.
class ClockWorker {
 public:
  // A frame for holder number `part`, or the coordinator if there are none.
  using SendGradient =
      std::function<void(size_t part, const wire::FrameHeader&, std::vector<Bytes> parts)>;

  // `endpoint` must outlive it. `holders` may be 0. A push takes `push_takes` at least. `wake_at`
  // has OnWake called at that time or before.
  ClockWorker(std::unique_ptr<DataParallelWorkerRole> role,
              int holders,
              wire::ReliableEndpoint& endpoint,
              SendGradient send,
              const Pace& pace,
              wire::Time push_takes,
              std::function<void(wire::Time)> wake_at)
      : role_(std::move(role)),
        endpoint_(endpoint),
        send_(std::move(send)),
        pace_(pace),
        push_takes_(push_takes),
        wake_at_(std::move(wake_at)),
        leaves_(holders > 0 ? static_cast<size_t>(holders) : 1) {
    own_.settled.resize(leaves_.size(), 0);
  }

  Bytes Describe() { return role_->Describe(); }
  // Of the coordinator. Throws ProtocolError on a frame that is none of this pattern.
  void OnFrame(wire::Delivery& delivery);
  // Of whoever holds that part of the parameters.
  void OnGrant(size_t part, const wire::Delivery& delivery);
  void OnWake();
  // The run is over: the loss of these parameters.
  double OnFinish(const std::vector<Bytes>& parameters);
  // Then: what else its app tells of the shard.
  std::vector<double> Measures() { return role_->Measures(); }

 private:
  // From one who holds parameters.
  struct Leave {
    int64_t last = -1;            // the last clock that it lets this worker push
    int64_t begun = -1;           // the last that was pushed, or skipped
    int64_t version = -1;         // of its newest parameters
    int64_t first = 0;            // those hold what counts of this worker's clocks before it
    std::optional<Bytes> unread;  // those, until a push reads them
  };
  // A push whose gradient is not sent yet.
  struct Pushing {
    int64_t clock = 0;
    std::vector<int64_t> versions;  // that it read, of all parts
    std::vector<Bytes> gradient;
    wire::Time due{0};
  };

  bool MayPush() const;
  // Tells those who wait for a clock that others have gone past.
  void SkipClosed();
  double LossOf(const std::vector<Bytes>& parameters);
  void Push();
  void SendIfDue();

  const std::unique_ptr<DataParallelWorkerRole> role_;
  wire::ReliableEndpoint& endpoint_;
  const SendGradient send_;
  Pace pace_;
  const wire::Time push_takes_;
  const std::function<void(wire::Time)> wake_at_;
  std::vector<Leave> leaves_;  // of all parts
  OwnClocks own_;              // of the parameters that were read last
  int64_t next_ = 0;
  bool over_ = false;     // the last clock: nothing is pushed any more
  bool arrived_ = false;  // something, since the last wake: more may be waiting
  std::optional<Pushing> pushing_;
};

}  // namespace strads
