// Writes a sparse regression problem as libsvm text: generate FILE rows columns non-zeros-per-row.
// Columns are independent and uniformly filled with normal values; 100 of them make the target,
// with noise of a tenth of its scale. The same arguments give the same file.
#include <strads/random.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <numbers>
#include <vector>

namespace {

double Normal(strads::Random& random) {
  return std::sqrt(-2 * std::log(1 - random.Uniform())) *
         std::cos(2 * std::numbers::pi * random.Uniform());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "usage: benchmark_generate FILE ROWS COLUMNS NONZEROS_PER_ROW\n");
    return 2;
  }
  std::FILE* const out = std::fopen(argv[1], "w");
  if (out == nullptr) return 3;
  const int rows = std::atoi(argv[2]);
  const auto columns = static_cast<uint64_t>(std::atoll(argv[3]));
  const auto per_row = static_cast<size_t>(std::atoi(argv[4]));
  strads::Random random(20241121);
  std::vector<double> truth(columns, 0.0);
  for (int k = 0; k < 100; ++k) truth[random.Below(columns)] = Normal(random);
  std::vector<uint64_t> row(per_row);
  std::vector<double> values(per_row);
  for (int i = 0; i < rows; ++i) {
    for (uint64_t& j : row) j = random.Below(columns);
    std::sort(row.begin(), row.end());
    row.erase(std::unique(row.begin(), row.end()), row.end());
    double y = 0.1 * Normal(random);
    for (size_t e = 0; e < row.size(); ++e) {
      values[e] = Normal(random);
      y += truth[row[e]] * values[e];
    }
    std::fprintf(out, "%.8g", y);
    for (size_t e = 0; e < row.size(); ++e)
      std::fprintf(out, " %llu:%.6g", static_cast<unsigned long long>(row[e] + 1), values[e]);
    std::fputc('\n', out);
    row.resize(per_row);
  }
  return std::fclose(out) == 0 ? 0 : 3;
}
