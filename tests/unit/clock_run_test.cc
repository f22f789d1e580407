#include "coordinator/clock_run.h"

#include <gtest/gtest.h>
#include <strads/error.h>

#include <vector>

#include "coordinator/wire/inproc_transport.h"
#include "tests/support/descent_app.h"

namespace strads::testing {
namespace {

TEST(ClockRun, TakesLossesOfWorkersAlone) {
  wire::VirtualClock clock;
  wire::InprocNetwork network(clock);
  wire::Doorbell bell;
  wire::InprocTransport transport(network, wire::kCoordinator, bell);
  wire::ReliableEndpoint endpoint(transport, {});
  RunOptions options;
  options.workers = 2;
  options.trace = 1;
  Membership membership(DescentProgram(), {}, options.workers, 0, 3);
  const Descent::Options of_app;
  ClockRun run(DescentProgram(), Pack(of_app), options, endpoint, membership, clock);
  for (int rank = 0; rank < options.workers; ++rank)
    run.OnReady(membership.worker(rank), {Pack(Descent::Start{of_app.rows / options.workers})});
  run.Start([](const RoundResult&) { return false; });
  run.Collect();
  ASSERT_TRUE(run.MeasureNext());
  wire::Delivery measured;
  measured.header = {.kind = wire::FrameKind::kMeasured, .round = 0, .loss = 1};
  // The last of them has an index beyond the workers'.
  for (const Member& holder : membership.Of(wire::Role::kHolder))
    EXPECT_THROW(run.OnMeasured(holder, measured), Error) << holder.index;
  EXPECT_FALSE(run.OnMeasured(membership.worker(0), measured));
  EXPECT_TRUE(run.OnMeasured(membership.worker(1), measured));
}

}  // namespace
}  // namespace strads::testing
