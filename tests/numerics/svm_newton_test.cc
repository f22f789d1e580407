#include <gtest/gtest.h>
#include <strads/random.h>

#include <Eigen/Core>
#include <vector>

#include "apps/svm/block_inverse.h"
#include "apps/svm/proximal.h"

namespace strads::testing {
namespace {

TEST(NewtonStep, SolvesItsSystemAndGoesAlongItToTheLeast) {
  constexpr int kSize = 30;
  Random random(3);
  Eigen::MatrixXd x(kSize / 2, kSize);
  for (double& value : x.reshaped()) value = random.Uniform() - 0.5;
  for (int j = 0; j < kSize; ++j) x.col(j) *= 1 + j;
  const Eigen::MatrixXd a = x.transpose() * x;
  std::vector<double> w(kSize), gradient(kSize), diagonal(kSize);
  for (double& value : w) value = random.Uniform() - 0.5;
  // Of 1/2 w'(I + a) w - b'w.
  Eigen::VectorXd b(kSize);
  for (double& value : b) value = random.Uniform();
  const Eigen::Map<const Eigen::VectorXd> at(w.data(), kSize);
  Eigen::Map<Eigen::VectorXd>(gradient.data(), kSize) = at + a * at - b;
  Eigen::Map<Eigen::VectorXd>(diagonal.data(), kSize) = a.diagonal();
  const auto image = [&](const std::vector<double>& of) {
    std::vector<double> product(kSize);
    Eigen::Map<Eigen::VectorXd>(product.data(), kSize) =
        a * Eigen::Map<const Eigen::VectorXd>(of.data(), kSize);
    return product;
  };
  svm::NewtonStep newton(kSize);
  newton.Begin(gradient, diagonal, 1);
  while (newton.Take(image(newton.direction()))) {
  }
  const Eigen::Map<const Eigen::VectorXd> step(newton.step().data(), kSize);
  const Eigen::Map<const Eigen::VectorXd> first(gradient.data(), kSize);
  EXPECT_LE((step + a * step + first).norm(), 0.2 * first.norm());
  // Where slopes are a straight line its zero is met exactly.
  const double slope = first.dot(step), along = at.dot(step), square = step.squaredNorm();
  const auto length_of = [&](double zero) {
    std::vector<double> slopes;
    for (int k = 0; k < svm::kStepLengths; ++k) {
      const double t = svm::StepLength(k);
      slopes.push_back(along + t * square - slope * (1 - t / zero));
    }
    return newton.LengthOf(w, slopes);
  };
  for (const double zero : {0.003, 0.1, 1.0, 1.9}) EXPECT_NEAR(length_of(zero), zero, 1e-9);
  const double longest = svm::StepLength(svm::kStepLengths - 1);
  EXPECT_EQ(length_of(2 * longest), longest);
  EXPECT_EQ(length_of(0.9 * svm::StepLength(0)), 0);
  const Eigen::VectorXd before = step;
  ASSERT_TRUE(newton.Shorten());
  EXPECT_EQ(step, before * svm::StepLength(0));
}

// Three classes, each two of which have rows of their own between them; blocks of half the
// proximity.
TEST(NewtonStep, TakesFewIterationsByTheBlocksOfItsSystem) {
  constexpr int kFeatures = 20, kClasses = 3, kSize = kFeatures * kClasses;
  Random random(5);
  struct Pair {
    int one, other;
    Eigen::MatrixXd of_rows;
  };
  std::vector<Pair> pairs = {{0, 1, {}}, {0, 2, {}}, {1, 2, {}}};
  std::vector<Eigen::MatrixXd> of_class(kClasses, Eigen::MatrixXd::Zero(kFeatures, kFeatures));
  double size = 1;
  for (Pair& pair : pairs) {
    Eigen::MatrixXd x(60, kFeatures);
    for (double& value : x.reshaped()) value = random.Uniform() - 0.5;
    for (int j = 1; j < kFeatures; ++j) x.col(j) = 0.9 * x.col(j - 1) + 0.1 * x.col(j);
    pair.of_rows = 1e3 * (size *= 10) * x.transpose() * x;
    of_class[pair.one] += pair.of_rows / 2;
    of_class[pair.other] += pair.of_rows / 2;
  }
  const auto product = [&](const Eigen::MatrixXd& of) {
    Eigen::MatrixXd sum = Eigen::MatrixXd::Zero(kClasses, kFeatures);
    for (const auto& [one, other, of_rows] : pairs) {
      const Eigen::RowVectorXd by = (of.row(one) - of.row(other)) / 2 * of_rows;
      sum.row(one) += by;
      sum.row(other) -= by;
    }
    return sum;
  };
  std::vector<double> blocks, diagonal(kSize);
  for (int k = 0; k < kClasses; ++k) {
    for (int j = 0; j < kFeatures; ++j) {
      diagonal[j * kClasses + k] = of_class[k](j, j);
      for (int i = 0; i <= j; ++i) blocks.push_back(of_class[k](i, j) / 2);
    }
  }
  Eigen::MatrixXd first(kClasses, kFeatures);
  for (double& value : first.reshaped()) value = random.Uniform() - 0.5;
  first.rowwise() -= first.colwise().mean().eval();
  const std::vector<double> gradient(first.data(), first.data() + kSize);
  const auto solve = [&](svm::NewtonStep& newton) {
    newton.Begin(gradient, diagonal, 2);
    std::vector<double> image(kSize);
    do {
      const Eigen::Map<const Eigen::MatrixXd> at(newton.direction().data(), kClasses, kFeatures);
      EXPECT_LE(at.colwise().sum().norm(), 1e-12 * at.norm());
      Eigen::Map<Eigen::MatrixXd>(image.data(), kClasses, kFeatures) = product(at);
    } while (newton.Take(image));
    const Eigen::Map<const Eigen::MatrixXd> step(newton.step().data(), kClasses, kFeatures);
    const Eigen::MatrixXd left = step + product(step) + first;
    return left.norm() / first.norm();
  };
  svm::NewtonStep by_diagonal(kFeatures, kClasses), by_blocks(kFeatures, kClasses);
  solve(by_diagonal);
  by_blocks.TakeBlocks(blocks, 1);
  EXPECT_LE(solve(by_blocks), 0.1);
  EXPECT_GT(by_diagonal.iterations(), 5 * by_blocks.iterations());
}

// Blocks of rows that have come to a bound since, some of them on features where no other row is.
TEST(NewtonStep, SolvesItsSystemByBlocksThatAreMuchTooLarge) {
  constexpr int kSize = 20;
  Random random(11);
  Eigen::MatrixXd x(40, kSize);
  for (double& value : x.reshaped()) value = random.Uniform() - 0.5;
  x.rightCols(kSize / 2).setZero();
  const Eigen::MatrixXd a = x.transpose() * x;
  const Eigen::VectorXd first = Eigen::VectorXd::Ones(kSize);
  std::vector<double> diagonal(kSize), blocks;
  Eigen::Map<Eigen::VectorXd>(diagonal.data(), kSize) = a.diagonal();
  for (int j = 0; j < kSize; ++j) {
    for (int i = 0; i <= j; ++i) blocks.push_back(a(i, j) + (i == j && j >= kSize / 2 ? 1e9 : 0));
  }
  svm::NewtonStep newton(kSize);
  newton.TakeBlocks(blocks, 1);
  newton.Begin({first.begin(), first.end()}, diagonal, 1);
  std::vector<double> image(kSize);
  do {
    Eigen::Map<Eigen::VectorXd>(image.data(), kSize) =
        a * Eigen::Map<const Eigen::VectorXd>(newton.direction().data(), kSize);
  } while (newton.Take(image));
  const Eigen::Map<const Eigen::VectorXd> step(newton.step().data(), kSize);
  EXPECT_LE((step + a * step + first).norm(), 0.3 * first.norm());
}

TEST(BlockInverse, IsTheInverseOfIdentityAndSoMuchOfItsBlocks) {
  constexpr int kFeatures = 6, kClasses = 2;
  Random random(7);
  svm::BlockInverse inverse;
  std::vector<Eigen::MatrixXd> of_class;
  std::vector<double> blocks;
  for (int k = 0; k < kClasses; ++k) {
    Eigen::MatrixXd z(4, kFeatures);
    for (double& value : z.reshaped()) value = random.Uniform() - 0.5;
    of_class.push_back(z.transpose() * z);
    for (int j = 0; j < kFeatures; ++j)
      blocks.insert(blocks.end(), of_class[k].col(j).data(), of_class[k].col(j).data() + j + 1);
  }
  ASSERT_EQ(blocks.size(), svm::BlockNumbers(kFeatures, kClasses));
  inverse.Take(blocks, kFeatures, kClasses);
  std::vector<double> x(kFeatures * kClasses);
  for (double& value : x) value = random.Uniform();
  for (const double s : {1.0, 100.0}) {
    inverse.Scale(s);
    const std::vector<double> y = inverse.Times(x);
    for (int k = 0; k < kClasses; ++k) {
      for (int i = 0; i < kFeatures; ++i) {
        double back = y[i * kClasses + k];
        for (int j = 0; j < kFeatures; ++j) back += s * of_class[k](i, j) * y[j * kClasses + k];
        EXPECT_NEAR(back, x[i * kClasses + k], 1e-10);
      }
    }
  }
  // What has no such inverse is left.
  inverse.Take(std::vector<double>(blocks.size(), -1.0), kFeatures, kClasses);
  inverse.Scale(1);
  EXPECT_TRUE(inverse.empty());
}

}  // namespace
}  // namespace strads::testing
