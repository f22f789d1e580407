#include "coordinator/wire/zmq_transport.h"

#include <glog/logging.h>
#include <strads/error.h>

#include <algorithm>
#include <cstring>
#include <deque>
#include <map>
#include <random>
#include <set>
#include <utility>
#include <zmq.hpp>

#include "coordinator/wire/ipc_path.h"
#include "coordinator/wire/local_address.h"
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

void SetUpRouter(zmq::socket_t& socket) {
  socket.set(zmq::sockopt::router_mandatory, true);
  socket.set(zmq::sockopt::router_handover, true);
  socket.set(zmq::sockopt::backlog, 4096);
}

void BindTo(zmq::socket_t& socket, const std::string& endpoint) {
  try {
    try {
      socket.bind(endpoint);
    } catch (const zmq::error_t& error) {
      // To bind, libzmq takes addresses and interfaces, but no host names.
      if (error.num() != ENODEV || !endpoint.starts_with("tcp://")) throw;
      socket.bind(WithAddressOfHost(endpoint));
    }
  } catch (const zmq::error_t& error) {
    throw PeerError("cannot listen on " + endpoint + ": " + error.what());
  }
}

// Tells when a connection of a socket ends, or is ready.
class Monitor {
 public:
  Monitor(zmq::context_t& context, zmq::socket_t& watched, const std::string& name)
      : socket_(context, zmq::socket_type::pair) {
    const std::string address = "inproc://" + name;
    if (zmq_socket_monitor(watched.handle(), address.c_str(),
                           ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED) != 0)
      throw zmq::error_t();
    socket_.set(zmq::sockopt::linger, 0);
    socket_.connect(address);
  }
  struct Change {
    bool is_ready = false;  // else it has ended
    std::string endpoint;   // ours if a peer connected to it, else the peer's
  };
  // The next one, if there is one.
  std::optional<Change> Next() {
    zmq::message_t event;
    if (!socket_.recv(event, zmq::recv_flags::dontwait)) return std::nullopt;
    zmq::message_t endpoint;
    if (!event.more() || !socket_.recv(endpoint, zmq::recv_flags::dontwait)) return std::nullopt;
    uint16_t kind = 0;
    if (event.size() >= sizeof kind) std::memcpy(&kind, event.data(), sizeof kind);
    return Change{kind == ZMQ_EVENT_HANDSHAKE_SUCCEEDED, endpoint.to_string()};
  }

 private:
  zmq::socket_t socket_;
};

// The second socket of a member, for frames to and from other members.
struct PeerSocket {
  PeerSocket(zmq::context_t& context, const std::string& identity)
      : socket(context, zmq::socket_type::router), monitor(context, socket, "peers") {
    SetUp(socket);
    SetUpRouter(socket);
    socket.set(zmq::sockopt::routing_id, identity);
    socket.set(zmq::sockopt::reconnect_ivl, 100);
    socket.set(zmq::sockopt::reconnect_ivl_max, 1000);
  }
  zmq::socket_t socket;
  Monitor monitor;
  std::set<Address> known;                   // who has sent frames
  std::map<std::string, Address> connected;  // whom it has connected to, by where they listen
};

}  // namespace

struct ZmqTransport::Sockets {
  std::unique_ptr<IpcPath> path;  // outlives the socket

  Sockets(zmq::socket_type type, bool binds)
      : is_router(binds), socket(context, type), monitor(context, socket, "monitor") {
    SetUp(socket);
  }

  void HeedConnections() {
    while (const auto change = monitor.Next()) {
      // Of the coordinator's end a connection alone says nothing: it may be another run's by now.
      if (change->is_ready) continue;
      if (is_router)
        BeginProbing();
      else
        events.push_back({Event::Kind::kUnreachable, kCoordinator, {}});
    }
    while (peer_socket) {
      const auto change = peer_socket->monitor.Next();
      if (!change) break;
      if (const auto found = peer_socket->connected.find(change->endpoint);
          found != peer_socket->connected.end())
        events.push_back({change->is_ready ? Event::Kind::kReachable : Event::Kind::kUnreachable,
                          found->second,
                          {}});
      else if (!change->is_ready)
        BeginProbing();
    }
  }

  // Someone has gone who had connected to this end, perhaps a stranger: it is not said who.
  void BeginProbing() {
    probe_until = clock.Now() + Seconds(kProbeSeconds);
    probe_at = clock.Now();
  }

  // Whom this end can send to by name.
  std::set<Address>& Known() { return is_router ? peers : peer_socket->known; }

  // Finds out which peers the routing table has lost: sending to them fails.
  void ProbePeers() {
    if (probe_at == kNever) return;
    const Time now = clock.Now();
    if (now < probe_at) return;
    probe_at = now + Seconds(kProbeEverySeconds) < probe_until ? now + Seconds(kProbeEverySeconds)
                                                               : kNever;
    Frame probe;
    probe.header.kind = FrameKind::kProbe;
    const std::set<Address> asked = Known();
    for (const Address& peer : asked) TrySend(peer, probe);
  }

  void TrySend(const Address& to, const Frame& frame) {
    const bool to_peer = !is_router && to != kCoordinator;
    if (to_peer && !peer_socket) return;
    try {
      // Refused for now: lost, as any frame may be.
      SendFrame(to_peer ? peer_socket->socket : socket, is_router || to_peer ? &to : nullptr,
                frame);
      if (gone.empty() || gone.erase(to) == 0) return;
      Known().insert(to);
      events.push_back({Event::Kind::kReachable, to, {}});
    } catch (const zmq::error_t& error) {
      if (error.num() != EHOSTUNREACH) throw;
      Known().erase(to);
      gone.insert(to);
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

  // Takes one frame off a socket, if one comes until `until`.
  bool TryReceive(Time until) {
    zmq::message_t message;
    if (!peer_socket) {
      if (!ReceiveMessage(message, until)) return false;
      TakeFrame(socket, is_router, std::move(message));
      return true;
    }
    for (bool waited = false;; waited = true) {
      if (peer_socket->socket.recv(message, zmq::recv_flags::dontwait)) {
        TakeFrame(peer_socket->socket, true, std::move(message));
        return true;
      }
      if (socket.recv(message, zmq::recv_flags::dontwait)) {
        TakeFrame(socket, is_router, std::move(message));
        return true;
      }
      if (waited || until <= clock.Now()) return false;
      WaitForAny(until);
    }
  }

  void WaitForAny(Time until) {
    zmq::pollitem_t items[] = {{socket.handle(), 0, ZMQ_POLLIN, 0},
                               {peer_socket->socket.handle(), 0, ZMQ_POLLIN, 0}};
    try {
      zmq::poll(items, 2, std::chrono::ceil<std::chrono::milliseconds>(until - clock.Now()));
    } catch (const zmq::error_t& error) {
      if (error.num() != EINTR) throw;
    }
  }

  // `message` is the first of a frame, or of the name of its sender and then a frame.
  void TakeFrame(zmq::socket_t& source, bool named, zmq::message_t message) {
    Address from = kCoordinator;
    if (named) {
      from.assign(message.data<char>(), message.size());
      if (!message.more() || !source.recv(message, zmq::recv_flags::dontwait)) return;
    }
    std::optional<Frame> frame = ReceiveFrame(source, std::move(message));
    // No one else may call itself that: what it says would be taken for the coordinator's.
    if (!frame || (named && from == kCoordinator)) {
      VLOG(1) << "dropped a malformed frame from " << from;
      ++traffic.frames_dropped;
      return;
    }
    traffic.bytes_received += static_cast<int64_t>(frame->NumBytes());
    if (named) Known().insert(from);
    if (frame->header.kind == FrameKind::kProbe && frame->header.run_id == 0) return;
    events.push_back({Event::Kind::kFrame, std::move(from), std::move(*frame)});
  }

  const bool is_router;
  SteadyClock clock;
  zmq::context_t context{1};
  zmq::socket_t socket;
  Monitor monitor;
  std::optional<PeerSocket> peer_socket;
  std::string identity;
  std::string endpoint;
  std::set<Address> peers;
  std::set<Address> gone;  // those that the routing table had lost when they were sent to
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
  auto path = std::make_unique<IpcPath>(endpoint);
  auto sockets = std::make_unique<Sockets>(zmq::socket_type::router, true);
  sockets->path = std::move(path);
  SetUpRouter(sockets->socket);
  // With IPv6 on, an IPv4 address would be told back as an IPv6 one.
  sockets->socket.set(zmq::sockopt::ipv6, endpoint.find('[') != std::string::npos);
  BindTo(sockets->socket, endpoint);
  sockets->endpoint = sockets->socket.get(zmq::sockopt::last_endpoint);
  return std::unique_ptr<ZmqTransport>(new ZmqTransport(std::move(sockets)));
}

std::unique_ptr<ZmqTransport> ZmqTransport::Connect(const std::string& endpoint) {
  auto sockets = std::make_unique<Sockets>(zmq::socket_type::dealer, false);
  sockets->identity = RandomIdentity();
  sockets->socket.set(zmq::sockopt::routing_id, sockets->identity);
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
      s.HeedConnections();
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

std::string ZmqTransport::Listen() {
  Sockets& s = *sockets_;
  s.peer_socket.emplace(s.context, s.identity);
  zmq::socket_t& socket = s.peer_socket->socket;
  std::string endpoint = s.endpoint + "." + s.identity;
  if (s.endpoint.starts_with("tcp://")) endpoint = "tcp://" + LocalAddressToward(s.endpoint) + ":*";
  socket.set(zmq::sockopt::ipv6, endpoint.find('[') != std::string::npos);
  BindTo(socket, endpoint);
  return socket.get(zmq::sockopt::last_endpoint);
}

void ZmqTransport::Connect(const Address& peer, const std::string& endpoint) {
  Sockets& s = *sockets_;
  if (!s.peer_socket) return;
  try {
    s.peer_socket->socket.set(zmq::sockopt::connect_routing_id, peer);
    s.peer_socket->socket.connect(endpoint);
  } catch (const zmq::error_t& error) {
    throw PeerError("cannot connect to " + endpoint + ": " + error.what());
  }
  s.peer_socket->connected[endpoint] = peer;
}

Time ZmqTransport::NextDue() const { return sockets_->probe_at; }
const Clock& ZmqTransport::clock() const { return sockets_->clock; }
Traffic ZmqTransport::traffic() const { return sockets_->traffic; }

}  // namespace strads::wire
