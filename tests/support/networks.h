#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "coordinator/wire/transport.h"

namespace strads::testing {

// A coordinator's endpoint and those that connect to it, over one kind of transport.
class TestNetwork {
 public:
  virtual ~TestNetwork() = default;
  virtual wire::Transport& hub() = 0;
  virtual void CloseHub() = 0;
  virtual std::unique_ptr<wire::Transport> Connect() = 0;
  // Where a socket of another kind can connect; empty if nowhere.
  virtual std::string endpoint() const { return {}; }
};

struct NetworkFactory {
  std::string name;
  std::function<std::unique_ptr<TestNetwork>()> make;

  friend void PrintTo(const NetworkFactory& factory, std::ostream* out) { *out << factory.name; }
};

// Everything that calls itself a Transport and waits: inproc, ZeroMQ over tcp and ipc, and each
// behind a FaultyTransport without faults.
std::vector<NetworkFactory> AllNetworks();
// Those over ZeroMQ.
std::vector<NetworkFactory> ZmqNetworks();

// No wait of a test is longer.
inline const wire::Time kPatience = wire::Seconds(30);

// The first event that is `wanted`; none if it does not come in time. Others are dropped.
std::optional<wire::Event> Await(wire::Transport& transport,
                                 const std::function<bool(const wire::Event&)>& wanted);
// The frame of `round`, or of any round >= 0.
std::optional<wire::Event> AwaitFrame(wire::Transport& transport, int64_t round = -1);

}  // namespace strads::testing
