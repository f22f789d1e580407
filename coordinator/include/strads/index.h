#pragma once

#include <cstddef>
#include <cstdint>

namespace strads {

// A position that is counted with a sign, as std's containers want it; not negative.
constexpr std::size_t Index(std::int64_t i) { return static_cast<std::size_t>(i); }

}  // namespace strads
