#include "coordinator/wire/frame.h"

#include <strads/error.h>

#include <cstring>

namespace strads::wire {

const char* FrameKindName(FrameKind kind) {
  switch (kind) {
    case FrameKind::kHello:
      return "hello";
    case FrameKind::kWelcome:
      return "welcome";
    case FrameKind::kRefuse:
      return "refuse";
    case FrameKind::kAck:
      return "ack";
    case FrameKind::kProbe:
      return "probe";
    case FrameKind::kReady:
      return "ready";
    case FrameKind::kFailed:
      return "failed";
    case FrameKind::kSchedule:
      return "schedule";
    case FrameKind::kPlan:
      return "plan";
    case FrameKind::kPush:
      return "push";
    case FrameKind::kPartial:
      return "partial";
    case FrameKind::kFinish:
      return "finish";
    case FrameKind::kFinished:
      return "finished";
    case FrameKind::kStop:
      return "stop";
    case FrameKind::kPeers:
      return "peers";
    case FrameKind::kMeet:
      return "meet";
    case FrameKind::kMet:
      return "met";
    case FrameKind::kBlock:
      return "block";
    case FrameKind::kDone:
      return "done";
    case FrameKind::kRelease:
      return "release";
    case FrameKind::kCollect:
      return "collect";
    case FrameKind::kShare:
      return "share";
    case FrameKind::kGrant:
      return "grant";
    case FrameKind::kGradient:
      return "gradient";
    case FrameKind::kMeasure:
      return "measure";
    case FrameKind::kMeasured:
      return "measured";
    case FrameKind::kBegin:
      return "begin";
    case FrameKind::kClock:
      return "clock";
    case FrameKind::kSkip:
      return "skip";
  }
  return "unknown";
}

void CheckLimits(const Frame& frame, const FrameLimits& limits) {
  const auto refuse = [&](uint64_t number, const char* of, uint64_t most, const char* instead) {
    throw FailedError(std::string("a ") + FrameKindName(frame.header.kind) + " of " +
                      std::to_string(number) + " " + of + " is beyond the " + std::to_string(most) +
                      " that a frame may have: " + instead);
  };
  if (frame.parts.size() > limits.parts)
    refuse(frame.parts.size(), "parts", limits.parts,
           "take fewer workers, holders or rounds ahead");
  uint64_t bytes = 0;
  for (const Bytes& part : frame.parts) bytes += part.size();
  if (bytes > limits.bytes)
    refuse(bytes, "bytes", limits.bytes,
           "take a smaller model, or divide it among more workers or holders");
}

std::string EncodeHead(const Frame& frame) {
  std::string head(sizeof(FrameHeader) + 8 * frame.parts.size(), '\0');
  FrameHeader header = frame.header;
  header.num_parts = static_cast<uint32_t>(frame.parts.size());
  std::memcpy(head.data(), &header, sizeof header);
  char* to = head.data() + sizeof header;
  for (const Bytes& part : frame.parts) {
    const uint64_t size = part.size();
    std::memcpy(to, &size, sizeof size);
    to += sizeof size;
  }
  return head;
}

size_t DecodeHead(std::string_view bytes, FrameHeader& header, std::vector<uint64_t>& sizes) {
  sizes.clear();
  if (bytes.size() < sizeof header) return 0;
  std::memcpy(&header, bytes.data(), sizeof header);
  if (header.magic != FrameHeader::kMagic) return 0;
  if (header.version != FrameHeader::kVersion) return bytes.size();
  if (header.num_parts > kMaxParts) return 0;
  const size_t length = sizeof header + 8 * size_t{header.num_parts};
  if (bytes.size() < length) return 0;
  uint64_t total = 0;
  for (uint32_t i = 0; i < header.num_parts; ++i) {
    uint64_t size;
    std::memcpy(&size, bytes.data() + sizeof header + 8 * size_t{i}, sizeof size);
    if (size > kMaxFrameBytes || (total += size) > kMaxFrameBytes) return 0;
    sizes.push_back(size);
  }
  return length;
}

}  // namespace strads::wire
