#include "coordinator/membership.h"

#include <strads/version.h>

#include <algorithm>
#include <set>
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
  // A member's own business.
  static const std::set<std::string> kLocal = {"role",     "listen",       "connect",
                                               "insecure", "join_timeout", "progress"};
  for (const auto& [name, value] : ToValues(run)) {
    const auto given = app.find(name);
    if (!kLocal.contains(name)) binding[name] = given == app.end() ? value : given->second;
  }
  return binding;
}

std::string Member::Name() const {
  std::string name = std::string(wire::RoleName(role)) + " " + std::to_string(index);
  if (joined()) name += " (process " + std::to_string(process) + " on " + host + ")";
  return name;
}

std::string Member::LastAnswer() const {
  if (last_round < 0) return "it had not answered a round";
  return "the last round it answered is " + std::to_string(last_round);
}

Membership::Membership(
    const Program& program, OptionValues values, int workers, int schedulers, int holders)
    : app_(program.name), family_(program.family), values_(std::move(values)) {
  const std::array counts = {workers, schedulers, holders};
  for (size_t role = 0; role < counts.size(); ++role) {
    for (int i = 0; i < counts[role]; ++i) {
      Member& member = members_[role].emplace_back();
      member.role = static_cast<wire::Role>(role);
      member.index = i;
    }
  }
}

std::string Membership::WhyNot(const wire::Hello& hello) const {
  if (hello.role < 0 || hello.role >= static_cast<int>(members_.size())) {
    return "it asks for role " + std::to_string(hello.role) + ", which this run does not have";
  }
  if (hello.version != kVersion) {
    return "it is of version " + OneLine(hello.version, kMostOfHello) + ", this run of version " +
           kVersion;
  }
  if (!hello.app.empty() && hello.app != app_ && hello.app != family_) {
    return "it was started for app '" + OneLine(hello.app, kMostOfHello) + "', this run is of '" +
           app_ + "'";
  }
  for (const auto& [name, value] : hello.claimed) {
    const auto found = values_.find(name);
    if (found != values_.end() && found->second != value) {
      return "it was started with --" + name + "=" + OneLine(value, kMostOfHello) +
             ", this run has --" + name + "=" + found->second;
    }
  }
  return {};
}

Membership::Answer Membership::OnHello(const wire::Address& from, const wire::Hello& hello) {
  if (Member* known = Find(from)) return {known, false, {}};
  std::string reason = WhyNot(hello);
  if (!reason.empty()) return {nullptr, false, std::move(reason)};
  const auto role = static_cast<wire::Role>(hello.role);
  std::vector<Member>& members = Of(role);
  const auto place = std::ranges::find_if(members, [](const Member& m) { return !m.joined(); });
  if (place == members.end()) {
    return {nullptr, false,
            "this run has all its " + std::to_string(members.size()) + " " + wire::RoleName(role) +
                "s"};
  }
  place->address = from;
  place->host = OneLine(hello.host, kMostOfHello);
  place->process = hello.process;
  by_address_[from] = &*place;
  return {&*place, true, {}};
}

void Membership::Free(Member& member) {
  by_address_.erase(member.address);
  Member place;
  place.role = member.role;
  place.index = member.index;
  member = std::move(place);
}

Member* Membership::Find(const wire::Address& address) {
  const auto found = by_address_.find(address);
  return found == by_address_.end() ? nullptr : found->second;
}

std::vector<Member*> Membership::all() {
  std::vector<Member*> members;
  for (std::vector<Member>& of_role : members_) {
    for (Member& member : of_role) members.push_back(&member);
  }
  return members;
}

int Membership::num_joined(wire::Role role) const {
  return static_cast<int>(
      std::ranges::count_if(Of(role), [](const Member& m) { return m.joined(); }));
}

std::string Membership::CountJoined() const {
  std::string text;
  for (size_t i = 0; i < members_.size(); ++i) {
    if (members_[i].empty()) continue;
    const auto role = static_cast<wire::Role>(i);
    text += (text.empty() ? "" : ", ") + std::to_string(num_joined(role)) + " of " +
            std::to_string(members_[i].size()) + " " + wire::RoleName(role) + "s";
  }
  return text;
}

bool Membership::AllJoined() const {
  size_t count = 0;
  for (const std::vector<Member>& members : members_) count += members.size();
  return by_address_.size() == count;
}

}  // namespace strads
