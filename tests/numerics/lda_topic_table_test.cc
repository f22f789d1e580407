#include <gtest/gtest.h>
#include <strads/random.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "apps/lda/topic_table.h"
#include "tests/numerics/lda_problems.h"

namespace strads::testing {
namespace {

using lda::Topic;
using lda::TopicTable;

// A document and the table of its topics.
class Document {
 public:
  Document(int64_t length, int topics)
      : memory_(static_cast<size_t>(TopicTable::SizeInTopics(length, topics))),
        table_(memory_.data(), length, topics),
        topics_(topics) {}

  void Fill(std::vector<Topic> tokens) {
    tokens_ = std::move(tokens);
    for (const Topic topic : tokens_) table_.Add(topic);
  }
  void Change(size_t token, Topic topic) {
    table_.Remove(tokens_[token]);
    table_.Add(topic);
    tokens_[token] = topic;
  }
  void ExpectCounted() const {
    for (int topic = 0; topic < topics_; ++topic)
      ASSERT_EQ(table_.Of(topic), std::ranges::count(tokens_, topic)) << topic;
  }

 private:
  std::vector<Topic> memory_;
  TopicTable table_;
  int topics_;
  std::vector<Topic> tokens_;
};

// Tokens of any topic, and all of few that differ by a multiple of the table's size.
TEST(TopicTableTest, CountsTheTokens) {
  Random random(1);
  for (const int topics : {1, 2, 7, 40, 41, 300, 2000}) {
    for (const size_t length : {1U, 2U, 20U, 100U}) {
      for (const uint64_t step : {1U, 5U, 40U}) {
        SCOPED_TRACE(std::to_string(length) + " tokens, " + std::to_string(topics) + " topics");
        const uint64_t different = (static_cast<uint64_t>(topics) + step - 1) / step;
        const auto draw = [&] { return static_cast<Topic>(step * random.Below(different)); };
        std::vector<Topic> tokens(length);
        std::ranges::generate(tokens, draw);
        Document document(static_cast<int64_t>(length), topics);
        document.Fill(tokens);
        document.ExpectCounted();
        for (int n = 0; n < 200; ++n) {
          document.Change(random.Below(length), draw());
          if (n % 20 == 0) document.ExpectCounted();
        }
        document.ExpectCounted();
      }
    }
  }
}

TEST(TopicTableTest, HasAtMostEightBytesAToken) {
  for (const int topics : {1, 100, 1000, lda::kMaxTopics}) {
    for (const int64_t length : {1, 50, 1000, 40000, 1000000}) {
      const int64_t bytes = TopicTable::SizeInTopics(length, topics) * int64_t{sizeof(Topic)};
      EXPECT_LE(bytes, 8 * length);
      EXPECT_LE(bytes, 4 * topics);
    }
  }
}

// All documents have a table, some, or none.
TEST(MetropolisSamplerTest, TablesDoNotChangeTheDraws) {
  const Corpus documents = DrawDocuments(40, 50, 60);
  for (const int topics : {2, 30, 1000}) {
    for (const bool symmetric : {false, true}) {
      std::vector<std::vector<Topic>> drawn;
      for (const int32_t long_length : {1, 30, 1000}) {
        LdaRun run(documents, {0, 30, 60}, {.groups = 3, .topics = topics, .seed = 1});
        const lda::Prior prior = MakePrior(topics, 60, symmetric);
        run.Count("metropolis", prior);
        run.sampler = MakeMetropolisSampler(run.grid, prior, 2, long_length);
        ThreadPool pool(2);
        for (uint64_t pass = 0; pass < 4; ++pass) run.Pass(7, pass, pool);
        drawn.emplace_back(run.grid.token_topics().begin(), run.grid.token_topics().end());
      }
      EXPECT_EQ(drawn[0], drawn[2]);
      EXPECT_EQ(drawn[1], drawn[2]);
    }
  }
}

}  // namespace
}  // namespace strads::testing
