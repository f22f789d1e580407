#pragma once

#include <strads/run_options.h>

#include <cstdint>

namespace strads::testing {

// So many workers for so many rounds; 0: no bound but a minute.
inline RunOptions Rounds(int workers, int64_t max_rounds) {
  RunOptions run;
  run.workers = workers;
  run.max_rounds = max_rounds;
  run.max_time = 60;
  return run;
}

}  // namespace strads::testing
