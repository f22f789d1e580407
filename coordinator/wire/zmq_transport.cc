#include "coordinator/wire/zmq_transport.h"

#include <glog/logging.h>
#include <strads/error.h>

#include <algorithm>
#include <deque>
#include <random>
#include <set>
#include <utility>
#include <zmq.hpp>

#include "coordinator/wire/zmq_message.h"

namespace strads::wire {
namespace {

constexpr int kHeartbeatMs = 2000;
constexpr int kHeartbeatTimeoutMs = 8000;
constexpr int kLingerMs = 500;
constexpr int kQueuedMessages = 4000;  // a frame is at most a few; links bound what is in flight
// After a connection broke the routing table lags behind, so peers are probed for a while.
constexpr double kProbeSeconds = 1.0;
constexpr double kProbeEverySeconds = 0.05;
constexpr double kMonitorEverySeconds = 0.1;  // how soon a broken connection is noticed

std::string RandomIdentity() {
  // Ten letters and digits after a letter: an identity must not start with a zero byte, and short
  // strings are cheap to copy and compare.
  static constexpr char kDigits[] =
      "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-+";
  std::random_device device;
  std::string identity = "p";
  for (int i = 0; i < 11; ++i) identity += kDigits[device() % 64];
  return identity;
}

void SetUp(zmq::socket_t& socket) {
  socket.set(zmq::sockopt::linger, kLingerMs);
  socket.set(zmq::sockopt::sndhwm, kQueuedMessages);
  socket.set(zmq::sockopt::rcvhwm, kQueuedMessages);
  socket.set(zmq::sockopt::heartbeat_ivl, kHeartbeatMs);
  socket.set(zmq::sockopt::heartbeat_timeout, kHeartbeatTimeoutMs);
  socket.set(zmq::sockopt::heartbeat_ttl, 2 * kHeartbeatTimeoutMs);
  socket.set(zmq::sockopt::handshake_ivl, 5000);
  socket.set(zmq::sockopt::maxmsgsize, static_cast<int64_t>(kChunkBytes + (size_t{64} << 10)));
}

}  // namespace

struct ZmqTransport::Sockets {
  Sockets(zmq::socket_type type, bool binds)
      : is_router(binds), socket(context, type), monitor(context, zmq::socket_type::pair) {
    SetUp(socket);
    const char* const address = "inproc://monitor";
    if (zmq_socket_monitor(socket.handle(), address, ZMQ_EVENT_DISCONNECTED) != 0)
      throw zmq::error_t();
    monitor.set(zmq::sockopt::linger, 0);
    monitor.connect(address);
  }

  void OnDisconnected() {
    zmq::message_t message;
    bool disconnected = false;
    while (monitor.recv(message, zmq::recv_flags::dontwait)) disconnected = true;
    if (!disconnected) return;
    if (is_router) {
      probe_until = clock.Now() + Seconds(kProbeSeconds);
      probe_at = clock.Now();
    } else {
      events.push_back({Event::Kind::kUnreachable, kCoordinator, {}});
    }
  }

  // Finds out which peers the routing table has lost: sending to them fails.
  void ProbePeers() {
    if (probe_at == kNever) return;
    const Time now = clock.Now();
    if (now < probe_at) return;
    probe_at = now + Seconds(kProbeEverySeconds) < probe_until ? now + Seconds(kProbeEverySeconds)
                                                               : kNever;
    Frame probe;
    probe.header.kind = FrameKind::kProbe;
    const std::set<Address> asked = peers;
    for (const Address& peer : asked) TrySend(peer, probe);
  }

  void TrySend(const Address& to, const Frame& frame) {
    try {
      SendFrame(socket, is_router ? &to : nullptr,
                frame);  // refused for now: lost, as any frame may be
    } catch (const zmq::error_t& error) {
      if (error.num() != EHOSTUNREACH) throw;
      peers.erase(to);
      events.push_back({Event::Kind::kUnreachable, to, {}});
    }
  }

  // The next message, if one comes until `until`. Waiting inside recv costs a fraction of the
  // system calls of zmq_poll, which matters for rounds that take some 50 us.
  bool ReceiveMessage(zmq::message_t& message, Time until) {
    const Time left = until - clock.Now();
    if (left <= Time{0}) return socket.recv(message, zmq::recv_flags::dontwait).has_value();
    const auto ms = static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(left).count());
    if (ms != receive_timeout_ms) socket.set(zmq::sockopt::rcvtimeo, receive_timeout_ms = ms);
    try {
      return socket.recv(message).has_value();
    } catch (const zmq::error_t& error) {
      if (error.num() != EINTR) throw;
      return false;
    }
  }

  // Takes one frame off the socket, if one comes until `until`.
  bool TryReceive(Time until) {
    zmq::message_t message;
    if (!ReceiveMessage(message, until)) return false;
    Address from = kCoordinator;
    if (is_router) {
      from.assign(message.data<char>(), message.size());
      if (!message.more() || !socket.recv(message, zmq::recv_flags::dontwait)) return true;
    }
    std::optional<Frame> frame = ReceiveFrame(socket, std::move(message));
    if (!frame) {
      VLOG(1) << "dropped a malformed frame from " << from;
      ++traffic.frames_dropped;
      return true;
    }
    traffic.bytes_received += static_cast<int64_t>(frame->NumBytes());
    if (is_router && !peers.contains(from)) peers.insert(from);
    if (frame->header.kind == FrameKind::kProbe && frame->header.run_id == 0) return true;
    events.push_back({Event::Kind::kFrame, std::move(from), std::move(*frame)});
    return true;
  }

  const bool is_router;
  SteadyClock clock;
  zmq::context_t context{1};
  zmq::socket_t socket;
  zmq::socket_t monitor;
  std::string endpoint;
  std::set<Address> peers;
  std::deque<Event> events;
  Time monitor_at{0};
  Time probe_at = kNever;
  int receive_timeout_ms = -1;
  Time probe_until{0};
  Traffic traffic;
};

ZmqTransport::ZmqTransport(std::unique_ptr<Sockets> sockets) : sockets_(std::move(sockets)) {}
ZmqTransport::~ZmqTransport() = default;

std::unique_ptr<ZmqTransport> ZmqTransport::Bind(const std::string& endpoint) {
  auto sockets = std::make_unique<Sockets>(zmq::socket_type::router, true);
  sockets->socket.set(zmq::sockopt::router_mandatory, true);
  sockets->socket.set(zmq::sockopt::router_handover, true);
  sockets->socket.set(zmq::sockopt::backlog, 4096);
  // With IPv6 on, an IPv4 address would be told back as an IPv6 one.
  sockets->socket.set(zmq::sockopt::ipv6, endpoint.find('[') != std::string::npos);
  try {
    sockets->socket.bind(endpoint);
  } catch (const zmq::error_t& error) {
    throw PeerError("cannot listen on " + endpoint + ": " + error.what());
  }
  sockets->endpoint = sockets->socket.get(zmq::sockopt::last_endpoint);
  return std::unique_ptr<ZmqTransport>(new ZmqTransport(std::move(sockets)));
}

std::unique_ptr<ZmqTransport> ZmqTransport::Connect(const std::string& endpoint) {
  auto sockets = std::make_unique<Sockets>(zmq::socket_type::dealer, false);
  sockets->socket.set(zmq::sockopt::routing_id, RandomIdentity());
  sockets->socket.set(zmq::sockopt::ipv6, true);
  sockets->socket.set(zmq::sockopt::immediate, true);
  sockets->socket.set(zmq::sockopt::reconnect_ivl, 100);
  sockets->socket.set(zmq::sockopt::reconnect_ivl_max, 1000);
  sockets->socket.set(zmq::sockopt::connect_timeout, 5000);
  try {
    sockets->socket.connect(endpoint);
  } catch (const zmq::error_t& error) {
    throw UsageError("cannot connect to '" + endpoint + "': " + error.what() +
                     ", expected tcp://HOST:PORT or ipc://PATH");
  }
  sockets->endpoint = endpoint;
  return std::unique_ptr<ZmqTransport>(new ZmqTransport(std::move(sockets)));
}

const std::string& ZmqTransport::bound_endpoint() const { return sockets_->endpoint; }

void ZmqTransport::Send(const Address& to, const Frame& frame) {
  sockets_->traffic.bytes_sent += static_cast<int64_t>(frame.NumBytes());
  ++sockets_->traffic.frames_sent;
  sockets_->TrySend(to, frame);
}

std::optional<Event> ZmqTransport::Receive(Time until) {
  Sockets& s = *sockets_;
  while (s.events.empty()) {
    const Time now = s.clock.Now();
    if (now >= s.monitor_at) {
      s.OnDisconnected();
      s.monitor_at = now + Seconds(kMonitorEverySeconds);
    }
    s.ProbePeers();
    if (!s.events.empty()) break;
    const Time wait = std::min({until, s.monitor_at, s.probe_at});
    if (!s.TryReceive(wait) && (wait == until || s.clock.Now() < wait)) return std::nullopt;
  }
  Event event = std::move(s.events.front());
  s.events.pop_front();
  return event;
}

Time ZmqTransport::NextDue() const { return sockets_->probe_at; }
const Clock& ZmqTransport::clock() const { return sockets_->clock; }
Traffic ZmqTransport::traffic() const { return sockets_->traffic; }

}  // namespace strads::wire
