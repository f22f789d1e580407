// Epochs of a matrix factorization in one process, without the framework: seconds and test RMSE.
#include <strads/error.h>
#include <strads/rotation_schedule.h>

#include <cmath>
#include <cstdio>
#include <fstream>
#include <string>

#include "apps/mf/ccd.h"
#include "apps/mf/ccd_shard.h"
#include "apps/mf/columns.h"
#include "apps/mf/implicit.h"
#include "apps/mf/sgd.h"
#include "tests/benchmark/kernel_bench.h"

namespace strads::benchmark {
namespace {

using mf::SgdRows;
// Lines `user item value`, counted from 0.
std::vector<Rating> ReadRatings(const std::string& path) {
  std::FILE* const file = std::fopen(path.c_str(), "r");
  if (file == nullptr) throw DataError(path + ": cannot be opened, expected ratings");
  std::vector<Rating> ratings;
  Rating rating;
  while (std::fscanf(file, "%d %d %f", &rating.user, &rating.item, &rating.value) == 3)
    ratings.push_back(rating);
  std::fclose(file);
  return ratings;
}

struct Data {
  std::vector<Rating> train, test;
  int64_t users = 0, items = 0;
  std::vector<int64_t> user_counts, item_counts;
  double mean = 0, scale = 1;
};

Data ReadData(const Arguments& arguments) {
  Data data;
  data.train = ReadRatings(arguments.at("train"));
  data.test = ReadRatings(arguments.at("test"));
  for (const auto* part : {&data.train, &data.test}) {
    for (const Rating& rating : *part) {
      data.users = std::max<int64_t>(data.users, rating.user + 1);
      data.items = std::max<int64_t>(data.items, rating.item + 1);
    }
  }
  data.user_counts.resize(static_cast<size_t>(data.users));
  data.item_counts.resize(static_cast<size_t>(data.items));
  double sum = 0, squares = 0;
  for (const Rating& rating : data.train) {
    sum += rating.value;
    squares += static_cast<double>(rating.value) * rating.value;
    ++data.user_counts[static_cast<size_t>(rating.user)];
    ++data.item_counts[static_cast<size_t>(rating.item)];
  }
  const auto count = static_cast<double>(data.train.size());
  data.mean = sum / count;
  data.scale = std::sqrt(squares / count - data.mean * data.mean);
  return data;
}

double Rmse(double squares, size_t count) {
  return std::sqrt(squares / static_cast<double>(count));
}

void RunSgd(const Data& data, const Arguments& arguments) {
  const int rank = static_cast<int>(Number(arguments, "k", 32));
  const auto lambda = static_cast<float>(Number(arguments, "lambda", 0.02));
  const int threads = static_cast<int>(Number(arguments, "threads", 1));
  const auto blocks = static_cast<int64_t>(Number(arguments, "blocks", 1));
  const auto scale = static_cast<float>(data.scale);
  mf::SgdOptions options{
      .mean = Number(arguments, "center", 1) != 0 ? static_cast<float>(data.mean) : 0,
      .rating_scale = scale,
      .rate = static_cast<float>(Number(arguments, "rate", 0.1)),
      .biases = Number(arguments, "biases", 0) != 0,
      .nonnegative = Number(arguments, "nonnegative", 0) != 0};
  ThreadPool pool(threads);
  double start = Now();
  SgdRows users(data.users, rank, scale, lambda);
  const auto [low, high] = mf::SgdStart(scale, rank, options.mean != 0 && !options.nonnegative);
  DrawFactors(1, mf::Side::kUsers, 0, low, high, users.factors);
  const std::vector<int64_t> begins = BalancedRanges(data.item_counts, blocks);
  std::vector<SgdRows> items;
  for (size_t b = 0; b + 1 < begins.size(); ++b) {
    SgdRows& block = items.emplace_back(begins[b + 1] - begins[b], rank, scale, lambda);
    DrawFactors(1, mf::Side::kItems, begins[b], low, high, block.factors);
    if (Number(arguments, "plain", 0) != 0)
      SetPlainDecay(lambda, std::span(data.item_counts).subspan(static_cast<size_t>(begins[b])),
                    block);
  }
  if (Number(arguments, "plain", 0) != 0) SetPlainDecay(lambda, data.user_counts, users);
  const mf::RatingGrid grid(
      data.train, data.users, begins,
      {.threads = threads,
       .row_bytes = static_cast<int64_t>(sizeof(float)) * users.factors.stride() + 20,
       .cache_bytes = static_cast<int64_t>(Number(arguments, "cache", 192)) << 10,
       .seed = 1});
  std::printf("set up in %.3f s\n", Now() - start);
  double seconds = 0, cpu_seconds = 0;
  const int epochs = static_cast<int>(Number(arguments, "epochs", 25));
  for (int epoch = 0; epoch < epochs; ++epoch) {
    start = Now();
    const double cpu_start = CpuSeconds();
    double squares = 0;
    for (int64_t b = 0; b < blocks; ++b) {
      squares += mf::RunSgd(
          options,
          {.number = static_cast<uint64_t>(epoch), .slow_only = options.mean == 0 && epoch == 0},
          grid, b, users, items[static_cast<size_t>(b)], pool);
    }
    const double took = Now() - start, cpu_took = CpuSeconds() - cpu_start;
    seconds += took;
    cpu_seconds += cpu_took;
    // Test ratings by block.
    double test = 0;
    std::vector<Rating> own;
    for (size_t b = 0; b + 1 < begins.size(); ++b) {
      own.clear();
      for (Rating rating : data.test) {
        if (rating.item < begins[b] || rating.item >= begins[b + 1]) continue;
        rating.item -= static_cast<int32_t>(begins[b]);
        own.push_back(rating);
      }
      test += SumSquaredErrors(own, options.mean, users, items[b], pool);
    }
    std::printf("%3d  %8.3f s  cpu %8.3f s  %7.2f M updates/s of cpu  train %.4f  test %.4f\n",
                epoch + 1, seconds, cpu_seconds,
                static_cast<double>(data.train.size()) / cpu_took / 1e6,
                Rmse(squares, data.train.size()), Rmse(test, data.test.size()));
  }
}

void RunCcd(const Data& data, const Arguments& arguments) {
  const int rank = static_cast<int>(Number(arguments, "k", 32));
  const auto lambda = static_cast<float>(Number(arguments, "lambda", 0.02));
  const bool weighted = Number(arguments, "plain", 0) == 0;
  const bool nonnegative = Number(arguments, "nonnegative", 0) != 0;
  const auto mean = Number(arguments, "center", 1) != 0 ? static_cast<float>(data.mean) : 0;
  ThreadPool pool(static_cast<int>(Number(arguments, "threads", 1)));
  double start = Now();
  const bool implicit = Number(arguments, "implicit", 0) != 0;
  mf::CcdShard shard =
      implicit ? mf::CcdShard::Implicit(data.train, data.users, data.items,
                                        static_cast<float>(Number(arguments, "alpha", 1)))
               : mf::CcdShard(data.train, data.users, data.items, mean);
  const std::vector<float> user_penalties = mf::RowPenalties(lambda, weighted, data.user_counts);
  const std::vector<float> item_penalties = mf::RowPenalties(lambda, weighted, data.item_counts);
  mf::Columns w(data.users, rank);
  mf::Factors start_h(data.items, rank);
  DrawFactors(1, mf::Side::kItems, 0, 0, 1, start_h);
  mf::Columns h(start_h);
  std::vector<mf::RowSums> user_sums(user_penalties.size()), item_sums(item_penalties.size());
  std::printf("set up in %.3f s\n", Now() - start);
  const auto others = [&](const mf::Columns& own, const mf::Columns& other, int t) {
    return implicit ? OverAllCells(own, mf::GramColumn(other, t), t) : mf::AllCells{};
  };
  mf::InnerStop stop(Number(arguments, "share", 0.3));
  const int inner = static_cast<int>(Number(arguments, "inner", 5));
  double seconds = 0, cpu_seconds = 0;
  for (int epoch = 0; epoch < static_cast<int>(Number(arguments, "epochs", 8)); ++epoch) {
    start = Now();
    const double cpu_start = CpuSeconds();
    int64_t done = 0;
    for (int t = 0; t < rank; ++t) {
      shard.Open(w.Column(t), h.Column(t));
      for (int i = 0; i < inner; ++i) {
        shard.UserSums(h.Column(t), user_sums, pool);
        double decrease =
            SolveColumn(user_sums, user_penalties, others(w, h, t), nonnegative, w.Column(t));
        shard.ItemSums(w.Column(t), item_sums, pool);
        decrease +=
            SolveColumn(item_sums, item_penalties, others(h, w, t), nonnegative, h.Column(t));
        ++done;
        if ((epoch > 0 || i > 0) && !stop.Pays(decrease)) break;
      }
      shard.Close(w.Column(t), h.Column(t), pool);
    }
    const double took = Now() - start, cpu_took = CpuSeconds() - cpu_start;
    seconds += took;
    cpu_seconds += cpu_took;
    const double loss = shard.Loss(pool);
    double objective = loss;
    if (implicit) objective += mf::AllCellsLoss(mf::Gram(w), mf::Gram(h));
    for (int t = 0; t < rank; ++t)
      objective +=
          mf::Penalty(user_penalties, w.Column(t)) + mf::Penalty(item_penalties, h.Column(t));
    SgdRows users(data.users, rank, 1, 0), items(data.items, rank, 1, 0);
    users.factors = w.ToFactors();
    items.factors = h.ToFactors();
    std::printf(
        "%3d  %8.3f s  cpu %8.3f s  %5.3f s %4lld inner  objective %.0f  train %.4f  test %.4f\n",
        epoch + 1, seconds, cpu_seconds, cpu_took, static_cast<long long>(done), objective,
        Rmse(loss, data.train.size()),
        Rmse(SumSquaredErrors(data.test, mean, users, items, pool), data.test.size()));
  }
}

}  // namespace
}  // namespace strads::benchmark

// Usage: benchmark_mf_kernels train=FILE test=FILE [NAME=NUMBER ...]: k, lambda, plain, threads,
// epochs, center, nonnegative; for SGD: rate, biases, blocks, cache (KiB); with ccd=1: inner,
// share, implicit, alpha (then "test" says nothing).
int main(int argc, char** argv) {
  const auto arguments = strads::benchmark::ParseArguments(argc, argv);
  const strads::benchmark::Data data = strads::benchmark::ReadData(arguments);
  if (arguments.count("ccd") > 0) {
    strads::benchmark::RunCcd(data, arguments);
  } else {
    strads::benchmark::RunSgd(data, arguments);
  }
}
