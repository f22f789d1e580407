#pragma once

#include <optional>
#include <zmq.hpp>

#include "coordinator/wire/frame.h"

namespace strads::wire {

// A part over this size is split: a chunk must pass between two heartbeats, 8 s apart at most, also
// on a line of 100 Mbit/s.
inline constexpr size_t kChunkBytes = size_t{32} << 20;

// Sends `frame`, after an identity where there is one, without blocking. Returns false if the
// socket would not take it, with errno set. Frames up to a few KB travel as one ZeroMQ message.
bool SendFrame(zmq::socket_t& socket, const std::string* identity, const Frame& frame);

// Reads one frame whose first ZeroMQ message is `first`, taking the rest of the multipart message
// from `socket`. Empty, with the rest drained, if it is not a frame of this protocol.
std::optional<Frame> ReceiveFrame(zmq::socket_t& socket, zmq::message_t first);

}  // namespace strads::wire
