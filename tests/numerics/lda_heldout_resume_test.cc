#include <strads/corpus_split.h>

#include <filesystem>
#include <string>

#include "apps/lda/held_out.h"
#include "apps/lda/trained_model.h"
#include "tests/numerics/lda_training.h"

namespace strads::testing {
namespace {

class LdaHeldOut : public LdaTrain {};
class LdaResume : public LdaTrain {};

// What was measured at the end is what the model in the files says of the documents.
TEST_F(LdaHeldOut, SaysThePerplexityOfHeldOutDocumentsByTheModelItWrites) {
  Make(DrawDocuments(60, 20, 40));
  const auto expected = [&](const std::string& path, double share) {
    lda::TrainedModel model(options_.model);
    Corpus documents = model.Read(path, "", options_.format, 1).documents;
    if (share > 0) documents = SplitDocuments(documents, share, 1).held_out;
    ThreadPool pool(1);
    return CompleteDocuments(model.TakeTopics(), documents, lda::kCompletionPasses, pool)
        .perplexity();
  };
  const std::string other = directory_.Write("other.ldac", "3 0:2 1:1 5:1\n0\n2 3:1 4:1\n");
  for (const int workers : {1, 3}) {
    options_.heldout = "";
    options_.heldout_share = 0.3;
    const Summary shared = Train(workers);
    EXPECT_NEAR(shared.extra.at("heldout_perplexity"), expected(options_.data, 0.3), 1e-9);
    options_.heldout_share = 0;
    options_.heldout = other;
    options_.optimize_alpha = 2;
    const Summary file = Train(workers);
    EXPECT_NEAR(file.extra.at("heldout_perplexity"), expected(other, 0), 1e-9);
  }
}

TEST_F(LdaHeldOut, MeasuringPerplexityDoesNotChangeTheTraining) {
  Make(DrawDocuments(60, 20, 40));
  options_.heldout_share = 0.3;
  options_.epochs = 5;
  for (const int workers : {1, 3}) {
    options_.heldout_every = 0;
    Train(workers);
    const std::string once = Written();
    EXPECT_EQ(perplexities_.size(), 1u);
    options_.heldout_every = 2;
    Train(workers);
    EXPECT_EQ(Written(), once);
    EXPECT_EQ(perplexities_.size(), 3u);
  }
}

TEST_F(LdaResume, ResumedRunsComeToTheBytesOfOthers) {
  Make(DrawDocuments(60, 20, 40));
  options_.tokens = true;
  options_.optimize_alpha = 3;
  for (const char* sampler : {"dense", "metropolis"}) {
    options_.sampler = sampler;
    for (const int workers : {1, 3}) {
      options_.epochs = 3;
      Train(workers);
      const std::string before = directory_.Path("before");
      for (const char* part : {"", ".topics.txt", ".documents.txt", ".tokens.txt"})
        std::filesystem::copy_file(options_.model + part, before + part,
                                   std::filesystem::copy_options::overwrite_existing);
      options_.epochs = 7;
      Train(workers);
      const std::string whole = Written() + ReadText(lda::TokensPath(options_.model));
      options_.resume = before;
      EXPECT_EQ(Train(workers).updates, 4 * documents_.CountTokens());
      EXPECT_EQ(Written() + ReadText(lda::TokensPath(options_.model)), whole)
          << sampler << " " << workers;
      options_.resume = "";
    }
  }
}

TEST_F(LdaResume, AResumedRunBeginsWhereTheOtherEnded) {
  Make(DrawDocuments(60, 20, 40));
  options_.tokens = true;
  options_.sampler = "tree";
  const Summary first = Train(2);
  const auto words = Words().rows, documents = Documents().rows;
  options_.resume = options_.model;
  const Summary second = Train(3);
  EXPECT_EQ(Words().rows, words);
  EXPECT_EQ(Documents().rows, documents);
  EXPECT_EQ(second.updates, 0);
  EXPECT_NEAR(second.extra.at("log_likelihood"), first.extra.at("log_likelihood"), 1e-9);
  options_.epochs = 12;
  Train(3);
  EXPECT_EQ(model_.epochs(), 12);
}

}  // namespace
}  // namespace strads::testing
