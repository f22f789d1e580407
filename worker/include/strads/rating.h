#pragma once

#include <cstdint>

namespace strads {

// One observed cell of the matrix users x items: 12 bytes. Indices count from 0.
struct Rating {
  int32_t user = 0;
  int32_t item = 0;
  float value = 0;

  friend bool operator==(const Rating&, const Rating&) = default;
};

}  // namespace strads
