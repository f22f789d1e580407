#include "strads/dense_columns.h"

#include <gtest/gtest.h>

#include <Eigen/Core>
#include <cstdint>
#include <vector>

#include "strads/parallel.h"
#include "worker/panels.h"

namespace strads {
namespace {

TEST(DenseColumns, AreAddedInOrderAndThenMultiplied) {
  for (const int rows : {0, 1, 511, 512, 1300}) {
    SCOPED_TRACE(rows);
    std::srand(static_cast<unsigned>(rows));
    const Eigen::MatrixXd values = Eigen::MatrixXd::Random(rows, 12);
    const ColumnMatrix x = ColumnMatrix::FromDense(values);
    const Eigen::VectorXd start = Eigen::VectorXd::LinSpaced(rows, -1, 1);
    const std::vector<double> scales = {0.5, -1.25, 2, 3, -0.75, 0.1};
    for (const size_t count : {0, 1, 4, 6}) {
      const std::vector<int32_t> all = {4, 0, 11, 5, 2, 7}, asked = {3, 4, 10};
      const std::vector<int32_t> added(all.begin(), all.begin() + static_cast<ptrdiff_t>(count));
      Eigen::VectorXd expected = start;
      for (size_t c = 0; c < count; ++c) x.AddColumn(added[c], scales[c], expected);
      std::vector<double> first;
      for (const int threads : {1, 3}) {
        ThreadPool pool(threads);
        Eigen::VectorXd r = start;
        std::vector<double> dots(asked.size(), -1.0);
        AddAndDot(x, added, {scales.data(), count}, asked, r.data(), dots.data(), pool);
        EXPECT_EQ(r, expected);
        if (threads == 1) first = dots;
        EXPECT_EQ(dots, first) << threads << " threads";
        for (size_t k = 0; k < asked.size(); ++k)
          EXPECT_NEAR(dots[k], values.col(asked[k]).dot(expected), 1e-11);
      }
    }
  }
}

// To the bit: no machine's instructions sum in another order.
TEST(Panels, AreMultipliedByAscendingRow) {
  constexpr int kRows = 77, kColumns = kernels::kPanelColumns;
  std::srand(1);
  const Eigen::MatrixXd a = Eigen::MatrixXd::Random(kRows, kColumns);
  const Eigen::MatrixXd b = Eigen::MatrixXd::Random(kRows, 5);
  std::vector<const double*> a_columns, b_columns;
  for (int j = 0; j < kColumns; ++j) a_columns.push_back(a.col(j).data());
  for (int j = 0; j < 5; ++j) b_columns.push_back(b.col(j).data());
  std::vector<double> a_panel(kRows * kColumns), b_panel(kRows * kColumns, -1.0);
  kernels::PackPanel(a_columns.data(), kColumns, kRows, a_panel.data());
  kernels::PackPanel(b_columns.data(), 5, kRows, b_panel.data());
  std::vector<double> products(kColumns * kColumns);
  kernels::MultiplyPanels(a_panel.data(), b_panel.data(), kRows, products.data());
  for (int i = 0; i < kColumns; ++i) {
    for (int j = 0; j < kColumns; ++j) {
      double sum = 0;
      for (int k = 0; j < 5 && k < kRows; ++k) sum += a(k, i) * b(k, j);
      EXPECT_EQ(products[static_cast<size_t>(kColumns * i + j)], sum);
    }
  }
}

}  // namespace
}  // namespace strads
