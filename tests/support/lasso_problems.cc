#include "tests/support/lasso_problems.h"

#include <Eigen/QR>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <random>
#include <sstream>
#include <vector>

namespace strads::testing {
namespace {

std::string Exact(double value) {
  char text[40];
  std::snprintf(text, sizeof text, "%.17g", value);
  return text;
}

}  // namespace

Eigen::MatrixXd DrawMatrix(const ProblemShape& shape) {
  std::mt19937_64 random(shape.seed);
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> uniform;
  Eigen::MatrixXd x(shape.rows, shape.cols);
  const double own = std::sqrt(1 - shape.correlation * shape.correlation);
  for (int i = 0; i < shape.rows; ++i) {
    double left = normal(random);
    for (int j = 0; j < shape.cols; ++j) {
      if (j > 0) left = shape.correlation * left + own * normal(random);
      x(i, j) = uniform(random) < shape.density ? left : 0.0;
    }
  }
  return x;
}

Problem DrawProblem(const ProblemShape& shape) {
  std::mt19937_64 random(shape.seed + 1'000'000);
  std::normal_distribution<double> normal;
  const Eigen::MatrixXd x = DrawMatrix(shape);
  Eigen::VectorXd b = Eigen::VectorXd::Zero(shape.cols);
  for (int j = 0; j < std::min(shape.relevant, shape.cols); ++j) b[j] = j % 2 == 0 ? 2.0 : -1.0;
  Eigen::VectorXd y = x * b;
  for (double& value : y) value += shape.noise * normal(random);
  return {x, y};
}

Problem DrawOrthonormal(int rows, int cols, uint64_t seed) {
  const ProblemShape shape{.rows = rows, .cols = cols, .seed = seed};
  const Eigen::HouseholderQR<Eigen::MatrixXd> qr(DrawMatrix(shape));
  return {qr.householderQ() * Eigen::MatrixXd::Identity(rows, cols), DrawProblem(shape).y};
}

std::string ToLibsvm(const Problem& problem) {
  std::string text;
  for (Eigen::Index i = 0; i < problem.x.rows(); ++i) {
    text += Exact(problem.y[i]);
    for (decltype(problem.x)::InnerIterator it(problem.x, i); it; ++it) {
      text += " " + std::to_string(it.col() + 1) + ":" + Exact(it.value());
    }
    text += "\n";
  }
  return text;
}

std::string ToMatrixMarket(const Problem& problem) {
  std::string text = "%%MatrixMarket matrix coordinate real general\n" +
                     std::to_string(problem.x.rows()) + " " + std::to_string(problem.x.cols()) +
                     " " + std::to_string(problem.x.nonZeros()) + "\n";
  for (Eigen::Index i = 0; i < problem.x.rows(); ++i) {
    for (decltype(problem.x)::InnerIterator it(problem.x, i); it; ++it) {
      text += std::to_string(i + 1) + " " + std::to_string(it.col() + 1) + " " + Exact(it.value()) +
              "\n";
    }
  }
  return text;
}

std::string TargetText(const Problem& problem) {
  std::string text;
  for (const double value : problem.y) text += Exact(value) + "\n";
  return text;
}

Problem FromLibsvm(const std::string& text) {
  std::istringstream lines(text);
  std::vector<double> targets;
  std::vector<Eigen::Triplet<double>> entries;
  Eigen::Index cols = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.empty()) continue;
    char* at = nullptr;
    targets.push_back(std::strtod(line.c_str(), &at));
    while (true) {
      char* end = nullptr;
      const auto index = static_cast<int>(std::strtol(at, &end, 10));
      if (end == at) break;
      const double value = std::strtod(end + 1, &at);  // behind the colon
      entries.emplace_back(static_cast<int>(targets.size()) - 1, index - 1, value);
      cols = std::max<Eigen::Index>(cols, index);
    }
  }
  const auto rows = static_cast<Eigen::Index>(targets.size());
  Problem problem;
  problem.x.resize(rows, cols);
  problem.x.setFromTriplets(entries.begin(), entries.end());
  problem.y = Eigen::Map<const Eigen::VectorXd>(targets.data(), rows);
  return problem;
}

}  // namespace strads::testing
