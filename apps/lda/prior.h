#pragma once

#include <cstdint>
#include <vector>

namespace strads::lda {

// A topic's number. With 65,535 topics at most, a token's topic is two bytes.
using Topic = uint16_t;
inline constexpr int kMaxTopics = 65535;

// The Dirichlet priors of latent Dirichlet allocation (Blei, Ng, Jordan, JMLR 2003):
// theta_d ~ Dir(alpha_1, ..., alpha_K) of each document, phi_k ~ Dir(beta, ..., beta) of each
// topic.
struct Prior {
  int topics() const { return static_cast<int>(alpha.size()); }

  std::vector<double> alpha;  // one per topic, > 0
  double beta = 0;            // > 0
  int64_t vocabulary = 0;     // V: words in all, not only of a slice
};

}  // namespace strads::lda
