#include "coordinator/holder_node.h"

#include <strads/error.h>

#include <string>
#include <utility>

namespace strads {

using wire::FrameKind;

std::vector<Bytes> HolderNode::Construct(const wire::Welcome& welcome, const Bytes& options) {
  const Program& program = FindProgram(programs_, welcome.app, welcome.messages);
  if (!program.divides)
    throw ProtocolError("the parameters of app '" + welcome.app + "' cannot be divided");
  model_ = program.make_data_parallel_model(options, Slice{welcome.index, welcome.count});
  return {Pack(wire::Ready{OpenLinks("holder " + std::to_string(welcome.index),
                                     "workers send gradients to holders directly")})};
}

void HolderNode::OnFrame(wire::Delivery& delivery) {
  if (delivery.header.kind == FrameKind::kBegin && !holder_ && !delivery.parts.empty()) {
    Begin(delivery.parts);
  } else if (delivery.header.kind == FrameKind::kCollect && holder_) {
    Share();
  } else {
    throw ProtocolError(std::string("a holder was sent a ") + FrameKindName(delivery.header.kind) +
                        ", expected a begin");
  }
}

void HolderNode::Begin(const std::vector<Bytes>& parts) {
  holder_.emplace(
      *model_, Holder::Range::kPart, Unpack<RunOptions>(parts[0]), endpoint_.clock(),
      [this](int rank, const wire::FrameHeader& header, std::vector<Bytes> sent) {
        SendToPeer(rank, header, std::move(sent));
      },
      [this](int64_t clock, const Report& report, std::vector<Bytes> snapshot) {
        return TellClock(clock, report, std::move(snapshot));
      });
  holder_->Start({parts.begin() + 1, parts.end()});
}

bool HolderNode::TellClock(int64_t clock, const Report& report, std::vector<Bytes> snapshot) {
  snapshot.insert(snapshot.begin(), Pack(report));
  endpoint_.Send(wire::kCoordinator, {.kind = FrameKind::kClock, .round = clock},
                 std::move(snapshot));
  return !report.done.empty();
}

void HolderNode::Share() {
  shared_ = true;
  holder_->Stop();
  const ClockTally tally = holder_->Tally();
  wire::HolderEnd end{.pulls = holder_->engine().pulls(),
                      .late = tally.late,
                      .waited = wire::ToSeconds(tally.waited),
                      .idle = wire::ToSeconds(holder_->engine().idle())};
  for (const auto& [value, count] : tally.staleness.counts) {
    end.staleness.push_back(value);
    end.staleness.push_back(count);
  }
  endpoint_.Send(wire::kCoordinator, {.kind = FrameKind::kShare}, {Pack(end), holder_->Answer()});
}

void HolderNode::OnPeer(int rank, wire::Delivery& delivery) {
  // A worker that is lost is lost to the coordinator as well, or has told it that this is.
  if (shared_ || delivery.lost) return;
  if (delivery.header.kind == FrameKind::kGradient && holder_) holder_->OnGradient(rank, delivery);
  if (delivery.header.kind == FrameKind::kSkip && holder_)
    holder_->OnSkip(rank, delivery.header.round);
}

}  // namespace strads
