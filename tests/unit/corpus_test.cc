#include "strads/corpus.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "strads/error.h"
#include "strads/vocabulary.h"
#include "tests/support/corpus_test.h"
#include "tests/support/memory_file.h"
#include "tests/support/text_variants.h"

namespace strads {
namespace {

using testing::Document;
using testing::DocumentsOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using CorpusTest = testing::CorpusTest;

const std::vector<Document> kThree = {{{"1", 2}, {"3", 1}}, {}, {{"2", 4}, {"3", 10}}};
const std::string kMatrix = "%%MatrixMarket matrix coordinate real general\n";

TEST_F(CorpusTest, ReadsTheSameFromEveryFormatOfCounts) {
  const std::vector<std::string> texts = {
      "3\n3\n4\n1 1 2\n1 3 1\n3 2 4\n3 3 10\n",
      "3\n3\n5\n1 3 1\n1 1 2\n3 2 1\n3 3 10\n3 2 3\n",
      "3\n3\n4\n3 2 4\n1 3 1\n3 3 10\n1 1 2\n",
      " 3 \n\n3\n4\n\n1\t1  2\n 1 3 1 \n\n3 2 4.0\n003 3 10.\n",
      kMatrix + "% comment\n3 3 4\n1 1 2\n1 3 1.0\n% comment\n3 2 4\n3 3 10\n",
      "2 0:2 2:1\n0\n2 1:4 2:10\n",
      "2 2:1 0:2\n0 \n\n3 1:1 2:10\t1:3\n",
      "a 1:2 3:1\nb\n-1.5 2:4 3:10\n",
      "# comment\n7 1:2 3:1 # comment 5:5\n2\n\n2 3:10 2:4.00\n",
      "\xEF\xBB\xBF"
      "2 0:2 2:1\n0\n2 1:4 2:10\n",
      "\xEF\xBB\xBF"
      "3\n3\n4\n1 1 2\n1 3 1\n3 2 4\n3 3 10\n",
  };
  for (const std::string& text : texts) {
    EXPECT_EQ(Read(text), kThree) << text;
    EXPECT_EQ(Read(text + "\n \n"), kThree) << text;
    EXPECT_EQ(Read(text.substr(0, text.size() - 1)), kThree) << text;
    const std::string windows = testing::WithWindowsLineEnds(text);
    EXPECT_EQ(Read(windows), kThree) << windows;
    const std::string path = testing::WriteGzip(directory_, "c.gz", text);
    EXPECT_EQ(DocumentsOf(ReadDocuments(path, {})), kThree) << text;
  }
}

TEST_F(CorpusTest, SortsAndMergesTheWordsOfADocument) {
  const NamedCorpus corpus = ReadDocuments(Write("5 4:1 1:2 4:3 0:1 1:1\n"), {});
  EXPECT_THAT(corpus.documents.words, ElementsAre(0, 1, 4));
  EXPECT_THAT(corpus.documents.counts, ElementsAre(1, 3, 4));
  EXPECT_EQ(corpus.documents.num_words, 5);
  EXPECT_EQ(corpus.documents.CountTokens(), 8);
}

TEST_F(CorpusTest, NamesWordsByTheVocabulary) {
  const std::string words = directory_.Write("v", "\xEF\xBB\xBFnew york\r\n b \nC\n\n \n");
  const std::vector<Document> expected = {{{"new york", 2}, {"C", 1}}};
  EXPECT_EQ(Read("1\n3\n2\n1 1 2\n1 3 1\n", {.vocabulary = words}), expected);
  EXPECT_EQ(Read("2 0:2 2:1\n", {.vocabulary = words}), expected);
  EXPECT_EQ(Read("x 1:2 3:1\n", {.vocabulary = words}), expected);
  // The width is the vocabulary's, whatever occurs.
  EXPECT_EQ(ReadDocuments(Write("1 0:2\n"), {}, {.vocabulary = words}).documents.num_words, 3);
}

TEST_F(CorpusTest, RefusesAVocabularyThatIsNone) {
  const auto message = [&](const std::string& words) {
    const std::string path = directory_.Write("v", words);
    const std::string what = MessageFor("1\n3\n1\n1 1 2\n", {.vocabulary = path});
    EXPECT_EQ(what.find(path + ":"), 0u) << what;
    return what.substr(path.size() + 1);
  };
  EXPECT_EQ(message("a\nb\n"), " has 2 words, expected 3, one on a line, as the corpus says");
  EXPECT_EQ(message("a\nb\nc\nd\n"), " has 4 words, expected 3, one on a line, as the corpus says");
  EXPECT_EQ(message("a\n\nc\n"), "2: the word is empty, expected one on a line");
  EXPECT_EQ(message("a\nb\na\n"), "3: the word 'a' is that of line 1, expected different words");
  EXPECT_EQ(message(" \n"), " has no words, expected one on a line");
  EXPECT_EQ(MessageFor("2 0:1 3:1\n", {.vocabulary = directory_.Write("v", "a\nb\nc\n")}),
            "1: the word '3' is wrong, expected a number from 0 to 2");
}

TEST_F(CorpusTest, NamesTheLineAndTheFieldThatIsWrong) {
  const std::string uci = "9\n8\n2\n", pair_line = "n word:count ...";
  const std::string uci_line = "expected document word count",
                    count = "expected a whole number from 1 to 2147483647";
  const std::vector<std::tuple<std::string, std::string, std::string>> cases = {
      {uci, "1 1", "the line has no count, " + uci_line},
      {uci, "1 1 ", "the line has no count, " + uci_line},
      {uci, "1", "the line has no word, " + uci_line},
      {uci, "1 ", "the line has no word, " + uci_line},
      {uci, "1 1 1 1", "'1' is out of place, " + uci_line},
      {uci, "0 1 1", "the document '0' is wrong, expected a number from 1 to 9"},
      {uci, "10 1 1", "the document '10' is wrong, expected a number from 1 to 9"},
      {uci, "x 1 1", "the document 'x' is wrong, expected a number from 1 to 9"},
      {uci, "-1 1 1", "the document '-1' is wrong, expected a number from 1 to 9"},
      {uci, "1:1 1 1", "the document '1:1' is wrong, expected a number from 1 to 9"},
      {uci, "99999999999999999999 1 1",
       "the document '99999999999999999999' is wrong, expected a number from 1 to 9"},
      {uci, "1 0 1", "the word '0' is wrong, expected a number from 1 to 8"},
      {uci, "1 9 1", "the word '9' is wrong, expected a number from 1 to 8"},
      {uci, "1 4294967297 1", "the word '4294967297' is wrong, expected a number from 1 to 8"},
      {uci, "1 \x01\xff 1", "the word '\\x01\\xff' is wrong, expected a number from 1 to 8"},
      {uci, "1 1 0", "the count '0' is wrong, " + count},
      {uci, "1 1 -3", "the count '-3' is wrong, " + count},
      {uci, "1 1 2.5", "the count '2.5' is wrong, " + count},
      {uci, "1 1 2.05", "the count '2.05' is wrong, " + count},
      {uci, "1 1 1e3", "the count '1e3' is wrong, " + count},
      {uci, "1 1 nan", "the count 'nan' is wrong, " + count},
      {uci, "1 1 2147483648", "the count '2147483648' is wrong, " + count},
      {uci, "1 1 99999999999999999999", "the count '99999999999999999999' is wrong, " + count},
      {"1 0:1\n1 0:1\n\n", "1 0:1 1:1", "the line has 2 words, expected '1' as it says"},
      {"1 0:1\n1 0:1\n\n", "3 0:1 1:1", "the line has 2 words, expected '3' as it says"},
      {"1 0:1\n1 0:1\n\n", "-1 0:1",
       "'-1' is out of place, expected the number of different words of the document in " +
           pair_line},
      {"1 0:1\n1 0:1\n\n", "1 0", "'0' has no colon, expected word:count"},
      {"1 0:1\n1 0:1\n\n", "1 x:1", "the word 'x' is wrong, expected a number from 0 to 33554431"},
      {"1 0:1\n1 0:1\n\n", "1 33554432:1",
       "the word '33554432' is wrong, expected a number from 0 to 33554431"},
      {"1 0:1\n1 0:1\n\n", "1 -1:1",
       "the word '-1' is wrong, expected a number from 0 to 33554431"},
      {"1 0:1\n1 0:1\n\n", "1 1:", "the line has no count, expected " + pair_line},
      {"1 0:1\n1 0:1\n\n", "1 1:1:1", "the count '1:1' is wrong, " + count},
      {"1 0:1\n1 0:1\n\n", "2 1:2147483647 1:1",
       "the document has more than 2147483647 tokens, expected smaller counts"},
      {"a 1:1\na 1:1\n\n", "a 0:1", "the word '0' is wrong, expected a number from 1 to 33554432"},
      {"a 1:1\na 1:1\n\n", "1:1 2:1", "no label before '1:1', expected label word:count ..."},
      {"a 1:1\na 1:1\n\n", "a 1:0.5", "the count '0.5' is wrong, " + count},
  };
  for (const auto& [before, bad, message] : cases) {
    const std::string rest = before == uci ? "\n1 1 1" : "";
    EXPECT_EQ(MessageFor(before + bad + rest + "\n"), "4: " + message) << bad;
    EXPECT_EQ(MessageFor(before + bad + rest), "4: " + message) << bad;
  }
}

TEST_F(CorpusTest, RefusesAHeaderThatDoesNotFit) {
  const auto message = [&](const std::string& text) {
    return MessageFor(text, {.format = CorpusFormat::kUci});
  };
  EXPECT_EQ(message("2\n2\n3\n1 1 1\n2 1 1\n"),
            "6: the file ends after 2 entries, expected 3 as the header says");
  EXPECT_EQ(message("2\n2\n1\n1 1 1\n\n2 1 1\n"),
            "6: one entry too many, expected 1 as the header says");
  EXPECT_EQ(message("x\n2\n1\n1 1 1\n"),
            "1: 'x' is out of place, expected one whole number, that of documents");
  EXPECT_EQ(message("2 2 1\n1 1 1\n"),
            "1: '2' is out of place, expected one whole number, that of documents");
  EXPECT_EQ(message("2\n-2\n1\n1 1 1\n"),
            "2: '-2' is out of place, expected one whole number, that of words");
  EXPECT_EQ(message("2\n2\n"), "3: the file ends in its header, expected the number of entries");
  EXPECT_EQ(message("2000000000\n2\n1\n1 1 1\n"),
            "1: 2000000000 documents in a file of 21 bytes, expected fewer");
  EXPECT_EQ(message("2\n2000000000\n1\n1 1 1\n"), "1: 2000000000 words, expected at most 33554432");
  EXPECT_THAT(message("%%MatrixMarket matrix array real general\n1 1\n1\n"),
              HasSubstr("1: no matrix of counts, expected "));
  EXPECT_THAT(MessageFor("1 1 1\n1 2 1\n"), HasSubstr("1: the format of the corpus is not clear"));
  EXPECT_THAT(MessageFor("x\n2\n1\n1 1 1\n"), HasSubstr("the format of the corpus is not clear"));
}

TEST_F(CorpusTest, RefusesAFileWithoutDocumentsInEveryShard) {
  for (const std::string text : {"", "\n", "\xEF\xBB\xBF \r\n", "# only a: b\n", "0\n2\n0\n"}) {
    for (int rank = 0; rank < 3; ++rank) {
      const CorpusOptions options = {.format = text[0] == '#' ? CorpusFormat::kLibsvm
                                                              : CorpusFormat::kAuto};
      EXPECT_EQ(
          MessageFor(text, options, {.rank = rank, .num_workers = 3}).find(" has no documents, "),
          0u)
          << text;
    }
  }
  EXPECT_EQ(Read("2\n2\n0\n"), std::vector<Document>(2));
}

TEST_F(CorpusTest, TellsFormatsApart) {
  EXPECT_EQ(Read("1 1:2\n2 1:1\n1 5:1 6:1\n3 4:1\n")[0], (Document{{"1", 2}}));  // libsvm
  EXPECT_EQ(Read("1 1:2\n2 1:1 2:2\n")[0], (Document{{"2", 2}}));                // lda-c
  EXPECT_EQ(Read("1 1:2\n", {.format = CorpusFormat::kLibsvm})[0], (Document{{"1", 2}}));
  EXPECT_EQ(Read("0\n0\n0\n"), std::vector<Document>(3));
  EXPECT_EQ(Read("meet 9:30\nor 10:30 pm\nor later\n").size(), 3u);
  EXPECT_EQ(Read("meet\n9:30\n")[0], (Document{{"meet", 1}}));
  EXPECT_EQ(Read("3\n1\n2\n", {.format = CorpusFormat::kText, .min_word_length = 1})[1],
            (Document{{"1", 1}}));
  EXPECT_THROW(ParseCorpusFormat("lda"), Error);
  EXPECT_EQ(ParseCorpusFormat("lda-c"), CorpusFormat::kLdaC);
}

TEST_F(CorpusTest, RefusesOptionsWithoutUse) {
  const std::string words = directory_.Write("v", "a\n");
  EXPECT_THROW(Read("1 0:1\n", {.stop_words = words}), Error);
  EXPECT_THROW(Read("some text\n", {.vocabulary = words, .stop_words = words}), Error);
  EXPECT_THROW(Read("some text\n", {.min_word_length = 0}), Error);
  EXPECT_THROW(ReadDocuments(directory_.Path("missing"), {}), Error);
}

TEST_F(CorpusTest, DamagedFilesAreReadOrRefused) {
  const std::vector<std::string> texts = {
      "3\n3\n4\n1 1 2\n1 3 1\n3 2 4\n3 3 10\n",
      "3\n3\n4\n3 2 4\n1 3 1\n\n3 3 10\n1 1 2\n",
      kMatrix + "2 3 2\n1 1 2\n% c\n2 3 1.0\n",
      "2 0:2 2:1\n0\n2 1:4 2:10\n",
      "a 1:2 3:1\n# c\nb\n1 2:4 3:10 # d\n",
      "It's \xC3\xA9t\xC3\xA9,\nthe dog\xE2\x80\x99s day\n\nend"};
  std::mt19937 random(12);
  const std::string likely = "0123456789 ::\n\n\r#%.-'s";
  int read = 0, refused = 0;
  for (const std::string& text : texts) {
    for (int i = 0; i < 1500; ++i) {
      std::string damaged = text.substr(0, i % 2 == 0 ? random() % (text.size() + 1) : text.size());
      for (auto flips = random() % 4; flips > 0 && !damaged.empty(); --flips) {
        damaged[random() % damaged.size()] =
            random() % 2 == 0 ? static_cast<char>(random()) : likely[random() % likely.size()];
      }
      const testing::MemoryFile file(damaged);
      const std::string path = file.path();
      try {
        const NamedCorpus one = ReadDocuments(path, {0, 1, 1 + i % 2});
        testing::ExpectValid(one.documents);
        EXPECT_GT(one.documents.num_documents(), 0);
        std::vector<Document> documents;
        for (int rank = 0; rank < 3; ++rank) {
          const std::vector<Document> part = DocumentsOf(ReadDocuments(path, {rank, 3, 1}));
          documents.insert(documents.end(), part.begin(), part.end());
        }
        EXPECT_EQ(documents, DocumentsOf(one));
        ++read;
      } catch (const Error& error) {
        EXPECT_EQ(std::string(error.what()).find(path), 0u);
        ++refused;
      }
    }
  }
  EXPECT_GT(read, 1000);
  EXPECT_GT(refused, 1000);
}

}  // namespace
}  // namespace strads
