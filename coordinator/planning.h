#pragma once

#include <strads/program.h>
#include <strads/run_options.h>

namespace strads {

// How the plans of `program` are made with these options of its own.
Planning PlanningOf(const Program& program, const Bytes& app_options);

// `options` with what they leave open decided: who plans, and how many rounds ahead. Only who does
// may depend on whether a core of this machine has nothing else to do, as the same plans are made.
RunOptions WithPlanning(Planning planning, RunOptions options, bool has_free_core);

}  // namespace strads
