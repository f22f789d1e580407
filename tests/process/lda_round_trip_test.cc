#include <gmock/gmock.h>

#include <cmath>
#include <filesystem>
#include <map>
#include <set>
#include <sstream>

#include "tests/process/lda_files.h"
#include "tests/support/temp_files.h"

namespace strads::testing {
namespace {

using ::testing::HasSubstr;

class LdaRoundTrip : public ::testing::TestWithParam<Words> {
 protected:
  void Train(const Words& more = {}) {
    Words flags = {"--data=" + data_, "--model=" + model_, "--topics=2",
                   "--alpha=0.1",     "--epochs=40",       "--checks"};
    flags.insert(flags.end(), GetParam().begin(), GetParam().end());
    flags.insert(flags.end(), more.begin(), more.end());
    const Finished trained = RunLda("train", flags);
    ASSERT_EQ(trained.exit_code, 0) << trained.err;
    summary_ = trained.out;
  }
  // phi of the files: by topic and word.
  std::vector<std::map<std::string, double>> Phi() const {
    const TopicRows rows(model_ + ".topics.txt");
    const Json model = ModelJson(model_).at("model");
    const double beta = model.at("beta");
    const std::vector<int64_t> totals = rows.Totals(2);
    std::vector<std::map<std::string, double>> phi(2);
    for (const auto& [word, row] : rows.rows)
      for (size_t k = 0; k < 2; ++k)
        phi[k][rows.words.at(word)] =
            ((row.contains(static_cast<int>(k)) ? static_cast<double>(row.at(static_cast<int>(k)))
                                                : 0.0) +
             beta) /
            (static_cast<double>(totals[k]) + beta * static_cast<double>(rows.rows.size()));
    return phi;
  }

  TempDir dir_;
  std::string data_ = dir_.Write("docs.txt", TwoKindsOfSentences());
  std::string model_ = dir_.Path("model.json");
  std::string summary_;
};

INSTANTIATE_TEST_SUITE_P(Ways,
                         LdaRoundTrip,
                         ::testing::Values(Words{},
                                           Words{"--workers=2", "--processes", "--sampler=tree"},
                                           Words{"--workers=3", "--staleness=1"}));

TEST_P(LdaRoundTrip, TheSummaryAndTheFilesAgree) {
  Train();
  EXPECT_THAT(summary_, HasSubstr("144 tokens of 10 words in 26 documents, 2 of them empty"));
  const Json model = ModelJson(model_).at("model");
  const TopicRows words(model_ + ".topics.txt"), documents(model_ + ".documents.txt");
  for (const auto& [word, name] : words.words)
    EXPECT_EQ(model.at("words").at(static_cast<size_t>(word)), name);
  EXPECT_EQ(documents.rows.size(), 26u);
  EXPECT_EQ(documents.SumOf(24), 0);
  EXPECT_EQ(documents.SumOf(0), 6);
  EXPECT_EQ(model.at("totals").get<std::vector<int64_t>>(), words.Totals(2));
  const double joint =
      JointLogLikelihood(words, documents, model.at("alpha"), model.at("beta")) / 144;
  EXPECT_NEAR(model.at("log_likelihood"), joint, 1e-9);
  EXPECT_NEAR(PrintedNumbers(summary_)["objective"], -joint, 1e-6);
}

TEST_P(LdaRoundTrip, TopicsAreTheWordsThatTheFilesHaveMostOften) {
  Train();
  const auto phi = Phi();
  const Finished text = RunLda("topics", {"--model=" + model_, "--top=3"});
  const Finished json = RunLda("topics", {"--model=" + model_, "--top=3", "--format=json"});
  ASSERT_EQ(text.exit_code, 0) << text.err;
  ASSERT_EQ(json.exit_code, 0) << json.err;
  std::istringstream text_lines(text.out), json_lines(json.out);
  std::set<std::string> first_words;
  for (size_t k = 0; k < 2; ++k) {
    std::string line, expected = std::to_string(k) + "\t72\t";
    std::getline(json_lines, line);
    const Json topic = Json::parse(line);
    EXPECT_EQ(topic.at("topic"), k);
    double before = 1;
    for (const Json& own : topic.at("words")) {
      const std::string word = own.at("word");
      expected += (before == 1 ? "" : " ") + word;
      const double probability = own.at("probability");
      EXPECT_NEAR(probability, phi[k].at(word), 1e-12);
      EXPECT_LE(probability, before);
      before = probability;
    }
    for (const auto& [word, probability] : phi[k]) {
      if (expected.find(word) != std::string::npos) continue;
      EXPECT_LE(probability, before);
    }
    std::getline(text_lines, line);
    EXPECT_EQ(line, expected);
    first_words.insert(std::string(topic.at("words").at(0).at("word")));
  }
  EXPECT_EQ(first_words, (std::set<std::string>{"goal", "oven"}));
}

TEST_P(LdaRoundTrip, InfersSharesOfNewDocuments) {
  Train();
  const std::string data = dir_.Write(
      "new.txt", "goal goal unheard match\nOVEN, flour!\n\nzebra and quagga\ngoal oven\n");
  std::string first;
  for (const char* threads : {"--threads=1", "--threads=3"}) {
    const Finished inferred =
        RunLda("infer", {"--model=" + model_, "--data=" + data, "--min_share=0", threads});
    ASSERT_EQ(inferred.exit_code, 0) << inferred.err;
    EXPECT_THAT(inferred.err, HasSubstr("skipped 3 of 10 tokens"));
    EXPECT_THAT(inferred.err, HasSubstr("2 documents without a known word"));
    if (first.empty()) first = inferred.out;
    EXPECT_EQ(inferred.out, first);
  }
  std::istringstream lines(first);
  std::vector<std::vector<double>> shares;
  for (std::string line; std::getline(lines, line);) {
    auto& row = shares.emplace_back(2);
    int document = -1;
    ASSERT_EQ(std::sscanf(line.c_str(), "%d 0:%lf 1:%lf", &document, &row[0], &row[1]), 3) << line;
    EXPECT_EQ(document, std::ssize(shares) - 1);
    EXPECT_NEAR(row[0] + row[1], 1, 1e-5);
  }
  ASSERT_EQ(shares.size(), 5u);
  const size_t sport = Phi()[0].at("goal") > Phi()[1].at("goal") ? 0 : 1;
  EXPECT_GT(shares[0][sport], 0.9);
  EXPECT_LT(shares[1][sport], 0.1);
  EXPECT_NEAR(shares[2][sport], 0.5, 1e-6);
  EXPECT_NEAR(shares[3][sport], 0.5, 1e-6);
  EXPECT_NEAR(shares[4][sport], 0.5, 0.1);
}

TEST_P(LdaRoundTrip, EvaluatesByItsFormula) {
  Train();
  // Of each document the first and third word of the vocabulary's order give theta, the second is
  // predicted: with one alpha and phi of topics that share no word, theta is easy.
  const std::string data = dir_.Write("test.txt", "goal match team\noven\nflour sugar nonsense\n");
  const Finished evaluated = RunLda("evaluate", {"--model=" + model_, "--data=" + data});
  ASSERT_EQ(evaluated.exit_code, 0) << evaluated.err;
  auto numbers = PrintedNumbers(evaluated.out);
  EXPECT_EQ(numbers["documents"], 3);
  EXPECT_EQ(numbers["skipped"], 1);
  EXPECT_EQ(numbers["predicted"], 2);
  const auto phi = Phi();
  const auto theta = [&](const std::vector<std::string>& words) {
    double share = 0.5;  // of topic 0
    for (int pass = 0; pass < 50; ++pass) {
      double sum = 0.1;
      for (const std::string& word : words) {
        const double x = share * phi[0].at(word), y = (1 - share) * phi[1].at(word);
        sum += x / (x + y);
      }
      share = sum / (static_cast<double>(words.size()) + 0.2);
    }
    return share;
  };
  const auto log_of = [&](double share, const std::string& word) {
    return std::log(share * phi[0].at(word) + (1 - share) * phi[1].at(word));
  };
  const double sum = log_of(theta({"goal", "team"}), "match") + log_of(theta({"flour"}), "sugar");
  EXPECT_NEAR(numbers["perplexity"], std::exp(-sum / 2), 1e-6 * std::exp(-sum / 2));
  EXPECT_THAT(evaluated.out, HasSubstr("perplexity = exp("));
}

TEST_P(LdaRoundTrip, EvaluatesWhatWasHeldOut) {
  Train({"--heldout_share=0.4"});
  const Json model = ModelJson(model_).at("model");
  const int64_t held_out = model.at("corpus").at("held_out_documents");
  EXPECT_GT(held_out, 2);
  EXPECT_EQ(model.at("corpus").at("documents"), 26 - held_out);
  const Finished evaluated =
      RunLda("evaluate", {"--model=" + model_, "--data=" + data_, "--heldout"});
  ASSERT_EQ(evaluated.exit_code, 0) << evaluated.err;
  auto numbers = PrintedNumbers(evaluated.out);
  EXPECT_LE(numbers["documents"], static_cast<double>(held_out));
  EXPECT_GE(numbers["documents"], static_cast<double>(held_out) - 2);  // the empty ones
  EXPECT_EQ(numbers["predicted"], 3 * numbers["documents"]);
  EXPECT_LT(numbers["perplexity"], 6);  // five words of a kind
}

}  // namespace
}  // namespace strads::testing
