#include "coordinator/wire/zmq_message.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace strads::wire {
namespace {

// Below this a copy is cheaper than another ZeroMQ message.
constexpr size_t kInlineBytes = size_t{8} << 10;

bool SendMessage(zmq::socket_t& socket, zmq::message_t message, bool more) {
  const auto flags =
      zmq::send_flags::dontwait | (more ? zmq::send_flags::sndmore : zmq::send_flags::none);
  return socket.send(message, flags).has_value();
}

// A message that reads the memory of `bytes` where it lies and holds it until it is sent.
zmq::message_t Borrow(const Bytes& bytes) {
  auto keeper = std::make_unique<std::shared_ptr<const void>>(bytes.owner());
  zmq::message_t message(
      const_cast<char*>(bytes.data()), bytes.size(),
      [](void*, void* hint) { delete static_cast<std::shared_ptr<const void>*>(hint); },
      keeper.get());
  (void)keeper.release();
  return message;
}

Bytes Own(zmq::message_t message) {
  auto owner = std::make_shared<zmq::message_t>(std::move(message));
  const char* data = owner->data<char>();
  const size_t size = owner->size();
  return {std::move(owner), data, size};
}

void Drain(zmq::socket_t& socket, bool more) {
  zmq::message_t rest;
  while (more && socket.recv(rest, zmq::recv_flags::dontwait)) more = rest.more();
}

// The next message of the same multipart message; none if `more` says that it has ended.
std::optional<zmq::message_t> Next(zmq::socket_t& socket, bool& more) {
  zmq::message_t message;
  if (!more || !socket.recv(message, zmq::recv_flags::dontwait)) {
    more = false;
    return std::nullopt;
  }
  more = message.more();
  return message;
}

std::optional<Bytes> ReceivePart(zmq::socket_t& socket, uint64_t size, bool& more) {
  if (size <= kChunkBytes) {
    auto message = Next(socket, more);
    if (!message || message->size() != size) return std::nullopt;
    return Own(std::move(*message));
  }
  // Memory is taken as chunks arrive, not as the head claims.
  ByteWriter whole;
  while (whole.size() < size) {
    const auto chunk = Next(socket, more);
    if (!chunk || chunk->size() != std::min<uint64_t>(kChunkBytes, size - whole.size()))
      return std::nullopt;
    whole.write(chunk->data<char>(), chunk->size());
  }
  return whole.Finish();
}

}  // namespace

bool SendFrame(zmq::socket_t& socket, const std::string* identity, const Frame& frame) {
  if (identity != nullptr &&
      !SendMessage(socket, zmq::message_t(identity->data(), identity->size()), true))
    return false;
  const std::string head = EncodeHead(frame);
  const size_t total = frame.NumBytes();
  if (total <= kInlineBytes) {
    zmq::message_t message(total);
    char* to = message.data<char>();
    std::memcpy(to, head.data(), head.size());
    to += head.size();
    for (const Bytes& part : frame.parts) {
      if (!part.empty()) std::memcpy(to, part.data(), part.size());
      to += part.size();
    }
    return SendMessage(socket, std::move(message), false);
  }
  // After the first message of a multipart message the rest is accepted too.
  if (!SendMessage(socket, zmq::message_t(head.data(), head.size()), true)) return false;
  for (size_t i = 0; i < frame.parts.size(); ++i) {
    const Bytes& part = frame.parts[i];
    const bool last_part = i + 1 == frame.parts.size();
    size_t sent = 0;
    do {
      const size_t count = std::min(kChunkBytes, part.size() - sent);
      const bool last = sent + count == part.size();
      if (!SendMessage(socket, Borrow(part.Slice(sent, count)), !(last && last_part))) return false;
      sent += count;
    } while (sent < part.size());
  }
  return true;
}

std::optional<Frame> ReceiveFrame(zmq::socket_t& socket, zmq::message_t first) {
  bool more = first.more();
  Frame frame;
  std::vector<uint64_t> sizes;
  const std::string_view bytes(first.data<char>(), first.size());
  const size_t head = DecodeHead(bytes, frame.header, sizes);
  if (head == 0 || frame.header.version != FrameHeader::kVersion) {
    Drain(socket, more);
    if (head == 0) return std::nullopt;
    return frame;
  }
  if (!more) {
    const Bytes whole = Own(std::move(first));
    size_t at = head;
    for (const uint64_t size : sizes) {
      if (size > whole.size() - at) return std::nullopt;
      frame.parts.push_back(whole.Slice(at, size));
      at += size;
    }
    if (at != whole.size()) return std::nullopt;
    return frame;
  }
  bool sound = bytes.size() == head;
  for (size_t i = 0; sound && i < sizes.size(); ++i) {
    auto part = ReceivePart(socket, sizes[i], more);
    sound = part.has_value();
    if (sound) frame.parts.push_back(std::move(*part));
  }
  if (!sound || more) {
    Drain(socket, more);
    return std::nullopt;
  }
  return frame;
}

}  // namespace strads::wire
