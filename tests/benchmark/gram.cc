// benchmark_gram [rows=200000] [cols=90] [repeats=5]: the products of all pairs of columns that the
// normal equations need, on one thread, beside Eigen's syrk and gemm of the same rows in doubles.
// benchmark_gram_avx2 is the same with Eigen compiled for AVX2 and FMA, which strads does not use.
#include <strads/parallel.h>
#include <strads/random.h>
#include <strads/row_gram.h>

#include <Eigen/Core>
#include <algorithm>
#include <cstdio>
#include <numeric>
#include <vector>

#include "tests/benchmark/kernel_bench.h"

namespace {

using Rows = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

template <class F>
double MedianSeconds(int repeats, F&& run) {
  std::vector<double> seconds;
  for (int k = 0; k < repeats; ++k) {
    const double begin = strads::benchmark::Now();
    run();
    seconds.push_back(strads::benchmark::Now() - begin);
  }
  std::ranges::sort(seconds);
  return seconds[seconds.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  using strads::benchmark::Number;
  const auto arguments = strads::benchmark::ParseArguments(argc, argv);
  const auto rows = static_cast<int64_t>(Number(arguments, "rows", 200'000));
  const auto cols = static_cast<int64_t>(Number(arguments, "cols", 90));
  const int repeats = static_cast<int>(Number(arguments, "repeats", 5));

  Rows x(rows, cols);
  const std::vector<int32_t> sizes(static_cast<size_t>(rows), static_cast<int32_t>(cols));
  strads::AlignedVector<int32_t> columns;
  strads::AlignedVector<double> values;
  columns.reserve(static_cast<size_t>(rows * cols));
  values.reserve(static_cast<size_t>(rows * cols));
  strads::Random random(1);
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < cols; ++j) {
      x(i, j) = 2 * random.Uniform() - 1;
      columns.push_back(static_cast<int32_t>(j));
      values.push_back(x(i, j));
    }
  }
  strads::ThreadPool pool(1);
  strads::RowMatrixBuilder builder;
  const strads::RowPiece piece = {sizes, columns, values};
  builder.Append({&piece, 1}, 1, pool);
  const strads::RowMatrix matrix = builder.Finish(cols, pool);
  columns = {};
  values = {};
  std::vector<int64_t> all(static_cast<size_t>(rows));
  std::iota(all.begin(), all.end(), 0);
  const std::vector<double> y(all.size(), 1.0), weights(all.size(), 1.0);
  const std::vector<double> centre(static_cast<size_t>(cols + 1), 0.0);

  std::vector<double> upper;
  const double ours = MedianSeconds(repeats, [&] {
    upper = RowGram({.x = &matrix, .rows = all, .y = y, .weights = weights}, centre, pool);
  });
  Eigen::MatrixXd syrk(cols, cols), gemm(cols, cols);
  const double syrk_seconds = MedianSeconds(repeats, [&] {
    syrk.setZero();
    syrk.selfadjointView<Eigen::Upper>().rankUpdate(x.transpose());
  });
  const double gemm_seconds = MedianSeconds(repeats, [&] { gemm.noalias() = x.transpose() * x; });
  double apart = 0;
  for (int64_t b = 0; b < cols; ++b) {
    for (int64_t a = 0; a <= b; ++a)
      apart =
          std::max(apart, std::abs(upper[static_cast<size_t>(b * (b + 1) / 2 + a)] - syrk(a, b)));
  }
  const double flops = static_cast<double>(rows) * static_cast<double>(cols * (cols + 1)) / 1e9;
  std::printf("%lld x %lld, one thread, largest difference %.1e\n", static_cast<long long>(rows),
              static_cast<long long>(cols), apart);
  std::printf("  ours        %.4f s  %.1f GFLOP/s\n", ours, flops / ours);
  std::printf("  Eigen syrk  %.4f s  %.1f GFLOP/s, its time by ours %.2f\n", syrk_seconds,
              flops / syrk_seconds, syrk_seconds / ours);
  std::printf("  Eigen gemm  %.4f s  %.1f GFLOP/s (of all pairs), rate ours by its %.2f\n",
              gemm_seconds, 2 * flops / gemm_seconds, flops / ours / (2 * flops / gemm_seconds));
}
