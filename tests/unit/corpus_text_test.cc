#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "strads/corpus.h"
#include "strads/error.h"
#include "tests/support/corpus_test.h"

namespace strads {
namespace {

using testing::Document;
using testing::DocumentsOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class CorpusTextTest : public testing::CorpusTest {
 protected:
  // The words of one line.
  Document Words(const std::string& line, CorpusOptions options = {}) const {
    options.format = CorpusFormat::kText;
    if (options.stop_words == "english") options.stop_words = "none";
    const std::vector<Document> documents = Read(line, options);
    EXPECT_EQ(documents.size(), 1u);
    return documents.at(0);
  }
};

TEST_F(CorpusTextTest, TakesLettersAndDigitsInSmallLetters) {
  EXPECT_EQ(Words("The cat, the CAT; (mp3) x2!"),
            (Document{{"the", 2}, {"cat", 2}, {"mp3", 1}, {"x2", 1}}));
  EXPECT_EQ(
      Words("well-known_word re--start a/b", {.min_word_length = 1}),
      (Document{
          {"well", 1}, {"known", 1}, {"word", 1}, {"re", 1}, {"start", 1}, {"a", 1}, {"b", 1}}));
}

TEST_F(CorpusTextTest, KeepsInnerApostrophesButNoPossessive) {
  EXPECT_EQ(Words("don't 'tis o'neil' dogs' dog's DOG\xE2\x80\x99S rock''roll it's", {}),
            (Document{{"don't", 1},
                      {"tis", 1},
                      {"o'neil", 1},
                      {"dogs", 1},
                      {"dog", 2},
                      {"rock", 1},
                      {"roll", 1},
                      {"it", 1}}));
  EXPECT_EQ(Words("don\xE2\x80\x99t"), (Document{{"don't", 1}}));
}

TEST_F(CorpusTextTest, KeepsLettersBeyondAsciiAsTheyAre) {
  EXPECT_EQ(Words("\xC3\x89t\xC3\xA9 na\xC3\xAFve \xE6\x97\xA5\xE6\x9C\xAC \xC2\xABquoted\xC2\xBB"
                  " one\xC2\xA0two \xE2\x80\x9Cthree\xE2\x80\x9D four\xE2\x80\x94"
                  "five "
                  "\xF0\x9F\x98\x80six \xF0\xA0\x80\x80\xF0\xA0\x80\x81"),
            (Document{{"\xC3\x89t\xC3\xA9", 1},
                      {"na\xC3\xAFve", 1},
                      {"\xE6\x97\xA5\xE6\x9C\xAC", 1},
                      {"quoted", 1},
                      {"one", 1},
                      {"two", 1},
                      {"three", 1},
                      {"four", 1},
                      {"five", 1},
                      {"six", 1},
                      {"\xF0\xA0\x80\x80\xF0\xA0\x80\x81", 1}}));
}

TEST_F(CorpusTextTest, LeavesOutShortAndLongWords) {
  // In characters at the lower end: two of these are four bytes.
  EXPECT_EQ(Words("a ab abc \xC3\xA9\xC3\xA9", {.min_word_length = 3}), (Document{{"abc", 1}}));
  EXPECT_EQ(Words("ab's abc's", {.min_word_length = 3}), (Document{{"abc", 1}}));
  const std::string longest(64, 'x');
  EXPECT_EQ(Words(longest + " " + longest + "'s " + longest + "y " + longest + "yz " +
                  std::string(100'000, 'z') + " end"),
            (Document{{longest, 2}, {"end", 1}}));
  EXPECT_EQ(Words(std::string(300'000, ' ') + "end" + std::string(300'000, '-')),
            (Document{{"end", 1}}));
}

TEST_F(CorpusTextTest, LeavesOutStopWords) {
  const std::string text = "The cat's not on its mat, isn't it? That's that.\n";
  EXPECT_EQ(Read(text)[0], (Document{{"cat", 1}, {"mat", 1}}));
  EXPECT_EQ(Read(text, {.stop_words = "none"})[0].size(), 9u);
  const std::string list = directory_.Write("stop", "CAT\nMat isn\xE2\x80\x99t\r\n\n");
  EXPECT_EQ(Read(text, {.stop_words = list})[0],
            (Document{{"the", 1}, {"not", 1}, {"on", 1}, {"its", 1}, {"it", 1}, {"that", 2}}));
}

TEST_F(CorpusTextTest, CountsEveryLineAsADocument) {
  EXPECT_EQ(Read("cat\n\n  \nthe of\ncat dog cat"),
            (std::vector<Document>{{{"cat", 1}}, {}, {}, {}, {{"cat", 2}, {"dog", 1}}}));
  EXPECT_EQ(ReadDocuments(Write("cat\n\nthe\n"), {}).documents.CountEmpty(), 2);
  EXPECT_EQ(Read("\xEF\xBB\xBF"
                 "cat\r\ndog\r\n"),
            (std::vector<Document>{{{"cat", 1}}, {{"dog", 1}}}));
}

TEST_F(CorpusTextTest, KeepsTheWordsOfAVocabularyOnly) {
  const std::string words = directory_.Write("v", "dog\nthe\ncat\n");
  const NamedCorpus corpus =
      ReadDocuments(Write("the cat sat\n\ncat dog cat\n"), {}, {.vocabulary = words});
  EXPECT_EQ(corpus.words.size(), 3);
  EXPECT_EQ(corpus.words.Name(0), "dog");
  EXPECT_EQ(DocumentsOf(corpus),
            (std::vector<Document>{{{"the", 1}, {"cat", 1}}, {}, {{"cat", 2}, {"dog", 1}}}));
}

TEST_F(CorpusTextTest, RefusesWhatIsNoText) {
  const std::string good = "some words\nand more\n";
  EXPECT_EQ(MessageFor(good + std::string("zero \0 byte", 11)), "3: a zero byte, expected text");
  for (const std::string bad :
       {"caf\xE9 ole", "\x80", "\xC0\x80", "\xC3", "\xE2\x82 x", "\xED\xA0\x80", "\xE0\x80\x80",
        "\xF0\x80\x80\x80", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF"}) {
    EXPECT_THAT(MessageFor(good + bad + "\n"), HasSubstr("is not UTF-8, expected text in UTF-8"))
        << bad;
    EXPECT_EQ(MessageFor(good + bad).substr(0, 2), "3:") << bad;
  }
}

}  // namespace
}  // namespace strads
