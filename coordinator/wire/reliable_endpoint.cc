#include "coordinator/wire/reliable_endpoint.h"

#include <glog/logging.h>

#include <algorithm>
#include <utility>

namespace strads::wire {
namespace {

// Frames that overtook a lost one are kept up to this many: it bounds memory, the rest is resent.
constexpr uint64_t kMaxEarly = 1024;
// What is sent again without asking whether it has arrived: it costs no more than asking.
constexpr size_t kSmallBytes = size_t{64} << 10;

bool BelongsToNoRun(FrameKind kind) {
  return kind == FrameKind::kHello || kind == FrameKind::kWelcome || kind == FrameKind::kRefuse;
}

}  // namespace

void ReliableEndpoint::Transmit(const Address& to, Link& link, Frame& frame) {
  frame.header.ack = link.last_received;
  link.ack_at = kNever;
  transport_.Send(to, frame);
}

void ReliableEndpoint::Send(const Address& to, FrameHeader header, std::vector<Bytes> parts) {
  const auto found = links_.find(to);
  if (found == links_.end()) return;
  Link& link = found->second;
  Frame frame;
  frame.header = header;
  frame.header.run_id = run_id_;
  frame.parts = std::move(parts);
  CheckLimits(frame, transport_.limits());
  frame.header.sequence = ++link.last_sent;
  if (link.unacknowledged.empty()) {
    link.resend_after = options_.resend_after;
    link.resend_at = Now() + link.resend_after;
    next_timer_ = std::min(next_timer_, link.resend_at);
  }
  link.unacknowledged.push_back(std::move(frame));
  if (link.unreachable_since == kNever) Transmit(to, link, link.unacknowledged.back());
}

void ReliableEndpoint::SendUnsequenced(const Address& to,
                                       FrameKind kind,
                                       std::vector<Bytes> parts) {
  Frame frame;
  frame.header.kind = kind;
  frame.header.run_id = run_id_;
  frame.parts = std::move(parts);
  if (const auto found = links_.find(to); found != links_.end()) {
    Transmit(to, found->second, frame);
  } else {
    transport_.Send(to, frame);
  }
}

void ReliableEndpoint::ResendAll(const Address& to, Link& link) {
  VLOG(1) << "sending " << link.unacknowledged.size() << " frames to " << to << " again";
  for (Frame& frame : link.unacknowledged) Transmit(to, link, frame);
}

void ReliableEndpoint::ResendOrAsk(const Address& to, Link& link) {
  size_t bytes = 0;
  for (const Frame& frame : link.unacknowledged) bytes += frame.NumBytes();
  if (bytes <= kSmallBytes) {
    ResendAll(to, link);
    return;
  }
  // A peer that computes answers late. Copies of what it has not looked at yet would pile up there.
  Frame probe;
  probe.header.kind = FrameKind::kProbe;
  probe.header.run_id = run_id_;
  probe.header.round = static_cast<int64_t>(link.last_sent);
  Transmit(to, link, probe);
}

void ReliableEndpoint::OnUnsequenced(const Address& from, Link& link, const FrameHeader& header) {
  if (header.kind == FrameKind::kProbe) {
    Frame answer;
    answer.header.kind = FrameKind::kAck;
    answer.header.run_id = run_id_;
    answer.header.round = header.round;
    Transmit(from, link, answer);
  } else if (header.kind == FrameKind::kAck && header.round >= 0 && !link.unacknowledged.empty() &&
             std::cmp_less_equal(link.unacknowledged.front().header.sequence, header.round)) {
    ResendAll(from, link);  // sent before the probe that this answers, and not there
  }
}

void ReliableEndpoint::OnUnreachable(const Address& peer) {
  const auto found = links_.find(peer);
  if (found == links_.end() || found->second.unreachable_since != kNever) return;
  VLOG(1) << "the connection to " << peer << " is down";
  found->second.unreachable_since = Now();
  found->second.probe_at = Now() + options_.probe_every;
  next_timer_ = Time{0};
}

// Its process need not have read anything: it may compute, and answer late.
void ReliableEndpoint::OnReachable(const Address& peer, Link& link) {
  if (link.unreachable_since == kNever) return;
  VLOG(1) << "the connection to " << peer << " is up again";
  link.unreachable_since = link.probe_at = kNever;
  ResendAll(peer, link);
}

void ReliableEndpoint::OnAcknowledged(const Address& from, Link& link, uint64_t ack) {
  bool progress = false;
  while (!link.unacknowledged.empty() && link.unacknowledged.front().header.sequence <= ack) {
    link.unacknowledged.pop_front();
    progress = true;
  }
  if (link.unacknowledged.empty()) {
    link.resend_at = kNever;
  } else if (progress) {
    link.resend_after = options_.resend_after;
    link.resend_at = Now() + link.resend_after;
  }
  if (progress && tells_once_acknowledged_ && AllAcknowledged()) {
    tells_once_acknowledged_ = false;
    deliveries_.push_back({false, from, {.kind = FrameKind::kAck}, {}});
  }
}

void ReliableEndpoint::Accept(const Address& from, Link& link, Frame frame) {
  link.last_received = frame.header.sequence;
  deliveries_.push_back({false, from, frame.header, std::move(frame.parts)});
}

void ReliableEndpoint::OnFrame(const Address& from, Frame frame) {
  const FrameHeader header = frame.header;
  if (header.version != FrameHeader::kVersion) {
    if (BelongsToNoRun(header.kind)) {
      deliveries_.push_back({false, from, header, {}});
    } else {
      ++frames_foreign_;
    }
    return;
  }
  const bool of_no_run = header.sequence == 0 && BelongsToNoRun(header.kind);
  if (!of_no_run && header.run_id != run_id_) {
    VLOG(1) << "dropped a frame of another run from " << from;
    ++frames_foreign_;
    return;
  }
  const auto found = links_.find(from);
  if (found == links_.end()) {
    if (of_no_run) {
      deliveries_.push_back({false, from, header, std::move(frame.parts)});
    } else {
      ++frames_foreign_;
    }
    return;
  }
  Link& link = found->second;
  link.heard_at = Now();
  const uint64_t ack = header.run_id == run_id_ ? header.ack : 0;
  OnAcknowledged(from, link, ack);
  OnReachable(from, link);
  if (header.sequence == 0) {
    OnUnsequenced(from, link, header);
    if (of_no_run) deliveries_.push_back({false, from, header, std::move(frame.parts)});
    return;
  }
  if (link.ack_at == kNever) {
    link.ack_at = Now() + options_.ack_after;
    next_timer_ = std::min(next_timer_, link.ack_at);
  }
  if (header.sequence <= link.last_received) {
    // A repetition: its acknowledgement may have been lost.
  } else if (header.sequence == link.last_received + 1) {
    Accept(from, link, std::move(frame));
    for (auto next = link.early.begin();
         next != link.early.end() && next->first == link.last_received + 1;
         next = link.early.erase(next)) {
      Accept(from, link, std::move(next->second));
    }
  } else if (header.sequence <= link.last_received + kMaxEarly) {
    link.early.emplace(header.sequence, std::move(frame));
  }
}

void ReliableEndpoint::RunTimers() {
  const Time now = Now();
  if (now < next_timer_) return;
  std::vector<Address> lost;
  for (auto& [peer, link] : links_) {
    if (link.unreachable_since != kNever) {
      if (now - link.unreachable_since >= options_.peer_timeout) {
        lost.push_back(peer);
      } else if (now >= link.probe_at) {
        link.probe_at = now + options_.probe_every;
        SendUnsequenced(peer, FrameKind::kProbe, {});
      }
      continue;
    }
    if (now >= link.resend_at) {
      link.resend_after = std::min(2 * link.resend_after, options_.max_resend_after);
      link.resend_at = now + link.resend_after;
      ResendOrAsk(peer, link);
    }
    if (now >= link.ack_at) SendUnsequenced(peer, FrameKind::kAck, {});
  }
  std::sort(lost.begin(), lost.end());
  for (const Address& peer : lost) {
    links_.erase(peer);
    deliveries_.push_back({true, peer, {}, {}});
  }
  next_timer_ = kNever;
  for (const auto& [peer, link] : links_) {
    if (link.unreachable_since != kNever) {
      next_timer_ =
          std::min({next_timer_, link.unreachable_since + options_.peer_timeout, link.probe_at});
    } else {
      next_timer_ = std::min({next_timer_, link.resend_at, link.ack_at});
    }
  }
}

std::optional<Delivery> ReliableEndpoint::Receive(Time until) {
  while (deliveries_.empty()) {
    RunTimers();
    if (!deliveries_.empty()) break;
    const Time wait = std::min(until, next_timer_);
    std::optional<Event> event = transport_.Receive(wait);
    if (event) {
      if (event->kind == Event::Kind::kUnreachable) {
        OnUnreachable(event->peer);
      } else if (event->kind == Event::Kind::kReachable) {
        if (const auto found = links_.find(event->peer); found != links_.end())
          OnReachable(event->peer, found->second);
      } else {
        OnFrame(event->peer, std::move(event->frame));
      }
    } else if (wait == until || Now() < wait) {
      return std::nullopt;
    }
  }
  Delivery delivery = std::move(deliveries_.front());
  deliveries_.pop_front();
  return delivery;
}

bool ReliableEndpoint::IsReachable(const Address& peer) const {
  const auto found = links_.find(peer);
  return found != links_.end() && found->second.unreachable_since == kNever;
}

Time ReliableEndpoint::LastHeard(const Address& peer) const {
  const auto found = links_.find(peer);
  return found == links_.end() ? kNotHeard : found->second.heard_at;
}

Time ReliableEndpoint::NextTimer() const { return std::min(next_timer_, transport_.NextDue()); }

bool ReliableEndpoint::AllAcknowledged() const {
  return std::all_of(links_.begin(), links_.end(),
                     [](const auto& entry) { return entry.second.unacknowledged.empty(); });
}

Traffic ReliableEndpoint::traffic() const {
  Traffic traffic = transport_.traffic();
  traffic.frames_dropped += frames_foreign_;
  return traffic;
}

}  // namespace strads::wire
