#include "strads/independent_set.h"

#include <sstream>

namespace strads {

std::string CoupledMessage(int32_t j, int32_t k, double coupling, double max_coupling) {
  std::ostringstream message;
  message << "variables " << j << " and " << k << " have coupling " << coupling
          << ", expected below " << max_coupling;
  return message.str();
}

std::string RepeatedMessage(int32_t j) {
  return "variable " + std::to_string(j) + " occurs twice, expected distinct variables";
}

}  // namespace strads
