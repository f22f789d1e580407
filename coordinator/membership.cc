#include "coordinator/membership.h"

#include <strads/version.h>

#include <algorithm>
#include <utility>

namespace strads {

OptionValues BindingOptions(const Program& program,
                            const OptionValues& app,
                            const RunOptions& run) {
  OptionValues binding;
  for (const OptionInfo& option : program.options) {
    const auto found = app.find(option.name);
    binding[option.name] = found == app.end() ? option.default_value : found->second;
  }
  const OptionValues shared = ToValues(run);
  for (const char* name :
       {"workers", "threads", "schedulers", "staleness", "consistency", "backup_workers", "seed"})
    binding[name] = shared.at(name);
  return binding;
}

std::string Member::Name() const {
  std::string name =
      (role == wire::Role::kWorker ? "worker " : "scheduler ") + std::to_string(index);
  if (joined()) name += " (process " + std::to_string(process) + " on " + host + ")";
  return name;
}

std::string Member::LastAnswer() const {
  if (last_round < 0) return "it had not answered a round";
  return "the last round it answered is " + std::to_string(last_round);
}

Membership::Membership(std::string app, OptionValues values, int workers, int schedulers)
    : app_(std::move(app)),
      values_(std::move(values)),
      workers_(static_cast<size_t>(workers)),
      schedulers_(static_cast<size_t>(schedulers)) {
  for (int i = 0; i < workers; ++i) workers_[static_cast<size_t>(i)].index = i;
  for (int i = 0; i < schedulers; ++i) {
    schedulers_[static_cast<size_t>(i)].role = wire::Role::kScheduler;
    schedulers_[static_cast<size_t>(i)].index = i;
  }
}

std::string Membership::WhyNot(const wire::Hello& hello) const {
  if (hello.role != static_cast<int>(wire::Role::kWorker) &&
      hello.role != static_cast<int>(wire::Role::kScheduler)) {
    return "it asks for role " + std::to_string(hello.role) + ", which this run does not have";
  }
  if (hello.version != kVersion) {
    return "it is of version " + hello.version + ", this run of version " + kVersion;
  }
  if (!hello.app.empty() && hello.app != app_) {
    return "it was started for app '" + hello.app + "', this run is of '" + app_ + "'";
  }
  for (const auto& [name, value] : hello.claimed) {
    const auto found = values_.find(name);
    if (found != values_.end() && found->second != value) {
      return "it was started with --" + name + "=" + value + ", this run has --" + name + "=" +
             found->second;
    }
  }
  return {};
}

Membership::Answer Membership::OnHello(const wire::Address& from, const wire::Hello& hello) {
  if (Member* known = Find(from)) return {known, false, {}};
  std::string reason = WhyNot(hello);
  if (!reason.empty()) return {nullptr, false, std::move(reason)};
  auto& members = hello.role == static_cast<int>(wire::Role::kScheduler) ? schedulers_ : workers_;
  const auto place =
      std::find_if(members.begin(), members.end(), [](const Member& m) { return !m.joined(); });
  if (place == members.end()) {
    const std::string role =
        hello.role == static_cast<int>(wire::Role::kScheduler) ? "scheduler" : "worker";
    return {nullptr, false,
            "this run has all its " + std::to_string(members.size()) + " " + role + "s"};
  }
  place->address = from;
  place->host = hello.host;
  place->process = hello.process;
  by_address_[from] = &*place;
  return {&*place, true, {}};
}

Member* Membership::Find(const wire::Address& address) {
  const auto found = by_address_.find(address);
  return found == by_address_.end() ? nullptr : found->second;
}

std::vector<Member*> Membership::all() {
  std::vector<Member*> members;
  for (Member& worker : workers_) members.push_back(&worker);
  for (Member& scheduler : schedulers_) members.push_back(&scheduler);
  return members;
}

int Membership::num_joined(wire::Role role) const {
  const auto& members = role == wire::Role::kWorker ? workers_ : schedulers_;
  return static_cast<int>(
      std::count_if(members.begin(), members.end(), [](const Member& m) { return m.joined(); }));
}

std::string Membership::CountJoined() const {
  std::string text = std::to_string(num_joined(wire::Role::kWorker)) + " of " +
                     std::to_string(workers_.size()) + " workers";
  if (!schedulers_.empty()) {
    text += ", " + std::to_string(num_joined(wire::Role::kScheduler)) + " of " +
            std::to_string(schedulers_.size()) + " schedulers";
  }
  return text;
}

}  // namespace strads
