// Seconds and MB/s to read a data file: parse FILE [threads].
#include <strads/dataset.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "tests/benchmark/bench_run.h"

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: benchmark_parse FILE [threads]\n");
    return 2;
  }
  const int threads = argc > 2 ? std::atoi(argv[2]) : 1;
  const auto bytes = static_cast<double>(std::filesystem::file_size(argv[1]));
  std::vector<double> seconds;
  for (int i = 0; i < 5; ++i) {
    const double start = strads::benchmark::Now();
    const strads::Dataset data = strads::ReadDataset(argv[1], strads::Shard{0, 1, threads});
    seconds.push_back(strads::benchmark::Now() - start);
    if (data.x.num_rows() == 0) return 1;
  }
  const double median = strads::benchmark::Median(seconds);
  std::printf("%.4f %.1f\n", median, bytes / median / 1e6);
  return 0;
}
