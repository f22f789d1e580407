#pragma once

#include <strads/app.h>
#include <strads/bytes.h>
#include <strads/data_parallel_role.h>
#include <strads/message_digest.h>
#include <strads/names_member.h>
#include <strads/options.h>
#include <strads/report.h>
#include <strads/rotation_role.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace strads {

// The roles of an app with its types erased: messages are bytes. The engine, the transports and
// most tests see only these, and are compiled once.
struct ScheduledBytes {
  Bytes plan;
  bool fence = false;
};

class SchedulerRole {
 public:
  virtual ~SchedulerRole() = default;
  virtual ScheduledBytes Schedule() = 0;
  virtual void Feedback(const Bytes& update) = 0;
};

class WorkerRole {
 public:
  virtual ~WorkerRole() = default;
  virtual Bytes Push(const Bytes& plan) = 0;
  virtual void Sync(const Bytes& update) = 0;
  virtual double Loss() const = 0;
  virtual std::vector<double> Measures() const { return {}; }
  // Null unless the app is a RotationApp.
  virtual RotationRole* rotation() { return nullptr; }
};

class ModelRole {
 public:
  virtual ~ModelRole() = default;
  virtual Bytes Pull(const Bytes& plan, std::span<const Bytes> partials) = 0;
  virtual strads::Report Report() const = 0;
  // What is pending, as the report says, is to be seen to by the next rounds.
  virtual void EndSoon() {}
  // The sums of the workers' Measures, after the last round.
  virtual void Measured(std::span<const double>) {}
  // Of a RotationApp: what workers have of the model, after the last round.
  virtual void CollectBlock(const Bytes&) {}
  virtual void CollectShare(const Bytes&) {}
  virtual Bytes Save() const = 0;
  // What is to lie beside the file of the model.
  virtual SideFiles TakeFiles() { return {}; }
};

struct Program;

// A command of an app beside train, such as predict: its own options and what it does. `run`
// returns the exit code. Or, if `program` is set, a run of that program on workers, as train is.
struct Command {
  std::string name;
  std::string help;
  std::vector<OptionInfo> options;
  std::function<int(const OptionValues&)> run = {};
  std::shared_ptr<const Program> program = {};
};

// An app as the engine runs it.
struct Program {
  std::string name;
  std::string summary;  // one line for --help: what it minimises
  std::vector<OptionInfo> options;
  std::vector<Command> commands;
  std::function<Bytes(const OptionValues&)> pack_options;
  std::function<std::unique_ptr<SchedulerRole>(const Bytes& options, Slice)> make_scheduler;
  std::function<std::unique_ptr<WorkerRole>(const Bytes& options, Shard)> make_worker;
  std::function<std::unique_ptr<ModelRole>(const Bytes& options)> make_model;
  uint64_t messages = 0;  // codec::MessageDigest of all that its roles tell each other
  bool rotates = false;   // a RotationApp
  std::function<Planning(const Bytes& options)> planning = {};  // empty: kBetweenRounds
  bool plans_ahead = true;  // a plan does not need the update of the round before (NextPlan does)
  bool certifies = true;    // whether the gaps that its models report mean anything
  // Its rounds are trainings: the bounds of a run are theirs, and workers need not wait in between.
  bool is_search = false;
  std::string family = {};  // the app whose models it trains, if not `name`
  // What the names of the files that lie beside that of a model end by, if there are any.
  std::vector<std::string> model_endings = {};
  // Programs, of options of their own, that train instead where --solver=NAME says so.
  std::map<std::string, std::shared_ptr<const Program>> solvers = {};
  // Of a DataParallelApp, and then the three roles above are empty.
  std::function<std::unique_ptr<DataParallelWorkerRole>(const Bytes& options, Shard, int holders)>
      make_data_parallel_worker = {};
  std::function<std::unique_ptr<DataParallelModelRole>(const Bytes& options, Slice)>
      make_data_parallel_model = {};
  bool divides = false;  // a DivisibleApp
  bool is_data_parallel() const { return make_data_parallel_model != nullptr; }
  // What there is to say to people about the model of a run that has ended; may be empty.
  std::function<std::string(const Bytes& model)> describe = {};
};

namespace internal {

// Unless the scheduler says that it does not, as NextPlan does.
template <class Scheduler>
consteval bool PlansAhead() {
  if constexpr (requires { Scheduler::kPlansAhead; }) return Scheduler::kPlansAhead;
  return true;
}

template <class Scheduler, class Options>
Planning PlanningOf(const Bytes& options) {
  if constexpr (requires { &Scheduler::PlanningOf; })
    return Scheduler::PlanningOf(Unpack<Options>(options));
  return Planning::kBetweenRounds;
}

template <class A>
class SchedulerOf final : public SchedulerRole {
 public:
  SchedulerOf(const Bytes& options, Slice slice)
      : scheduler_(Unpack<typename A::Options>(options), slice) {}
  ScheduledBytes Schedule() override {
    const Scheduled<typename A::Plan> scheduled = scheduler_.Schedule();
    return {Pack(scheduled.plan), scheduled.fence};
  }
  void Feedback(const Bytes& update) override {
    scheduler_.Feedback(Unpack<typename A::Update>(update));
  }

 private:
  typename A::Scheduler scheduler_;
};

template <App A>
class WorkerOf final : public WorkerRole {
  static constexpr bool kMeasures = requires(const typename A::Worker& worker) {
    { worker.Measures() } -> std::convertible_to<std::vector<double>>;
  };
  static_assert(kMeasures || !NamesMeasures<typename A::Worker>,
                "the worker's Measures is another, expected std::vector<double> Measures() const");

 public:
  WorkerOf(const Bytes& options, Shard shard)
      : worker_(Unpack<typename A::Options>(options), shard) {
    if constexpr (RotationApp<A>) rotation_ = std::make_unique<RotationOfWorker<A>>(worker_);
  }
  Bytes Push(const Bytes& plan) override {
    const typename A::Partial& partial = worker_.Push(Unpack<typename A::Plan>(plan));
    return Pack(partial);
  }
  void Sync(const Bytes& update) override { worker_.Sync(Unpack<typename A::Update>(update)); }
  double Loss() const override { return worker_.Loss(); }
  std::vector<double> Measures() const override {
    if constexpr (kMeasures) return worker_.Measures();
    return {};
  }
  RotationRole* rotation() override { return rotation_.get(); }

 private:
  typename A::Worker worker_;
  std::unique_ptr<RotationRole> rotation_;
};

template <class A>
class ModelOf final : public ModelRole, OptionalOfModel<typename A::Model> {
  static constexpr bool kEndsSoon = requires(typename A::Model model) { model.EndSoon(); };
  static_assert(kEndsSoon || !NamesEndSoon<typename A::Model>,
                "the model's EndSoon is another, expected void EndSoon()");

 public:
  explicit ModelOf(const Bytes& options) : model_(Unpack<typename A::Options>(options)) {}
  Bytes Pull(const Bytes& plan, std::span<const Bytes> partials) override {
    std::vector<typename A::Partial> unpacked;
    unpacked.reserve(partials.size());
    for (const Bytes& partial : partials) unpacked.push_back(Unpack<typename A::Partial>(partial));
    const typename A::Update& update = model_.Pull(Unpack<typename A::Plan>(plan), unpacked);
    return Pack(update);
  }
  strads::Report Report() const override { return model_.Report(); }
  void EndSoon() override {
    if constexpr (kEndsSoon) model_.EndSoon();
  }
  void Measured(std::span<const double> sums) override {
    if constexpr (ModelOf::kIsTold) model_.Measured(sums);
  }
  void CollectBlock(const Bytes& block) override {
    if constexpr (RotationApp<A>) model_.Collect(Unpack<typename A::Block>(block));
  }
  void CollectShare(const Bytes& share) override {
    if constexpr (RotationApp<A>) model_.Collect(Unpack<typename A::Share>(share));
  }
  Bytes Save() const override { return Pack(model_); }
  SideFiles TakeFiles() override {
    if constexpr (ModelOf::kHasFiles) return model_.TakeFiles();
    return {};
  }

 private:
  typename A::Model model_;
};

}  // namespace internal

// The app A as a program of this name.
template <App A>
Program MakeProgram(const std::string& name,
                    const std::string& summary = {},
                    const std::vector<Command>& commands = {}) {
  using Options = typename A::Options;
  if constexpr (requires { typename A::Block; }) {
    static_assert(RotationApp<A>, "an app with a Block is a RotationApp: see strads/rotation.h");
  }
  uint64_t messages =
      codec::DigestOf<Options, typename A::Plan, typename A::Partial, typename A::Update>();
  if constexpr (RotationApp<A>) messages ^= codec::DigestOf<typename A::Block, typename A::Share>();
  return {
      .name = name,
      .summary = summary,
      .options = DescribeOptions<Options>(),
      .commands = commands,
      .pack_options = [](const OptionValues& values) { return Pack(MakeOptions<Options>(values)); },
      .make_scheduler = [](const Bytes& options, Slice slice) -> std::unique_ptr<SchedulerRole> {
        return std::make_unique<internal::SchedulerOf<A>>(options, slice);
      },
      .make_worker = [](const Bytes& options, Shard shard) -> std::unique_ptr<WorkerRole> {
        return std::make_unique<internal::WorkerOf<A>>(options, shard);
      },
      .make_model = [](const Bytes& options) -> std::unique_ptr<ModelRole> {
        return std::make_unique<internal::ModelOf<A>>(options);
      },
      .messages = messages,
      .rotates = RotationApp<A>,
      .planning = internal::PlanningOf<typename A::Scheduler, Options>,
      .plans_ahead = internal::PlansAhead<typename A::Scheduler>(),
  };
}

template <DataParallelApp A>
Program MakeProgram(const std::string& name,
                    const std::string& summary = {},
                    const std::vector<Command>& commands = {}) {
  using Options = typename A::Options;
  Program program;
  program.name = name;
  program.summary = summary;
  program.options = DescribeOptions<Options>();
  program.commands = commands;
  program.pack_options = [](const OptionValues& values) {
    return Pack(MakeOptions<Options>(values));
  };
  program.make_data_parallel_worker = [](const Bytes& options, Shard shard, int holders) {
    return std::make_unique<internal::DataParallelWorkerOf<A>>(options, shard, holders);
  };
  program.make_data_parallel_model = [](const Bytes& options, Slice slice) {
    return std::make_unique<internal::DataParallelModelOf<A>>(options, slice);
  };
  program.messages =
      codec::DigestOf<Options, typename A::Start, typename A::Parameters, typename A::Gradient>();
  program.divides = DivisibleApp<A>;
  return program;
}

namespace internal {

// Whether A is an app; the compiler stops at what keeps it from that, and says what it is.
template <class A>
consteval bool CheckApp() {
  static_assert(codec::CheckFields<typename A::Options>());
  static_assert(HelpNamesFields<typename A::Options>(),
                "an entry of STRADS_HELP does not begin with the name of a field and ': '");
  static_assert(codec::CheckFields<typename A::Model>());
  if constexpr (requires { typename A::Gradient; }) {
    static_assert(codec::CheckFields<typename A::Start>());
    static_assert(codec::CheckFields<typename A::Parameters>());
    static_assert(codec::CheckFields<typename A::Gradient>());
    static_assert(DataParallelApp<A>, "the app has not all that strads/data_parallel.h asks for");
  } else {
    static_assert(codec::CheckFields<typename A::Plan>());
    static_assert(codec::CheckFields<typename A::Partial>());
    static_assert(codec::CheckFields<typename A::Update>());
    static_assert(App<A>, "the app has not all that strads/app.h asks for");
  }
  return true;
}

}  // namespace internal

// Of what is no app: the compiler says why.
template <class A>
Program MakeProgram(const std::string&, const std::string& = {}, const std::vector<Command>& = {}) {
  static_assert(internal::CheckApp<A>());
  return {};
}

// Whatever MakeProgram makes a program of.
template <class A>
concept AnyApp = App<A> || DataParallelApp<A>;

namespace internal {

// `program`, or the one of this name among those of its commands and solvers.
inline const Program* FindWithin(const Program& program, const std::string& name) {
  if (program.name == name) return &program;
  const Program* found = nullptr;
  for (const Command& command : program.commands) {
    if (!found && command.program) found = FindWithin(*command.program, name);
  }
  for (const auto& [solver, own] : program.solvers) {
    if (!found) found = FindWithin(*own, name);
  }
  return found;
}

}  // namespace internal

// The program of this name, maybe of a command or solver, whose messages are these. Throws Error
// (kProtocol) if this binary has none.
inline const Program& FindProgram(const std::vector<Program>& programs,
                                  const std::string& name,
                                  uint64_t messages) {
  for (const Program& program : programs) {
    const Program* const found = internal::FindWithin(program, name);
    if (found == nullptr) continue;
    if (found->messages == messages) return *found;
    throw ProtocolError("app '" + name +
                        "' has other fields in its messages here than at the coordinator, expected "
                        "programs that are built from the same sources");
  }
  throw ProtocolError("the run is of app '" + name + "', which this binary does not have");
}

// A command that trains another program.
inline Command MakeCommand(std::string name, std::string help, Program program) {
  return {.name = std::move(name),
          .help = std::move(help),
          .options = program.options,
          .program = std::make_shared<const Program>(std::move(program))};
}

// A command whose options are the fields of Options.
template <class Options>
Command MakeCommand(std::string name, std::string help, std::function<int(const Options&)> run) {
  static_assert(HelpNamesFields<Options>(),
                "an entry of STRADS_HELP does not begin with the name of a field and ': '");
  return {std::move(name), std::move(help), DescribeOptions<Options>(),
          [run = std::move(run)](const OptionValues& values) {
            return run(MakeOptions<Options>(values));
          }};
}

}  // namespace strads
