#include "apps/regression/losses.h"

#include <strads/log1p.h>

namespace strads::regression {

void TakeLosses(const LogisticLoss&, RowBatch& batch) {
  using Values = RowBatch::Values;
  const Values sign = (batch.y > 0).select(Values::Ones(), -Values::Ones());
  const Values margin = sign * batch.f, e = (-margin.abs()).exp();
  batch.loss = Log1p(e) + (-margin).max(0.0);
  // The probability of the other class.
  const Values wrong = (margin >= 0).select(e, Values::Ones()) / (1 + e);
  batch.slope = -sign * wrong;
}

}  // namespace strads::regression
