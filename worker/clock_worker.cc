#include "worker/clock_worker.h"

#include <strads/error.h>

#include <algorithm>
#include <utility>

#include "coordinator/wire/control.h"

namespace strads {

using wire::FrameKind;

void ClockWorker::OnFrame(wire::Delivery& delivery) {
  arrived_ = true;
  if (delivery.header.kind == FrameKind::kGrant && delivery.parts.size() == 2) {
    OnGrant(delivery);
  } else if (delivery.header.kind == FrameKind::kMeasure) {
    const double loss = LossOf(delivery.parts);
    endpoint_.Send(wire::kCoordinator,
                   {.kind = FrameKind::kMeasured, .round = delivery.header.round, .loss = loss},
                   {});
  } else {
    throw ProtocolError(std::string("a worker was sent a ") + FrameKindName(delivery.header.kind) +
                        ", expected a grant");
  }
}

void ClockWorker::OnGrant(const wire::Delivery& delivery) {
  const auto grant = Unpack<wire::GrantHead>(delivery.parts[0]);
  next_ = std::max(next_, grant.first);
  last_ = std::max(last_, grant.last);
  version_ = grant.version;
  unread_ = delivery.parts[1];
  if (!pushing_) wake_at_(endpoint_.Now());
}

void ClockWorker::OnWake() {
  if (pushing_) SendIfDue();
  if (pushing_ || next_ > last_) return;
  // What has arrived goes first: it may be newer parameters.
  if (!std::exchange(arrived_, false)) Push();
  if (!pushing_ && next_ <= last_) wake_at_(endpoint_.Now());
}

void ClockWorker::Push() {
  if (unread_) role_->Read(*std::exchange(unread_, std::nullopt));
  const wire::Time start = endpoint_.Now();
  Bytes gradient = role_->Push(next_);
  const wire::Time due = pace_.DueAfter(start, endpoint_.Now(), push_takes_) + pace_.DrawDelay();
  pushing_ = Pushing{next_, version_, std::move(gradient), due};
  ++next_;
  SendIfDue();
}

void ClockWorker::SendIfDue() {
  if (endpoint_.Now() < pushing_->due) {
    wake_at_(pushing_->due);
    return;
  }
  Pushing push = *std::exchange(pushing_, std::nullopt);
  endpoint_.Send(wire::kCoordinator, {.kind = FrameKind::kGradient, .round = push.clock},
                 {Pack(wire::GradientHead{push.version}), std::move(push.gradient)});
  // Others may have sent something meanwhile.
  arrived_ = true;
}

double ClockWorker::LossOf(const std::vector<Bytes>& parameters) {
  if (parameters.size() != 1) throw ProtocolError("a worker was asked for the loss of nothing");
  last_ = -1;
  pushing_.reset();
  role_->Read(parameters[0]);
  return role_->Loss();
}

double ClockWorker::OnFinish(const std::vector<Bytes>& parameters) { return LossOf(parameters); }

}  // namespace strads
