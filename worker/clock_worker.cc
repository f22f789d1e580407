#include "worker/clock_worker.h"

#include <strads/error.h>

#include <algorithm>
#include <utility>

#include "coordinator/wire/control.h"

namespace strads {

using wire::FrameKind;

void ClockWorker::OnFrame(wire::Delivery& delivery) {
  if (delivery.header.kind == FrameKind::kGrant && delivery.parts.size() == 2) {
    OnGrant(0, delivery);
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

void ClockWorker::OnGrant(size_t part, const wire::Delivery& delivery) {
  if (over_) return;
  arrived_ = true;
  const auto grant = Unpack<wire::GrantHead>(delivery.parts.at(0));
  Leave& leave = leaves_.at(part);
  next_ = std::max(next_, grant.first);
  leave.last = std::max(leave.last, grant.last);
  leave.version = grant.version;
  leave.first = grant.first;
  own_.may_lack = grant.is_eager;
  leave.unread = delivery.parts.at(1);
  SkipClosed();
  if (!pushing_) wake_at_(endpoint_.Now());
}

void ClockWorker::SkipClosed() {
  for (size_t part = 0; part < leaves_.size(); ++part) {
    Leave& leave = leaves_[part];
    if (next_ <= leave.last || leave.begun >= leave.last) continue;
    leave.begun = leave.last;
    send_(part, {.kind = FrameKind::kSkip, .round = leave.last}, {});
  }
}

bool ClockWorker::MayPush() const {
  return !over_ &&
         std::ranges::all_of(leaves_, [&](const Leave& leave) { return next_ <= leave.last; });
}

void ClockWorker::OnWake() {
  if (pushing_) SendIfDue();
  if (pushing_ || !MayPush()) return;
  // What has arrived goes first: it may be newer parameters.
  if (!std::exchange(arrived_, false)) Push();
  if (!pushing_ && MayPush()) wake_at_(endpoint_.Now());
}

void ClockWorker::Push() {
  std::vector<int64_t> versions;
  for (size_t part = 0; part < leaves_.size(); ++part) {
    Leave& leave = leaves_[part];
    if (leave.unread) {
      role_->Read(part, *std::exchange(leave.unread, std::nullopt));
      own_.settled[part] = leave.first;
    }
    leave.begun = next_;
    versions.push_back(leave.version);
  }
  const wire::Time start = endpoint_.Now();
  std::vector<Bytes> gradient = role_->Push(next_, own_);
  const wire::Time due = pace_.DueAfter(start, endpoint_.Now(), push_takes_) + pace_.DrawDelay();
  pushing_ = Pushing{next_, std::move(versions), std::move(gradient), due};
  ++next_;
  SendIfDue();
}

void ClockWorker::SendIfDue() {
  if (endpoint_.Now() < pushing_->due) {
    wake_at_(pushing_->due);
    return;
  }
  Pushing push = *std::exchange(pushing_, std::nullopt);
  for (size_t part = 0; part < push.gradient.size(); ++part) {
    send_(part, {.kind = FrameKind::kGradient, .round = push.clock},
          {Pack(wire::GradientHead{push.versions[part]}), std::move(push.gradient[part])});
  }
  // Others may have sent something meanwhile.
  arrived_ = true;
}

double ClockWorker::LossOf(const std::vector<Bytes>& parameters) {
  if (parameters.size() != leaves_.size())
    throw ProtocolError("a worker was asked for the loss of some of the parameters");
  over_ = true;
  pushing_.reset();
  for (size_t part = 0; part < parameters.size(); ++part) role_->Read(part, parameters[part]);
  return role_->Loss();
}

double ClockWorker::OnFinish(const std::vector<Bytes>& parameters) { return LossOf(parameters); }

}  // namespace strads
