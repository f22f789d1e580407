#include "tests/support/reference.h"

#include <lzma.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace strads::testing {

double Objective(const Problem& problem, const Eigen::VectorXd& b, double lambda) {
  return 0.5 * (problem.y - problem.x * b).squaredNorm() + lambda * b.lpNorm<1>();
}

double NullObjective(const Problem& problem) { return 0.5 * problem.y.squaredNorm(); }

double LambdaMax(const Problem& problem) {
  return (problem.x.transpose() * problem.y).cwiseAbs().maxCoeff();
}

double RelativeGap(const Problem& problem, const Eigen::VectorXd& b, double lambda) {
  const Eigen::VectorXd r = problem.y - problem.x * b;
  const double steepest = (problem.x.transpose() * r).cwiseAbs().maxCoeff();
  if (problem.y.isZero(0)) return lambda * b.lpNorm<1>();
  double scale = r.isZero(0) ? 0 : problem.y.dot(r) / r.squaredNorm();
  if (steepest > 0) scale = std::clamp(scale, -lambda / steepest, lambda / steepest);
  const double dual = scale * problem.y.dot(r) - 0.5 * scale * scale * r.squaredNorm();
  return (Objective(problem, b, lambda) - dual) / NullObjective(problem);
}

double KktViolation(const Problem& problem,
                    const Eigen::VectorXd& b,
                    double lambda,
                    double negligible) {
  const Eigen::SparseMatrix<double> x = problem.x;  // by columns
  const Eigen::VectorXd r = problem.y - problem.x * b;
  double worst = 0;
  for (Eigen::Index j = 0; j < b.size(); ++j) {
    const double norm = x.col(j).norm();
    if (norm == 0) continue;
    const double slope = x.col(j).dot(r);
    const double violation = std::abs(b[j]) * norm <= negligible
                                 ? std::max(0.0, std::abs(slope) - lambda)
                                 : std::abs(slope - std::copysign(lambda, b[j]));
    worst = std::max(worst, violation / norm);
  }
  return worst;
}

double OptimalObjective(const Problem& problem, double lambda, double gap) {
  const Eigen::SparseMatrix<double> x = problem.x;  // by columns
  Eigen::VectorXd b = Eigen::VectorXd::Zero(x.cols());
  Eigen::VectorXd r = problem.y;
  for (int sweep = 1; sweep <= 200'000; ++sweep) {
    for (Eigen::Index j = 0; j < x.cols(); ++j) {
      const double norm = x.col(j).squaredNorm();
      if (norm == 0) continue;
      const double at = x.col(j).dot(r) + norm * b[j];
      const double next = std::copysign(std::max(std::abs(at) - lambda, 0.0), at) / norm;
      r -= (next - b[j]) * x.col(j);
      b[j] = next;
    }
    if (sweep % 10 == 0 && RelativeGap(problem, b, lambda) <= gap) {
      return Objective(problem, b, lambda);
    }
  }
  throw std::runtime_error("the reference solver does not converge");
}

std::string ReadMaybePacked(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  if (!file) throw std::runtime_error("cannot read " + path);
  if (!path.ends_with(".xz")) return bytes;
  lzma_stream stream = LZMA_STREAM_INIT;
  if (lzma_stream_decoder(&stream, UINT64_MAX, 0) != LZMA_OK) throw std::bad_alloc();
  stream.next_in = reinterpret_cast<const uint8_t*>(bytes.data());
  stream.avail_in = bytes.size();
  std::string text;
  lzma_ret result = LZMA_OK;
  while (result == LZMA_OK) {
    uint8_t piece[65536];
    stream.next_out = piece;
    stream.avail_out = sizeof piece;
    result = lzma_code(&stream, LZMA_FINISH);
    text.append(reinterpret_cast<const char*>(piece), sizeof piece - stream.avail_out);
  }
  lzma_end(&stream);
  if (result != LZMA_STREAM_END) throw std::runtime_error(path + " is not what xz packs");
  return text;
}

}  // namespace strads::testing
