#pragma once

#include <cstdint>

namespace strads {

// Lets this process, and those that it starts, have as many files open as the system allows: libzmq
// aborts where it is refused one. Throws UsageError if they are too few for the connections to so
// many members.
void RequireOpenFiles(int64_t members);

}  // namespace strads
