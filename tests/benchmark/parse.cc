// Seconds and MB/s to read a file of features, ratings or documents:
// parse FILE [threads [ratings|corpus]].
#include <strads/corpus.h>
#include <strads/dataset.h>
#include <strads/ratings.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "tests/benchmark/bench_run.h"

namespace {

// Reads the file and returns how many rows, ratings or documents it has.
int64_t Read(const std::string& path, strads::Shard shard, const std::string& kind) {
  if (kind == "corpus") return strads::ReadDocuments(path, shard).documents.num_documents();
  if (kind == "ratings") return std::ssize(strads::ReadRatings(path, shard).ratings);
  return strads::ReadDataset(path, shard).x.num_rows();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: benchmark_parse FILE [threads [ratings|corpus]]\n");
    return 2;
  }
  const int threads = argc > 2 ? std::atoi(argv[2]) : 1;
  const std::string kind = argc > 3 ? argv[3] : "features";
  const auto bytes = static_cast<double>(std::filesystem::file_size(argv[1]));
  std::vector<double> seconds;
  for (int i = 0; i < 5; ++i) {
    const double start = strads::benchmark::Now();
    const int64_t count = Read(argv[1], strads::Shard{0, 1, threads}, kind);
    seconds.push_back(strads::benchmark::Now() - start);
    if (count == 0) return 1;
  }
  const double median = strads::benchmark::Median(seconds);
  std::printf("%.4f %.1f\n", median, bytes / median / 1e6);
  return 0;
}
