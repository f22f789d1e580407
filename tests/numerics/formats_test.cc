#include <gtest/gtest.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include <string>

#include "tests/numerics/solve.h"
#include "tests/support/temp_files.h"

namespace strads::testing {
namespace {

std::string Gzip(const std::string& text) {
  z_stream stream{};
  deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string packed(deflateBound(&stream, text.size()) + 32, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

std::string Xz(const std::string& text) {
  std::string packed(lzma_stream_buffer_bound(text.size()), '\0');
  size_t size = 0;
  EXPECT_EQ(lzma_easy_buffer_encode(
                1, LZMA_CHECK_CRC64, nullptr, reinterpret_cast<const uint8_t*>(text.data()),
                text.size(), reinterpret_cast<uint8_t*>(packed.data()), &size, packed.size()),
            LZMA_OK);
  packed.resize(size);
  return packed;
}

std::string Zstd(const std::string& text) {
  std::string packed(ZSTD_compressBound(text.size()), '\0');
  packed.resize(ZSTD_compress(packed.data(), packed.size(), text.data(), text.size(), 1));
  return packed;
}

class Formats : public ::testing::Test {
 protected:
  Eigen::VectorXd Train(const std::string& name, const std::string& bytes, int workers = 1) {
    lasso::Options options;
    options.data = dir_.Write(name, bytes);
    if (name.find(".mtx") != std::string::npos) options.target = target_;
    return SolveFile(options, To(1e-6, workers)).b;
  }

  TempDir dir_;
  Problem problem_ = DrawProblem({.rows = 60, .cols = 40, .density = 0.4, .seed = 31});
  std::string target_ = dir_.Write("target.txt", TargetText(problem_));
};

TEST_F(Formats, PackedFilesGiveTheSameModelAsPlainOnes) {
  const std::string text = ToLibsvm(problem_);
  for (const int workers : {1, 3}) {
    const Eigen::VectorXd plain = Train("data.libsvm", text, workers);
    EXPECT_EQ(Train("data.libsvm.gz", Gzip(text), workers), plain);
    EXPECT_EQ(Train("data.libsvm.xz", Xz(text), workers), plain);
    EXPECT_EQ(Train("data.libsvm.zst", Zstd(text), workers), plain);
  }
}

TEST_F(Formats, MatrixMarketGivesTheSameModelAsLibsvm) {
  const Eigen::VectorXd plain = Train("data.libsvm", ToLibsvm(problem_));
  const std::string text = ToMatrixMarket(problem_);
  EXPECT_EQ(Train("data.mtx", text), plain);
  EXPECT_EQ(Train("data.mtx.gz", Gzip(text)), plain);
  EXPECT_EQ(Train("data.mtx.xz", Xz(text)), plain);
  EXPECT_EQ(Train("data.mtx.zst", Zstd(text)), plain);
}

TEST_F(Formats, MatrixMarketInShardsOfRowsHasTheSameSolution) {
  lasso::Options options;
  options.data = dir_.Write("data.mtx", ToMatrixMarket(problem_));
  options.target = target_;
  for (const int workers : {2, 7}) {
    ExpectOptimal(problem_, SolveFile(options, To(1e-9, workers)), 1e-9);
  }
}

TEST_F(Formats, VariablesWithoutDataAreInTheModelIfAskedFor) {
  lasso::Options options;
  options.data = dir_.Write("data.libsvm", ToLibsvm(problem_));
  const Solution as_found = SolveFile(options, To(1e-6, 2));
  EXPECT_EQ(as_found.b.size(), 40);
  options.num_features = 55;
  const Solution wider = SolveFile(options, To(1e-9, 2));
  ASSERT_EQ(wider.b.size(), 55);
  EXPECT_TRUE(wider.b.tail(15).isZero(0));
  Problem wide = problem_;
  wide.x.conservativeResize(60, 55);
  ExpectOptimal(wide, wider, 1e-9);
}

// Only the shard of one worker knows the last columns.
TEST_F(Formats, ColumnsThatOnlySomeShardsHaveAreVariablesOfAll) {
  Eigen::MatrixXd x = DrawMatrix({.rows = 40, .cols = 20, .seed = 32});
  x.topRightCorner(30, 10).setZero();
  const Problem problem(x, DrawProblem({.rows = 40, .cols = 20, .seed = 32}).y);
  for (const char* schedule : {"cyclic", "priority", "dependency", "block_greedy", "working_set"}) {
    lasso::Options options;
    options.schedule = schedule;
    options.data = dir_.Write("corner.libsvm", ToLibsvm(problem));
    ExpectOptimal(problem, SolveFile(options, To(1e-9, 4)), 1e-9);
  }
}

TEST_F(Formats, ThreadsAreNeverPartOfTheAnswer) {
  lasso::Options options;
  options.data = dir_.Write("data.libsvm", ToLibsvm(problem_));
  for (const char* schedule : {"priority", "dependency", "random", "working_set"}) {
    options.schedule = schedule;
    RunOptions run = To(1e-9, 2);
    const Solution one = SolveFile(options, run);
    run.threads = 3;
    const Solution three = SolveFile(options, run);
    EXPECT_EQ(one.b, three.b) << schedule;
    EXPECT_EQ(one.summary.rounds, three.summary.rounds) << schedule;
  }
}

}  // namespace
}  // namespace strads::testing
