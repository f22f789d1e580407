#pragma once

#include <utility>
#include <vector>

#include "coordinator/holder.h"

namespace strads {

// The coordinator holds all parameters.
class OwnParameters final : public ParameterStore {
 public:
  // All must outlive it. Throws Error (kUsage) if the options do not go with this pattern.
  OwnParameters(DataParallelModelRole& model,
                const RunOptions& options,
                wire::ReliableEndpoint& endpoint,
                Membership& membership,
                const wire::Clock& clock);

  void Start(std::vector<Bytes> starts, OnClock on_clock) override;
  void OnFrame(Member& member, wire::Delivery& delivery) override;
  bool TellOfOpenClock() override;
  bool HasPulled() const override { return holder_.engine().pulls() > 0; }
  void Collect() override;
  bool collected() const override { return holder_.engine().stopped(); }
  std::vector<Bytes> Answer() override { return {holder_.Answer()}; }
  std::vector<Member*> Missing() override;
  const EngineState& state() const override { return holder_.engine(); }
  ClockTally Tally() const override { return holder_.Tally(); }

 private:
  DataParallelModelRole& model_;
  Membership& membership_;
  OnClock on_clock_;
  Holder holder_;
};

}  // namespace strads
