#pragma once

#include <strads/program.h>
#include <strads/run_options.h>
#include <strads/summary.h>

#include <atomic>
#include <functional>
#include <string>

namespace strads {

// What a run hears of and says while it goes on; every member may be left empty.
struct RunHooks {
  // After every round, on the thread that called Run.
  std::function<void(const RoundRecord&)> on_round = {};
  // What happens before the first round: who joined, what is waited for. One line each.
  std::function<void(const std::string&)> on_news = {};
  // Set by anyone, at any time: the run ends after the round that is under way.
  const std::atomic<bool>* stop = nullptr;
  // As has_left_threads of RunResult, before Run returns, and also if it throws.
  std::function<void()> on_left_threads = {};
  // The command line that starts this binary as another role, for --processes.
  std::vector<std::string> child_command = {};
};

struct RunResult {
  Summary summary;
  // Whether the model is whole: not if a worker was lost that had a part of it to itself, or if the
  // run ended before there was one.
  bool complete = true;
  bool has_model = true;  // false: there was none yet
  Bytes model;            // the app's Model, packed; empty if it is not complete
  // What is to lie beside the file of the model, for WriteModel; of a run that has failed, none.
  SideFiles side_files;
  // A role on a thread of this process was given up and still computes. It touches nothing that is
  // not its own, but the process had better end by std::_Exit.
  bool has_left_threads = false;
};

// Trains `program` and returns when the run has ended: all roles on threads of this process, or on
// child processes, or the coordinator of remote workers, as run_options say.
// Throws Error on bad options or data, or if the roles do not come together.
RunResult Run(const Program& program,
              const OptionValues& values,
              const RunOptions& run_options,
              const RunHooks& hooks = {});

// Plays a worker, a scheduler or a holder for the coordinator at run_options.connect until its run
// ends. `claimed` are the options this process was given itself: the coordinator refuses it if its
// run has others. Throws Error if it is refused, fails, or the coordinator is lost.
void Join(const std::vector<Program>& programs,
          const std::string& app,
          const OptionValues& claimed,
          const RunOptions& run_options,
          const RunHooks& hooks = {});

// A finished run of app A.
template <AnyApp A>
struct ResultOf {
  Summary summary;
  typename A::Model model;
  bool complete = true;  // as RunResult's; false: the model is as it was constructed
  SideFiles side_files;  // as RunResult's
};

namespace internal {

// Options that the app and the run both have are one option: gives both the value of the one that
// is not at its default, or, if none is, of the app's. Throws Error (kUsage), naming the option, if
// both are not and differ.
void ShareOptions(const OptionValues& defaults, OptionValues& values, RunOptions& run_options);

}  // namespace internal

// Trains app A in this process, for programs that embed it. Of an option that `options` and
// `run_options` both have, the one that is not at its default counts; if neither is, the app's.
// Throws as the Run above, and Error (kUsage) if such options contradict each other.
template <AnyApp A>
ResultOf<A> Run(const typename A::Options& options,
                const RunOptions& run_options = {},
                const RunHooks& hooks = {}) {
  OptionValues values = ToValues(options);
  RunOptions run = run_options;
  internal::ShareOptions(ToValues(typename A::Options{}), values, run);
  RunResult result = Run(MakeProgram<A>("app"), values, run, hooks);
  typename A::Model model(MakeOptions<typename A::Options>(values));
  if (result.complete) {
    codec::Decoder decoder(result.model);
    codec::Decode(decoder.root(), model);
  }
  return {std::move(result.summary), std::move(model), result.complete,
          std::move(result.side_files)};
}

}  // namespace strads
