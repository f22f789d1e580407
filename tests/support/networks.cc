#include "tests/support/networks.h"

#include <utility>

#include "coordinator/wire/faulty_transport.h"
#include "coordinator/wire/inproc_transport.h"
#include "coordinator/wire/zmq_transport.h"
#include "tests/support/temp_files.h"

namespace strads::testing {
namespace {

using wire::Doorbell;
using wire::FaultyTransport;
using wire::InprocNetwork;
using wire::InprocTransport;
using wire::Transport;
using wire::ZmqTransport;

// `inner` behind a FaultyTransport without faults.
class FaultlessTransport final : public Transport {
 public:
  explicit FaultlessTransport(std::unique_ptr<Transport> inner)
      : inner_(std::move(inner)), outer_(*inner_, wire::Faults{}, 1) {}
  void Send(const wire::Address& to, const wire::Frame& frame) override { outer_.Send(to, frame); }
  wire::FrameLimits limits() const override { return outer_.limits(); }
  std::optional<wire::Event> Receive(wire::Time until) override { return outer_.Receive(until); }
  std::string Listen() override { return outer_.Listen(); }
  void Connect(const wire::Address& peer, const std::string& endpoint) override {
    outer_.Connect(peer, endpoint);
  }
  wire::Time NextDue() const override { return outer_.NextDue(); }
  const wire::Clock& clock() const override { return outer_.clock(); }
  wire::Traffic traffic() const override { return outer_.traffic(); }

 private:
  std::unique_ptr<Transport> inner_;
  FaultyTransport outer_;
};

std::unique_ptr<Transport> Wrap(std::unique_ptr<Transport> transport) {
  return std::make_unique<FaultlessTransport>(std::move(transport));
}

// With a doorbell of its own.
class OwnBellTransport final : public Transport {
 public:
  OwnBellTransport(InprocNetwork& network, const std::string& name)
      : inner_(network, name, bell_) {}
  void Send(const wire::Address& to, const wire::Frame& frame) override { inner_.Send(to, frame); }
  wire::FrameLimits limits() const override { return inner_.limits(); }
  std::optional<wire::Event> Receive(wire::Time until) override { return inner_.Receive(until); }
  std::string Listen() override { return inner_.Listen(); }
  void Connect(const wire::Address& peer, const std::string& endpoint) override {
    inner_.Connect(peer, endpoint);
  }
  wire::Time NextDue() const override { return inner_.NextDue(); }
  const wire::Clock& clock() const override { return inner_.clock(); }
  wire::Traffic traffic() const override { return inner_.traffic(); }

 private:
  Doorbell bell_;
  InprocTransport inner_;
};

class InprocTestNetwork final : public TestNetwork {
 public:
  explicit InprocTestNetwork(bool wrapped) : wrapped_(wrapped), hub_(Make(wire::kCoordinator)) {}
  Transport& hub() override { return *hub_; }
  void CloseHub() override { hub_.reset(); }
  std::unique_ptr<Transport> Connect() override { return Make("peer-" + std::to_string(peers_++)); }

 private:
  std::unique_ptr<Transport> Make(const std::string& name) {
    auto transport = std::make_unique<OwnBellTransport>(network_, name);
    if (wrapped_) return Wrap(std::move(transport));
    return transport;
  }

  const bool wrapped_;
  wire::SteadyClock clock_;
  InprocNetwork network_{clock_};
  std::unique_ptr<Transport> hub_;
  int peers_ = 0;
};

class ZmqTestNetwork final : public TestNetwork {
 public:
  ZmqTestNetwork(bool tcp, bool wrapped) : wrapped_(wrapped) {
    auto hub = ZmqTransport::Bind(tcp ? "tcp://127.0.0.1:*" : "ipc://" + directory_.Path("hub"));
    endpoint_ = hub->bound_endpoint();
    hub_ = MaybeWrap(std::move(hub));
  }
  Transport& hub() override { return *hub_; }
  void CloseHub() override { hub_.reset(); }
  std::unique_ptr<Transport> Connect() override {
    return MaybeWrap(ZmqTransport::Connect(endpoint_));
  }
  std::string endpoint() const override { return endpoint_; }

 private:
  std::unique_ptr<Transport> MaybeWrap(std::unique_ptr<Transport> transport) const {
    return wrapped_ ? Wrap(std::move(transport)) : std::move(transport);
  }

  const bool wrapped_;
  TempDir directory_;
  std::string endpoint_;
  std::unique_ptr<Transport> hub_;
};

}  // namespace

std::vector<NetworkFactory> ZmqNetworks() {
  return {{"Tcp", [] { return std::make_unique<ZmqTestNetwork>(true, false); }},
          {"Ipc", [] { return std::make_unique<ZmqTestNetwork>(false, false); }},
          {"FaultyTcp", [] { return std::make_unique<ZmqTestNetwork>(true, true); }}};
}

std::vector<NetworkFactory> AllNetworks() {
  std::vector<NetworkFactory> all = ZmqNetworks();
  all.push_back({"Inproc", [] { return std::make_unique<InprocTestNetwork>(false); }});
  all.push_back({"FaultyInproc", [] { return std::make_unique<InprocTestNetwork>(true); }});
  return all;
}

std::optional<wire::Event> Await(wire::Transport& transport,
                                 const std::function<bool(const wire::Event&)>& wanted) {
  const wire::Time deadline = transport.clock().Now() + kPatience;
  while (transport.clock().Now() < deadline) {
    auto event = transport.Receive(deadline);
    if (event && wanted(*event)) return event;
  }
  return std::nullopt;
}

std::optional<wire::Event> AwaitFrame(wire::Transport& transport, int64_t round) {
  return Await(transport, [round](const wire::Event& event) {
    const int64_t found = event.frame.header.round;
    return event.kind == wire::Event::Kind::kFrame && (round < 0 ? found >= 0 : found == round);
  });
}

}  // namespace strads::testing
