#include "coordinator/wire/node.h"

#include <gtest/gtest.h>

namespace strads::wire {
namespace {

// Nothing ever arrives; time passes as it is waited.
class SilentTransport final : public Transport {
 public:
  void Send(const Address&, const Frame&) override {}
  std::optional<Event> Receive(Time until) override {
    if (until == kNever) waits_for_ever = true;
    clock_.AdvanceTo(until);
    return std::nullopt;
  }
  std::string Listen() override { return {}; }
  void Connect(const Address&, const std::string&) override {}
  const Clock& clock() const override { return clock_; }
  Traffic traffic() const override { return {}; }

  bool waits_for_ever = false;

 private:
  VirtualClock clock_;
};

class IdleNode final : public Node {
 public:
  explicit IdleNode(Transport& transport) : Node(transport, {}) {}
  void Start() override {}
  bool done() const override { return endpoint_.Now() >= Seconds(60); }

 private:
  void OnDelivery(Delivery&) override {}
  void OnTimer(Time) override {}
};

TEST(Node, WaitsUntilADeadlineThoughItHasNoTimer) {
  SilentTransport transport;
  IdleNode node(transport);
  node.Run();
  EXPECT_FALSE(transport.waits_for_ever);
}

}  // namespace
}  // namespace strads::wire
