#include "apps/lasso/logistic.h"

#include <strads/log1p.h>

namespace strads::lasso {

void LogisticRows::Evaluate() {
  const Values margin = sign * eta, distance = margin.abs(), e = (-distance).exp();
  const Values log_term = Log1p(e), likely = 1 / (1 + e), unlikely = e * likely;
  loss = weight * (log_term + (-margin).max(0.0));
  r = weight * sign * (margin >= 0).select(unlikely, likely);
  curvature = weight * likely * unlikely;
  entropy = weight * (log_term + distance * unlikely);
}

}  // namespace strads::lasso
