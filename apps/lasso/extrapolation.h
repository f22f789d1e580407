#pragma once

#include <Eigen/Core>
#include <utility>
#include <vector>

namespace strads::lasso {

// Anderson extrapolation of descent: from the last sweeps' variables b and residuals r, which are
// linear in b, guesses where they lead (Bertrand and Massias, AISTATS 2021).
class Extrapolation {
 public:
  void Add(Eigen::VectorXd b, const Eigen::VectorXd& r) {
    b_.push_back(std::move(b));
    r_.push_back(r);
  }
  bool IsFull() const { return b_.size() == kIterates + 1; }
  void Clear() {
    b_.clear();
    r_.clear();
  }
  // The combination of the iterates, with weights that sum to 1, whose last change is smallest.
  // False if there is none. O(iterates (size of b + size of r)).
  bool Combine(Eigen::VectorXd& b, Eigen::VectorXd& r) const;

 private:
  static constexpr int kIterates = 5;

  std::vector<Eigen::VectorXd> b_, r_;
};

}  // namespace strads::lasso
