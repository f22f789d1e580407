#include <gtest/gtest.h>
#include <strads/random.h>

#include <functional>
#include <limits>
#include <string>

#include "apps/mf/implicit.h"

namespace strads::testing {
namespace {

using mf::Columns;

// Ranks and numbers of rows around those that are gone through at once.
constexpr int kRanks[] = {1, 2, 3, 4, 5, 8, 11};
constexpr int64_t kRows[] = {0, 1, 3, 4, 17, 1023, 1024, 1025, 2048, 3001};
constexpr double kRounding = 4 * std::numeric_limits<double>::epsilon();

Columns Draw(int64_t rows, int rank) {
  Random random(1, static_cast<uint64_t>(rows * 100 + rank));
  Columns x(rows, rank);
  for (int t = 0; t < rank; ++t) {
    for (float& value : x.Column(t)) value = static_cast<float>(2 * random.Uniform() - 1);
  }
  return x;
}

void ForEachShape(const std::function<void(const Columns&)>& body) {
  for (const int rank : kRanks) {
    for (const int64_t rows : kRows) {
      SCOPED_TRACE(std::to_string(rows) + " rows, rank " + std::to_string(rank));
      body(Draw(rows, rank));
    }
  }
}

// Numbers are at most 1, so that sums round by at most that many times the number of terms.
TEST(ImplicitTest, GramIsOfInnerProducts) {
  ForEachShape([](const Columns& x) {
    const Eigen::MatrixXd gram = Gram(x);
    ASSERT_EQ(gram.rows(), x.rank());
    ASSERT_EQ(gram.cols(), x.rank());
    for (int t = 0; t < x.rank(); ++t) {
      for (int k = 0; k < x.rank(); ++k) {
        long double sum = 0;
        for (size_t i = 0; i < x.Column(k).size(); ++i)
          sum += static_cast<long double>(x.Column(k)[i]) * x.Column(t)[i];
        EXPECT_NEAR(gram(k, t), static_cast<double>(sum), kRounding * static_cast<double>(x.rows()))
            << k << ", " << t;
      }
    }
  });
}

TEST(ImplicitTest, GramsColumnsAreTheSameAlone) {
  ForEachShape([](const Columns& x) {
    const Eigen::MatrixXd gram = Gram(x);
    for (int t = 0; t < x.rank(); ++t) {
      EXPECT_EQ(GramColumn(x, t), gram.col(t)) << t;
      for (const int u : {0, t, x.rank() - 1}) {
        const mf::GramPair pair = GramColumns(x, t, u);
        EXPECT_EQ(pair.col(0), gram.col(t)) << t << ", " << u;
        EXPECT_EQ(pair.col(1), gram.col(u)) << t << ", " << u;
      }
    }
  });
}

TEST(ImplicitTest, CrossIsOfAllOtherColumns) {
  ForEachShape([](const Columns& x) {
    for (int t = 0; t < x.rank(); ++t) {
      const Eigen::VectorXd column = Eigen::VectorXd::LinSpaced(x.rank(), -0.9, 0.8);
      const mf::AllCells all = OverAllCells(x, column, t);
      EXPECT_EQ(all.gram, column[t]);
      ASSERT_EQ(std::ssize(all.cross), x.rows());
      for (size_t i = 0; i < all.cross.size(); ++i) {
        double sum = 0;
        for (int k = 0; k < x.rank(); ++k) {
          if (k != t) sum += column[k] * static_cast<double>(x.Column(k)[i]);
        }
        EXPECT_NEAR(all.cross[i], sum, x.rank() * 1e-7) << i;
      }
    }
  });
}

}  // namespace
}  // namespace strads::testing
