#include <strads/search.h>

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include "coordinator/search/search_app.h"

namespace strads {
namespace {

constexpr const char* kName = "search";

// The app as the contract sees it; its worker has one argument more, which make_worker adds.
struct Search {
  using Options = search::Spec;
  using Plan = search::Plan;
  using Partial = search::Partial;
  using Update = search::Update;
  using Scheduler = search::Scheduler;
  using Model = search::Model;
};

class SearchWorker final : public WorkerRole {
 public:
  SearchWorker(std::shared_ptr<const Program> app, const Bytes& spec, Shard shard)
      : app_(std::move(app)), worker_(*app_, Unpack<search::Spec>(spec), shard) {}
  Bytes Push(const Bytes& plan) override { return Pack(worker_.Push(Unpack<search::Plan>(plan))); }
  void Sync(const Bytes&) override {}
  double Loss() const override { return 0; }

 private:
  const std::shared_ptr<const Program> app_;
  search::Worker worker_;
};

Command SearchOf(const Program& app, const std::string& solver) {
  const auto shared = std::make_shared<const Program>(app);
  Program program{
      .name = app.name + "_search",
      .summary = "train once for each point of a grid of options, and compare",
      .options = app.options,
      .commands = {},
      .pack_options =
          [shared, solver](const OptionValues& values) {
            return Pack(search::MakeSpec(*shared, solver, values));
          },
      .make_scheduler = [](const Bytes& spec, Slice slice) -> std::unique_ptr<SchedulerRole> {
        return std::make_unique<internal::SchedulerOf<Search>>(spec, slice);
      },
      .make_worker = [shared](const Bytes& spec, Shard shard) -> std::unique_ptr<WorkerRole> {
        return std::make_unique<SearchWorker>(shared, spec, shard);
      },
      .make_model = [](const Bytes& spec) -> std::unique_ptr<ModelRole> {
        return std::make_unique<internal::ModelOf<Search>>(spec);
      },
      .certifies = false,
      .is_search = true,
      .describe = [](const Bytes& model) { return Unpack<search::Model>(model).Table(); },
  };
  for (const OptionInfo& option : DescribeOptions<search::SearchOptions>())
    program.options.push_back(option);
  for (const auto& [name, own] : app.solvers) program.solvers[name] = SearchOf(*own, name).program;
  const std::string help = program.summary;
  return MakeCommand(kName, help, std::move(program));
}

}  // namespace

Command SearchCommand(const Program& app) { return SearchOf(app, {}); }

std::vector<Program> WithSearch(std::vector<Program> programs) {
  std::set<std::string> taken;
  for (const OptionInfo& option : DescribeOptions<search::SearchOptions>())
    taken.insert(option.name);
  for (Program& program : programs) {
    const bool has_command = std::ranges::any_of(
        program.commands, [](const Command& command) { return command.name == kName; });
    const bool has_option = std::ranges::any_of(
        program.options, [&](const OptionInfo& option) { return taken.contains(option.name); });
    if (!has_command && !has_option) program.commands.push_back(SearchCommand(program));
  }
  return programs;
}

}  // namespace strads
