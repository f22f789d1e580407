#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <vector>

#include "apps/lda/alpha.h"
#include "apps/lda/fixed_topics.h"
#include "apps/lda/log_likelihood.h"
#include "tests/numerics/lda_problems.h"

namespace strads::testing {
namespace {

using lda::FixedTopics;
using lda::TopicHistogram;

// Some passes over documents, in two slices; and phi by its definition.
struct Trained {
  static constexpr int kTopics = 6;
  static constexpr int kWords = 30;

  Trained() : run(DrawDocuments(60, 20, kWords), {0, 11, kWords}, {.topics = kTopics, .seed = 1}) {
    run.Count("dense", prior);
    ThreadPool pool(1);
    for (uint64_t pass = 0; pass < 20; ++pass) run.Pass(1, pass, pool);
    for (int w = 0; w < kWords + 2; ++w) {
      auto& row = phi.emplace_back(kTopics, prior.beta);
      if (w < kWords) {
        const auto counts = w < 11 ? run.rows[0].Of(w) : run.rows[1].Of(w - 11);
        for (size_t n = 0; n < counts.topics.size(); ++n) row[counts.topics[n]] += counts.counts[n];
      }
      for (size_t k = 0; k < kTopics; ++k)
        row[k] /=
            static_cast<double>(run.totals[k]) + static_cast<double>(prior.vocabulary) * prior.beta;
    }
  }
  FixedTopics Topics() const { return {prior, run.rows}; }

  lda::Prior prior = MakePrior(kTopics, kWords + 2);
  LdaRun run;
  std::vector<std::vector<double>> phi;  // by word
};

double Sum(const std::vector<double>& x) { return std::accumulate(x.begin(), x.end(), 0.0); }

TEST(LdaFixedTopicsTest, PhiAddsUpToOne) {
  const Trained trained;
  std::vector<int32_t> words(Trained::kWords + 2);
  std::iota(words.begin(), words.end(), 0);
  for (size_t k = 0; k < Trained::kTopics; ++k) {
    std::vector<double> theta(Trained::kTopics);
    theta[k] = 1;
    double sum = 0;
    const std::vector<double> logs = trained.Topics().LogProbabilities(words, theta);
    for (size_t w = 0; w < words.size(); ++w) {
      EXPECT_NEAR(std::exp(logs[w]), trained.phi[w][k], 1e-12);
      sum += std::exp(logs[w]);
    }
    EXPECT_NEAR(sum, 1, 1e-12);
  }
}

// Where sum_n c_n log sum_k theta_k phi_kn + sum_k alpha_k log theta_k is greatest on the simplex,
// its derivatives are all the same: N + sum_k alpha_k.
TEST(LdaFixedTopicsTest, ThetaIsAMode) {
  const Trained trained;
  const std::vector<int32_t> words = {0, 3, 12, 25, 31}, counts = {4, 1, 7, 2, 1};
  const std::vector<double> theta = trained.Topics().Theta(words, counts, 3000);
  EXPECT_NEAR(Sum(theta), 1, 1e-12);
  for (size_t k = 0; k < Trained::kTopics; ++k) {
    double derivative = trained.prior.alpha[k] / theta[k];
    for (size_t n = 0; n < words.size(); ++n) {
      const auto& phi = trained.phi[static_cast<size_t>(words[n])];
      derivative +=
          counts[n] * phi[k] / std::inner_product(theta.begin(), theta.end(), phi.begin(), 0.0);
    }
    EXPECT_NEAR(derivative, 15 + Sum(trained.prior.alpha), 1e-6 * derivative);
  }
  // Without words it is the prior's.
  const std::vector<double> none = trained.Topics().Theta({}, {}, 5);
  for (size_t k = 0; k < none.size(); ++k)
    EXPECT_NEAR(none[k], trained.prior.alpha[k] / Sum(trained.prior.alpha), 1e-12);
}

TEST(LdaFixedTopicsTest, CompletesDocumentsByTheirEvenTokens) {
  const Trained trained;
  const FixedTopics topics = trained.Topics();
  const std::vector<std::vector<int32_t>> lists = {{1, 1, 1, 4}, {7}, {2, 2, 3, 9, 9}};
  // Even places: 1 1, 7, 2 3 9; odd: 1 4, none, 2 9.
  const std::vector<std::vector<int32_t>> even = {{1, 1}, {7}, {2, 3, 9}};
  const std::vector<std::vector<int32_t>> odd = {{1, 4}, {}, {2, 9}};
  const Corpus given = MakeDocuments(even);
  double expected = 0;
  for (int64_t d = 0; d < 3; ++d) {
    const std::vector<double> theta = topics.Theta(given.Words(d), given.Counts(d), 50);
    for (const int32_t word : odd[static_cast<size_t>(d)]) {
      const auto& phi = trained.phi[static_cast<size_t>(word)];
      expected += std::log(std::inner_product(theta.begin(), theta.end(), phi.begin(), 0.0));
    }
  }
  for (const int threads : {1, 3}) {
    ThreadPool pool(threads);
    const lda::Completion completion = CompleteDocuments(topics, MakeDocuments(lists), 50, pool);
    EXPECT_EQ(completion.tokens, 4);
    EXPECT_NEAR(completion.log_probability, expected, 1e-12 * std::abs(expected));
    EXPECT_NEAR(completion.perplexity(), std::exp(-expected / 4), 1e-9);
  }
}

TEST(LdaFixedTopicsTest, InfersEachDocument) {
  const Trained trained;
  const FixedTopics topics = trained.Topics();
  const Corpus documents = DrawDocuments(20, 10, Trained::kWords, 9);
  ThreadPool one(1), three(3);
  const std::vector<float> thetas = InferTopics(topics, documents, 10, three);
  EXPECT_EQ(thetas, InferTopics(topics, documents, 10, one));
  const std::vector<double> last = topics.Theta(documents.Words(19), documents.Counts(19), 10);
  for (size_t k = 0; k < Trained::kTopics; ++k)
    EXPECT_FLOAT_EQ(thetas[19 * Trained::kTopics + k], static_cast<float>(last[k]));
}

class LdaAlphaTest : public ::testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(Symmetric, LdaAlphaTest, ::testing::Bool());

// The likelihood of documents' topics does not fall in any step, and is flat where it ends.
TEST_P(LdaAlphaTest, EndsWhereTheLikelihoodIsGreatest) {
  const bool symmetric = GetParam();
  const Trained trained;
  const TopicHistogram histogram(*trained.run.sampler, trained.run.grid.lengths(),
                                 Trained::kTopics);
  ThreadPool pool(1);
  const auto likelihood = [&](const std::vector<double>& alpha) {
    lda::Prior prior = trained.prior;
    prior.alpha = alpha;
    return DocumentsLogLikelihood(prior, *trained.run.sampler, trained.run.grid.lengths(), pool);
  };
  std::vector<double> alpha(Trained::kTopics, 0.8);
  double before = likelihood(alpha);
  for (int step = 0; step < 20; ++step) {
    alpha = FitAlpha(histogram, alpha, symmetric, 1);
    const double now = likelihood(alpha);
    EXPECT_GE(now, before - 1e-9 * std::abs(before));
    before = now;
  }
  alpha = FitAlpha(histogram, alpha, symmetric, 20000);
  constexpr double kShift = 1e-3;
  const double end = likelihood(alpha);
  for (size_t k = 0; k < alpha.size(); ++k) {
    if (symmetric) {
      EXPECT_EQ(alpha[k], alpha[0]);
    }
    std::vector<double> more = alpha, less = alpha;
    for (size_t j = 0; j < alpha.size(); ++j) {
      if (j != k && !symmetric) continue;
      more[j] *= 1 + kShift;
      less[j] *= 1 - kShift;
    }
    EXPECT_LT(likelihood(more), end);
    EXPECT_LT(likelihood(less), end);
  }
}

TEST(LdaTopicHistogramTest, PartsAddUp) {
  const std::vector<int64_t> begins = {0, 30};
  const lda::Prior prior = MakePrior(5, 30);
  const lda::TokenGrid::Options options{.groups = 1, .topics = 5, .seed = 1};
  const std::vector<std::vector<int32_t>> lists = {{0, 1, 1}, {2}, {3, 4, 5, 6}, {7}, {1, 2, 3}};
  const auto histogram = [&](int64_t first, int64_t last) {
    const lda::TokenGrid grid(MakeDocuments({lists.begin() + first, lists.begin() + last}),
                              FirstIds(last - first, first), begins, options);
    return TopicHistogram(*MakeNamed("tree", grid, prior), grid.lengths(), 5);
  };
  TopicHistogram sum = histogram(0, 2);
  sum.Add(histogram(2, 5));
  EXPECT_EQ(sum.bins(), histogram(0, 5).bins());
  ASSERT_FALSE(sum.bins().empty());
  EXPECT_EQ(sum.bins()[0], (TopicHistogram::Bin{.topic = -1, .count = 1, .documents = 2}));
  TopicHistogram none;
  none.Add(sum);
  EXPECT_EQ(none.bins(), sum.bins());
}

}  // namespace
}  // namespace strads::testing
