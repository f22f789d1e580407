#include "apps/mf/mf.h"

namespace strads::mf {

Program MakeMf() {
  return MakeProgram<Mf>("mf", "factorize a matrix of ratings: sum of squared errors + penalty");
}

}  // namespace strads::mf
