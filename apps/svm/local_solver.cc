#include "apps/svm/local_solver.h"

#include <strads/error.h>

namespace strads::svm {
namespace {

[[noreturn]] void Refuse() {
  throw ProtocolError("a plan is about faces of a problem for which they are not known");
}

}  // namespace

FaceSums LocalSolver::BeginFace(std::span<const double>) { Refuse(); }
FaceSums LocalSolver::MoveOnFace(const FaceMove&) { Refuse(); }
Step LocalSolver::EndFace() { Refuse(); }

}  // namespace strads::svm
