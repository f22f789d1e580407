#pragma once

#include <strads/error.h>
#include <strads/program.h>
#include <strads/run_options.h>

#include <array>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "coordinator/wire/control.h"
#include "coordinator/wire/input_files.h"
#include "coordinator/wire/transport.h"

namespace strads {

// What a member's own options must agree with: the app's and the run's, but for how a member finds
// its coordinator.
OptionValues BindingOptions(const Program& program, const OptionValues& app, const RunOptions& run);

// Bytes that are shown of each text of a hello, which a stranger may have sent.
inline constexpr size_t kMostOfHello = 255;

// A worker, scheduler or holder of the run.
struct Member {
  wire::Role role = wire::Role::kWorker;
  int index = 0;
  wire::Address address;  // empty until it has joined
  std::string host;
  int64_t process = 0;
  bool ready = false;
  bool finished = false;
  int64_t last_round = -1;           // the last round that it answered
  std::optional<double> final_loss;  // of a worker, once finished
  wire::InputFiles input_files;      // of a worker, once ready
  int64_t peak_rss_bytes = 0;        // once finished
  std::vector<double> measures;      // of a worker, likewise
  std::optional<Error> failure;

  bool joined() const { return !address.empty(); }
  // "worker 2 (process 4711 on host7)"
  std::string Name() const;
  // "the last round it answered is 12"
  std::string LastAnswer() const;
};

// Who plays which role: gives ranks to those that say hello, in order of arrival, and refuses those
// that do not fit.
class Membership {
 public:
  // A member may have been started for the app or the family that it is of, or for none; `values`
  // are the options of this run that its own must agree with.
  Membership(const Program& program, OptionValues values, int workers, int schedulers, int holders);

  struct Answer {
    Member* member = nullptr;  // null: refused
    bool is_new = false;       // false: a repeated hello
    std::string reason;        // of a refusal
  };
  Answer OnHello(const wire::Address& from, const wire::Hello& hello);

  // Who has joined is gone: the place is another's.
  void Free(Member& member);

  Member* Find(const wire::Address& address);
  Member& worker(int rank) { return Of(wire::Role::kWorker)[static_cast<size_t>(rank)]; }
  const Member& worker(int rank) const {
    return Of(wire::Role::kWorker)[static_cast<size_t>(rank)];
  }
  Member& scheduler(int index) { return Of(wire::Role::kScheduler)[static_cast<size_t>(index)]; }
  Member& holder(int index) { return Of(wire::Role::kHolder)[static_cast<size_t>(index)]; }
  const std::vector<Member>& Of(wire::Role role) const {
    return members_[static_cast<size_t>(role)];
  }
  std::vector<Member>& Of(wire::Role role) { return members_[static_cast<size_t>(role)]; }
  // Workers, then schedulers, then holders.
  std::vector<Member*> all();
  bool AllJoined() const;
  int num_joined(wire::Role role) const;
  // "2 of 3 workers, 0 of 1 schedulers": of the roles that there are.
  std::string CountJoined() const;

 private:
  std::string WhyNot(const wire::Hello& hello) const;

  const std::string app_, family_;
  const OptionValues values_;
  std::array<std::vector<Member>, 3> members_;  // of each role
  std::map<wire::Address, Member*, std::less<>> by_address_;
};

}  // namespace strads
