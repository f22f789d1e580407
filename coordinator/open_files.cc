#include "coordinator/open_files.h"

#include <strads/error.h>
#include <sys/resource.h>

#include <string>
#include <utility>

namespace strads {
namespace {

// A process has fewer than 20 open by itself, and one for each connection, of which there may be
// two while one is made anew.
constexpr rlim_t kOwn = 32;
constexpr rlim_t kOfMember = 2;

}  // namespace

void RequireOpenFiles(int64_t members) {
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  if (limit.rlim_cur < limit.rlim_max) {
    const rlim_t before = std::exchange(limit.rlim_cur, limit.rlim_max);
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0) limit.rlim_cur = before;
  }
  const rlim_t needed = kOwn + kOfMember * static_cast<rlim_t>(members);
  if (limit.rlim_cur < needed)
    throw UsageError("connections to " + std::to_string(members) + " others take up to " +
                     std::to_string(needed) + " open files, and the system allows " +
                     std::to_string(limit.rlim_cur) + ", expected a higher limit (ulimit -n)");
}

}  // namespace strads
