#pragma once

#include <strads/bytes.h>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace strads::wire {

// Every kind of frame there is. docs/protocol.md tells who sends which and when. Members are
// workers, schedulers and holders.
enum class FrameKind : uint16_t {
  kHello = 1,    // member -> coordinator: may I join?
  kWelcome = 2,  // coordinator -> member: you are number i of your role in this run
  kRefuse = 3,   // coordinator -> anyone: no, because
  kAck = 4,      // either way: nothing but the acknowledgement in its header
  kProbe = 5,    // either way: are you there? (the transport tells)

  kReady = 16,     // member -> coordinator: constructed
  kFailed = 17,    // member -> coordinator: an Error ended me
  kSchedule = 18,  // coordinator -> scheduler: feedback, and make the plan of this round
  kPlan = 19,      // scheduler -> coordinator: the plan of this round
  kPush = 20,      // coordinator -> worker: updates to sync, then the plan to push
  kPartial = 21,   // worker -> coordinator: its share of this round
  kFinish = 22,    // coordinator -> all: the last updates; the run is over
  kFinished = 23,  // member -> coordinator: synced, and gone
  kStop = 24,      // coordinator -> all: the run failed; leave

  // Of runs in which members have links to each other: workers hand on blocks, or have holders.
  kPeers = 25,    // coordinator -> worker, holder: who the others are, and where they listen
  kMeet = 26,     // coordinator -> worker, holder: connect to them; worker -> either: here I am
  kMet = 27,      // worker, holder -> coordinator: ready to meet the others; have met them all
  kBlock = 28,    // worker -> worker: a block, which is yours now
  kDone = 29,     // worker -> coordinator: has done its share of the round, and goes on with it
  kRelease = 30,  // coordinator -> worker: everyone has; end the round
  kCollect = 31,  // coordinator -> worker, holder: updates to sync; then send a part of the model
  kShare = 32,    // worker, holder -> coordinator: a part of the model, or: that was all

  // Of data-parallel runs, whose workers have clocks of their own.
  kGrant = 48,     // coordinator, holder -> worker: parameters, and leave to push clocks from them
  kGradient = 49,  // worker -> coordinator, holder: of a clock, and which parameters it read
  kMeasure = 50,   // coordinator -> worker: what is the loss of these parameters?
  kMeasured = 51,  // worker -> coordinator: the loss, in the header
  kBegin = 52,     // coordinator -> holder: what the workers' shards are; start
  kClock = 53,     // holder -> coordinator: a clock is complete; a report, maybe a snapshot
  kSkip = 54,      // worker -> holder: does not push this clock: others have granted later ones
};

const char* FrameKindName(FrameKind kind);

// The fixed head of every frame, sent as it lies in memory (little-endian).
struct FrameHeader {
  static constexpr uint32_t kMagic = 0x44525453;  // "STRD"
  static constexpr uint16_t kVersion = 1;

  uint32_t magic = kMagic;
  uint16_t version = kVersion;
  FrameKind kind = FrameKind::kAck;
  uint64_t run_id = 0;    // 0 before the handshake
  uint64_t sequence = 0;  // 1, 2, ... per link and direction; 0: not sequenced, may be lost
  uint64_t ack = 0;       // every sequenced frame up to this one has arrived
  int64_t round = -1;
  uint32_t num_parts = 0;
  uint32_t fence = 0;  // of a plan: 1 if it must see every earlier update
  // A worker's: with a partial of its state before the push, when finished of that after the last
  // update, when measured of the parameters that it was asked about.
  double loss = 0;
};
static_assert(sizeof(FrameHeader) == 56);

// A header and the packed messages that it announces.
struct Frame {
  FrameHeader header;
  std::vector<Bytes> parts;

  size_t NumBytes() const {
    size_t size = sizeof(FrameHeader) + 8 * parts.size();
    for (const Bytes& part : parts) size += part.size();
    return size;
  }
};

inline constexpr uint32_t kMaxParts = 4096;
inline constexpr uint64_t kMaxFrameBytes = uint64_t{1} << 33;

// What a frame may have at most: its receiver drops anything larger.
struct FrameLimits {
  uint64_t parts = std::numeric_limits<uint64_t>::max();
  uint64_t bytes = std::numeric_limits<uint64_t>::max();  // of all parts
};
// Throws Error (kFailed) for a frame beyond them.
void CheckLimits(const Frame& frame, const FrameLimits& limits);

// The header and part sizes of `frame` as they are sent.
std::string EncodeHead(const Frame& frame);

// Reads the head that `bytes` begin with: fills frame.header and `sizes`, and returns its length.
// Returns 0 for anything that is not a frame of this protocol: wrong magic, too short, more than
// kMaxParts parts or kMaxFrameBytes bytes. A frame of another version is returned with that version
// and no sizes, so that it can be answered with a refusal.
size_t DecodeHead(std::string_view bytes, FrameHeader& header, std::vector<uint64_t>& sizes);

}  // namespace strads::wire
