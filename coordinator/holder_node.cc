#include "coordinator/holder_node.h"

#include <strads/error.h>

#include <string>
#include <utility>

namespace strads {

using wire::FrameKind;

std::vector<Bytes> HolderNode::Construct(const wire::Welcome& welcome, const Bytes& options) {
  const Program& program = FindProgram(programs_, welcome.app);
  if (!program.divides)
    throw ProtocolError("the parameters of app '" + welcome.app + "' cannot be divided");
  model_ = program.make_data_parallel_model(options, Slice{welcome.index, welcome.count});
  links_.emplace(endpoint_, "holder " + std::to_string(welcome.index),
                 "workers send gradients to holders directly",
                 [this](wire::Time time) { WakeAt(time); });
  return {Pack(wire::Ready{endpoint_.Listen()})};
}

void HolderNode::OnFrame(wire::Delivery& delivery) {
  if (links_->OnFrame(delivery)) return;
  if (delivery.header.kind == FrameKind::kBegin && model_ && !delivery.parts.empty()) {
    Begin(delivery.parts);
  } else if (delivery.header.kind == FrameKind::kCollect && holder_) {
    Share();
  } else {
    throw ProtocolError(std::string("a holder was sent a ") + FrameKindName(delivery.header.kind) +
                        ", expected a begin");
  }
}

void HolderNode::Begin(const std::vector<Bytes>& parts) {
  const auto start = Unpack<wire::HolderStart>(parts[0]);
  RunOptions run;
  run.consistency = start.consistency;
  run.workers = start.workers;
  run.staleness = start.staleness;
  run.backup_workers = start.backup_workers;
  run.max_rounds = start.max_clocks;
  run.trace = start.trace;
  holder_.emplace(
      std::move(model_), run, endpoint_.clock(),
      [this](int rank, const wire::FrameHeader& header, std::vector<Bytes> sent) {
        bytes_to_peers_ += links_->Send(rank, header, std::move(sent));
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
  wire::HolderEnd end{.late = tally.late,
                      .waited = wire::ToSeconds(tally.waited),
                      .idle = wire::ToSeconds(holder_->engine().idle())};
  for (const auto& [value, count] : tally.staleness.counts) {
    end.staleness.push_back(value);
    end.staleness.push_back(count);
  }
  endpoint_.Send(wire::kCoordinator, {.kind = FrameKind::kShare}, {Pack(end), holder_->Answer()});
}

void HolderNode::OnPeer(wire::Delivery& delivery) {
  const int rank = links_->IndexOf(delivery.from);
  // A worker that is lost is lost to the coordinator as well, or has told it that this is.
  if (rank < 0 || shared_ || delivery.lost) return;
  if (delivery.header.kind == FrameKind::kMeet) {
    links_->OnMeet(delivery.from);
  } else if (delivery.header.kind == FrameKind::kGradient && holder_) {
    holder_->OnGradient(rank, delivery);
  }
}

void HolderNode::OnWake() { links_->OnWake(); }

void HolderNode::OnLeave() {
  if (links_) links_->Close();
}

}  // namespace strads
