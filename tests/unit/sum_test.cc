#include <gtest/gtest.h>
#include <strads/sum.h>

#include <Eigen/Core>
#include <map>
#include <string>
#include <vector>

namespace strads {
namespace {

struct Inner {
  int64_t count = 0;
  STRADS_FIELDS(count)
};

struct Share {
  double loss = 0;
  std::vector<double> xr;
  Eigen::VectorXd xx;
  std::map<std::string, int> words;
  Inner inner;
  STRADS_FIELDS(loss, xr, xx, words, inner)
};

Share MakeShare(int rank) {
  Share share;
  share.loss = 0.1 * rank;
  share.xr.assign(static_cast<size_t>(rank), 1.0);
  share.xx = Eigen::VectorXd::Constant(3 - rank, 2.0);
  share.words = {{"all", 1}, {"only " + std::to_string(rank), rank}};
  share.inner.count = 10 + rank;
  return share;
}

struct Nothing {
  STRADS_FIELDS()
};

TEST(Sum, OfWhatHasNoFieldsHasNone) {
  const std::vector<Nothing> shares(2);
  EXPECT_EQ(Pack(Sum(std::span<const Nothing>(shares))).view(), Pack(Nothing{}).view());
}

TEST(Sum, AddsFieldByFieldAndTakesShorterVectorsForFilledUpWithZeros) {
  const std::vector<Share> shares = {MakeShare(0), MakeShare(1), MakeShare(2)};
  const Share sum = Sum(std::span<const Share>(shares));
  EXPECT_EQ(sum.loss, 0.0 + 0.1 + 0.1 * 2);
  EXPECT_EQ(sum.xr, (std::vector<double>{2, 1}));
  EXPECT_EQ(sum.xx, (Eigen::Vector3d{6, 4, 2}));
  EXPECT_EQ(sum.words,
            (std::map<std::string, int>{{"all", 3}, {"only 0", 0}, {"only 1", 1}, {"only 2", 2}}));
  EXPECT_EQ(sum.inner.count, 33);
}

TEST(Sum, RunsInRankOrder) {
  std::vector<Share> shares(3);
  shares[0].loss = 1e16;
  shares[1].loss = 1;
  shares[2].loss = -1e16;
  EXPECT_EQ(Sum(std::span<const Share>(shares)).loss, (1e16 + 1) - 1e16);
}

TEST(Sum, OfOneIsItselfAndOfNoneIsRefused) {
  const std::vector<Share> shares = {MakeShare(2)};
  EXPECT_EQ(Pack(Sum(std::span<const Share>(shares))).view(), Pack(shares[0]).view());
  EXPECT_THROW(Sum(std::span<const Share>()), Error);
}

}  // namespace
}  // namespace strads
