#include "coordinator/own_parameters.h"

#include <strads/error.h>

#include <utility>

namespace strads {

OwnParameters::OwnParameters(DataParallelModelRole& model,
                             const RunOptions& options,
                             wire::ReliableEndpoint& endpoint,
                             Membership& membership,
                             const wire::Clock& clock)
    : model_(model),
      membership_(membership),
      holder_(
          model,
          Holder::Range::kAll,
          options,
          clock,
          [&endpoint, this](int rank, const wire::FrameHeader& header, std::vector<Bytes> parts) {
            endpoint.Send(membership_.worker(rank).address, header, std::move(parts));
          },
          [this](int64_t clock_done, const Report& report, std::vector<Bytes> snapshot) {
            return on_clock_(clock_done, report, std::move(snapshot));
          }) {}

void OwnParameters::Start(std::vector<Bytes> starts, OnClock on_clock) {
  on_clock_ = std::move(on_clock);
  holder_.Start(starts);
}

void OwnParameters::OnFrame(Member& member, wire::Delivery& delivery) {
  if (delivery.header.kind != wire::FrameKind::kGradient || member.role != wire::Role::kWorker)
    throw ProtocolError(std::string("it sent a ") + FrameKindName(delivery.header.kind) +
                        ", expected a gradient");
  member.last_round = delivery.header.round;
  holder_.OnGradient(member.index, delivery);
}

bool OwnParameters::TellOfOpenClock() {
  holder_.TellOfOpenClock();
  return true;
}

void OwnParameters::Collect() {
  holder_.Stop();
  model_.Finish();
}

std::vector<Member*> OwnParameters::Missing() {
  std::vector<Member*> members;
  for (const int rank : holder_.engine().MissingRanks())
    members.push_back(&membership_.worker(rank));
  return members;
}

}  // namespace strads
