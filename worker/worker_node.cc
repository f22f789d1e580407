#include "worker/worker_node.h"

#include <strads/error.h>

#include <algorithm>
#include <utility>

#include "coordinator/wire/input_files.h"

namespace strads {

using wire::FrameKind;

std::vector<Bytes> WorkerNode::Construct(const wire::Welcome& welcome, const Bytes& options) {
  std::vector<Bytes> parts = ConstructApp(welcome, options);
  if (!welcome.input_files.empty()) parts.push_back(Pack(wire::LookAt(welcome.input_files)));
  return parts;
}

std::vector<Bytes> WorkerNode::ConstructApp(const wire::Welcome& welcome, const Bytes& options) {
  const Program& program = FindProgram(programs_, welcome.app, welcome.messages);
  rank_ = welcome.index;
  num_workers_ = welcome.count;
  pace_ = Pace(welcome);
  if (program.is_data_parallel()) {
    clock_worker_ = MakeClockWorker(program, welcome, options);
    return {clock_worker_->Describe()};
  }
  worker_ = program.make_worker(options, Shard{welcome.index, welcome.count, welcome.threads});
  rotation_ = worker_->rotation();
  if (rotation_ == nullptr) return {};
  ledger_.emplace(welcome.count);
  if (welcome.count == 1) return {};
  return {Pack(wire::Ready{OpenLinks(Name(), "workers hand blocks to each other directly")})};
}

std::unique_ptr<ClockWorker> WorkerNode::MakeClockWorker(const Program& program,
                                                         const wire::Welcome& welcome,
                                                         const Bytes& options) {
  if (welcome.holders > 0) OpenLinks(Name(), "workers send gradients to holders directly");
  return std::make_unique<ClockWorker>(
      program.make_data_parallel_worker(
          options, Shard{welcome.index, welcome.count, welcome.threads}, welcome.holders),
      welcome.holders, endpoint_,
      [this](size_t part, const wire::FrameHeader& header, std::vector<Bytes> parts) {
        if (has_links()) {
          // Holders come after the workers.
          SendToPeer(num_workers_ + static_cast<int>(part), header, std::move(parts));
        } else {
          endpoint_.Send(wire::kCoordinator, header, std::move(parts));
        }
      },
      pace_, push_takes_, [this](wire::Time time) { WakeAt(time); });
}

void WorkerNode::OnFrame(wire::Delivery& delivery) {
  if (clock_worker_) {
    clock_worker_->OnFrame(delivery);
    return;
  }
  switch (delivery.header.kind) {
    case FrameKind::kPush:
    case FrameKind::kCollect:
      asked_.push_back(std::move(delivery));
      Work();
      return;
    case FrameKind::kRelease:
      if (pushing_ && pushing_->told && pushing_->round == delivery.header.round) EndPush();
      Work();
      return;
    default:
      break;
  }
  throw ProtocolError(std::string("a worker was sent a ") + FrameKindName(delivery.header.kind) +
                      ", expected a push");
}

void WorkerNode::OnPeer(int index, wire::Delivery& delivery) {
  if (delivery.lost) {
    if (collected_) return;  // it has left, or need not be there any more
    throw PeerError("lost " + NameOfPeer(index));
  }
  if (delivery.header.kind == FrameKind::kBlock && delivery.parts.size() == 2 && rotation_) {
    rotation_->Put(Unpack<wire::ShareHead>(delivery.parts[0]).block, delivery.parts[1]);
    Work();
  } else if (delivery.header.kind == FrameKind::kGrant && delivery.parts.size() == 2 &&
             clock_worker_) {
    clock_worker_->OnGrant(static_cast<size_t>(index - num_workers_), delivery);
  }
}

void WorkerNode::Work() {
  while (!asked_.empty() && !pushing_) {
    const bool collect = asked_.front().header.kind == FrameKind::kCollect;
    if (!(collect ? TryCollect(asked_.front()) : TryPush(asked_.front()))) return;
    asked_.pop_front();
  }
}

bool WorkerNode::TryPush(const wire::Delivery& asked) {
  if (asked.parts.empty()) throw ProtocolError("a worker was sent a push without a plan");
  const Bytes& plan = asked.parts.back();
  const Rotation rotation = rotation_ ? rotation_->RotationOf(plan) : Rotation{};
  const auto own = static_cast<size_t>(rank_);
  const int32_t block = own < rotation.block.size() ? rotation.block[own] : -1;
  if (ledger_) ledger_->Check(rotation);
  const bool first = block >= 0 && rotation.first[own] != 0;
  if (block >= 0 && !first && !rotation_->Has(block)) return false;
  if (ledger_) ledger_->Apply(rotation);
  for (size_t i = 0; i + 1 < asked.parts.size(); ++i) worker_->Sync(asked.parts[i]);
  pushing_ = Pushing{.round = asked.header.round, .loss = worker_->Loss(), .block = block};
  const wire::Time start = endpoint_.Now();
  if (block < 0) {
    pushing_->partial = worker_->Push(plan);
  } else {
    pushing_->next = rotation.next[own];
    if (first) rotation_->Make(plan, block);
    rotation_->BeginPush(plan, block);
  }
  pushing_->tells = rotation.extend;
  pushing_->extend = rotation.extend && block >= 0;
  pushing_->due = pace_.DueAfter(start, endpoint_.Now(), push_takes_) + pace_.DrawDelay();
  GoOn();
  return true;
}

void WorkerNode::GoOn() {
  const wire::Time now = endpoint_.Now();
  if (now < pushing_->due) {
    WakeAt(pushing_->due);
    return;
  }
  if (pushing_->told) rotation_->Extend();
  if (pushing_->tells && !pushing_->told) {
    pushing_->told = true;
    endpoint_.Send(wire::kCoordinator, {.kind = FrameKind::kDone, .round = pushing_->round}, {});
  }
  if (!pushing_->extend) {
    EndPush();
    return;
  }
  pushing_->due = pace_.DueAfter(now, endpoint_.Now(), extend_takes_);
  WakeAt(pushing_->due);
}

void WorkerNode::OnWake() {
  if (clock_worker_) clock_worker_->OnWake();
  if (!pushing_) return;
  GoOn();
  Work();
}

void WorkerNode::EndPush() {
  Pushing push = *std::exchange(pushing_, std::nullopt);
  if (push.block >= 0) {
    push.partial = rotation_->EndPush();
    if (push.next != rank_) {
      // Before the partial: someone may be waiting for it.
      SendToPeer(push.next, {.kind = FrameKind::kBlock, .round = push.round},
                 {Pack(wire::ShareHead{push.block}), rotation_->Take(push.block)});
    }
  }
  endpoint_.Send(wire::kCoordinator,
                 {.kind = FrameKind::kPartial, .round = push.round, .loss = push.loss},
                 {std::move(push.partial)});
}

bool WorkerNode::TryCollect(const wire::Delivery& asked) {
  if (!rotation_) throw ProtocolError("a worker without blocks was sent a collect");
  for (const int32_t block : ledger_->At(rank_)) {
    if (!rotation_->Has(block)) return false;
  }
  for (const Bytes& update : asked.parts) worker_->Sync(update);
  std::vector<Bytes> parts;
  if (const std::vector<int32_t> blocks = ledger_->At(rank_); !blocks.empty()) {
    ledger_->Remove(blocks.front());
    parts = {Pack(wire::ShareHead{blocks.front()}), rotation_->Take(blocks.front())};
  } else if (std::optional<Bytes> share = rotation_->Collect()) {
    parts = {Pack(wire::ShareHead{}), std::move(*share)};
  }
  collected_ = parts.empty();
  endpoint_.Send(wire::kCoordinator, {.kind = FrameKind::kShare, .round = asked.header.round},
                 std::move(parts));
  return true;
}

double WorkerNode::OnFinish(const std::vector<Bytes>& updates) {
  if (clock_worker_) return clock_worker_->OnFinish(updates);
  for (const Bytes& update : updates) worker_->Sync(update);
  return worker_->Loss();
}

std::vector<double> WorkerNode::Measures() {
  return clock_worker_ ? clock_worker_->Measures() : worker_->Measures();
}

}  // namespace strads
