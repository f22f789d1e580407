// Connections that break and come back, and those of strangers, as TCP has them.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "coordinator/wire/reliable_endpoint.h"
#include "coordinator/wire/zmq_transport.h"

namespace strads::testing {
namespace {

using wire::Address;
using wire::Event;
using wire::Frame;
using wire::FrameKind;
using wire::kCoordinator;
using wire::Seconds;
using wire::Time;
using wire::Transport;
using wire::ZmqTransport;

const Time kPatience = Seconds(10);

sockaddr_in AddressOf(int port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  return address;
}

int PortOf(const std::string& endpoint) {
  return std::stoi(endpoint.substr(endpoint.rfind(':') + 1));
}

// Owns a file descriptor.
class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) {}
  ~Socket() {
    if (fd_ >= 0) close(fd_);
  }
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Socket& operator=(Socket&&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

Socket ConnectTo(int port) {
  Socket made(socket(AF_INET, SOCK_STREAM, 0));
  const sockaddr_in address = AddressOf(port);
  EXPECT_EQ(connect(made.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  return made;
}

// Stands between a port and whoever connects to it, one connection at a time, until Cut ends that.
class Proxy {
 public:
  explicit Proxy(int to) : to_(to), listener_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address = AddressOf(0);
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(listener_.fd(), reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(listener_.fd(), 8), 0);
    getsockname(listener_.fd(), reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] {
      while (!ends_) Serve();
    });
  }
  ~Proxy() {
    ends_ = true;
    thread_.join();
  }
  Proxy(const Proxy&) = delete;
  Proxy& operator=(const Proxy&) = delete;

  int port() const { return port_; }
  void Cut() { cut_ = true; }

 private:
  static constexpr int kTickMs = 10;

  static bool IsReadable(int fd) {
    pollfd item = {fd, POLLIN, 0};
    return poll(&item, 1, kTickMs) > 0;
  }
  static bool Forward(int from, int to) {
    std::array<char, 4096> bytes;
    const ssize_t count = recv(from, bytes.data(), bytes.size(), 0);
    return count > 0 && send(to, bytes.data(), static_cast<size_t>(count), MSG_NOSIGNAL) == count;
  }
  void Serve() {
    if (!IsReadable(listener_.fd())) return;
    const Socket here(accept(listener_.fd(), nullptr, nullptr));
    const Socket there = ConnectTo(to_);
    bool is_open = true;
    while (is_open && !ends_ && !cut_.exchange(false)) {
      if (IsReadable(here.fd())) is_open = Forward(here.fd(), there.fd());
      if (is_open && IsReadable(there.fd())) is_open = Forward(there.fd(), here.fd());
    }
  }

  const int to_;
  const Socket listener_;
  int port_ = 0;
  std::atomic<bool> ends_{false}, cut_{false};
  std::thread thread_;
};

Frame MakeFrame(int64_t round) {
  Frame frame;
  frame.header.kind = FrameKind::kPush;
  frame.header.round = round;
  return frame;
}

std::string LoopbackPort(int port) { return "tcp://127.0.0.1:" + std::to_string(port); }

// Sends to `peer` and hears, until there is an event of this kind.
std::optional<Event> Ask(Transport& transport, const Address& peer, Event::Kind wanted) {
  const Time deadline = transport.clock().Now() + kPatience;
  while (transport.clock().Now() < deadline) {
    transport.Send(peer, MakeFrame(0));
    auto event = transport.Receive(transport.clock().Now() + Seconds(0.02));
    if (event && event->kind == wanted) return event;
  }
  return std::nullopt;
}

// The address of whoever sends the hub a frame.
Address Greet(Transport& peer, Transport& hub) {
  const Time deadline = hub.clock().Now() + kPatience;
  while (hub.clock().Now() < deadline) {
    peer.Send(kCoordinator, MakeFrame(1));
    const auto event = hub.Receive(hub.clock().Now() + Seconds(0.02));
    if (event && event->kind == Event::Kind::kFrame) return event->peer;
  }
  return {};
}

TEST(Connections, ThatAreBackAreToldOfThoughThePeerComputes) {
  const auto hub = ZmqTransport::Bind("tcp://127.0.0.1:0");
  Proxy proxy(PortOf(hub->bound_endpoint()));
  const auto busy = ZmqTransport::Connect(LoopbackPort(proxy.port()));
  const Address address = Greet(*busy, *hub);
  ASSERT_FALSE(address.empty());
  proxy.Cut();
  // From here on no one looks after what `busy` is told.
  const auto gone = Ask(*hub, address, Event::Kind::kUnreachable);
  ASSERT_TRUE(gone);
  EXPECT_EQ(gone->peer, address);
  const auto back = Ask(*hub, address, Event::Kind::kReachable);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->peer, address);
}

TEST(Connections, OfABusyMemberMayBreakWithoutItsLoss) {
  const auto hub = ZmqTransport::Bind("tcp://127.0.0.1:0");
  Proxy proxy(PortOf(hub->bound_endpoint()));
  const auto busy = ZmqTransport::Connect(LoopbackPort(proxy.port()));
  const Address address = Greet(*busy, *hub);
  wire::LinkOptions options;
  options.peer_timeout = Seconds(1.5);
  wire::ReliableEndpoint endpoint(*hub, options);
  endpoint.set_run_id(7);
  endpoint.Open(address);
  proxy.Cut();
  const Time until = endpoint.Now() + 2 * options.peer_timeout;
  while (endpoint.Now() < until) {
    const auto delivery = endpoint.Receive(until);
    EXPECT_FALSE(delivery && delivery->lost) << "though its connection is back";
  }
}

// Two members with a link of their own, one of which hears a stranger come and go.
TEST(Connections, OfStrangersSayNothingOfPeers) {
  const auto hub = ZmqTransport::Bind("tcp://127.0.0.1:0");
  const auto a = ZmqTransport::Connect(hub->bound_endpoint());
  const auto b = ZmqTransport::Connect(hub->bound_endpoint());
  const Address name_of_a = Greet(*a, *hub), name_of_b = Greet(*b, *hub);
  const std::string at_a = a->Listen(), at_b = b->Listen();
  a->Connect(name_of_b, at_b);
  const auto heard = [](Transport& transport, int64_t round) {
    const Time deadline = transport.clock().Now() + kPatience;
    while (transport.clock().Now() < deadline) {
      const auto event = transport.Receive(deadline);
      if (event && event->kind == Event::Kind::kFrame && event->frame.header.round == round)
        return true;
    }
    return false;
  };
  a->Send(name_of_b, MakeFrame(2));
  ASSERT_TRUE(heard(*b, 2));
  b->Send(name_of_a, MakeFrame(3));
  ASSERT_TRUE(heard(*a, 3));
  for (const std::string& at : {at_a, at_b}) ConnectTo(PortOf(at));
  for (Transport* one : {a.get(), b.get()}) {
    const Time until = one->clock().Now() + Seconds(0.5);
    while (one->clock().Now() < until) {
      const auto event = one->Receive(until);
      EXPECT_FALSE(event && event->kind == Event::Kind::kUnreachable) << event->peer;
    }
  }
  a->Send(name_of_b, MakeFrame(4));
  EXPECT_TRUE(heard(*b, 4));
}

}  // namespace
}  // namespace strads::testing
