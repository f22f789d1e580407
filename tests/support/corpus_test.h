#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "strads/corpus.h"
#include "strads/error.h"
#include "tests/support/temp_files.h"

namespace strads::testing {

// The counts of a document under the names of its words.
using Document = std::map<std::string, int32_t>;

inline std::vector<Document> DocumentsOf(const IdTable& words, const Corpus& corpus) {
  std::vector<Document> documents(static_cast<std::size_t>(corpus.num_documents()));
  for (std::size_t d = 0; d < documents.size(); ++d) {
    for (auto i = static_cast<std::size_t>(corpus.begins[d]);
         i < static_cast<std::size_t>(corpus.begins[d + 1]); ++i) {
      documents[d].emplace(words.Name(corpus.words[i]), corpus.counts[i]);
    }
  }
  return documents;
}
inline std::vector<Document> DocumentsOf(const NamedCorpus& corpus) {
  return DocumentsOf(corpus.words, corpus.documents);
}

// What strads/corpus.h promises of any corpus.
inline void ExpectValid(const Corpus& corpus) {
  ASSERT_FALSE(corpus.begins.empty());
  EXPECT_EQ(corpus.begins.front(), 0);
  EXPECT_EQ(corpus.begins.back(), std::ssize(corpus.words));
  ASSERT_EQ(corpus.words.size(), corpus.counts.size());
  for (std::size_t d = 0; d + 1 < corpus.begins.size(); ++d) {
    std::map<int32_t, int> seen;
    ASSERT_LE(corpus.begins[d], corpus.begins[d + 1]);
    for (auto i = static_cast<std::size_t>(corpus.begins[d]);
         i < static_cast<std::size_t>(corpus.begins[d + 1]); ++i) {
      EXPECT_EQ(++seen[corpus.words[i]], 1);
      EXPECT_TRUE(corpus.words[i] >= 0 && corpus.words[i] < corpus.num_words);
      EXPECT_GE(corpus.counts[i], 1);
    }
  }
}

// Random documents, some of them empty, of words numbered from 0.
inline std::vector<std::map<int, int>> RandomDocuments(int count, int num_words, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<std::map<int, int>> documents(static_cast<std::size_t>(count));
  for (auto& document : documents) {
    for (auto n = random() % 4 == 0 ? 0 : random() % 12; n > 0; --n) {
      ++document[static_cast<int>(random() % static_cast<uint64_t>(num_words))];
    }
  }
  return documents;
}

// Their text in each format of counts, with some blank lines and \r\n.
inline std::string UciText(const std::vector<std::map<int, int>>& documents, int num_words) {
  std::string lines;
  int entries = 0, number = 0;
  for (const auto& document : documents) {
    ++number;
    for (const auto& [word, count] : document) {
      lines += std::to_string(number) + " " + std::to_string(word + 1) + " " +
               std::to_string(count) + (++entries % 5 == 0 ? "\r\n" : "\n");
      if (entries % 17 == 0) lines += " \n";
    }
  }
  return std::to_string(documents.size()) + "\n" + std::to_string(num_words) + "\n" +
         std::to_string(entries) + "\n" + lines;
}
inline std::string PairsText(const std::vector<std::map<int, int>>& documents, bool is_lda_c) {
  std::string text;
  int number = 0;
  for (const auto& document : documents) {
    text += is_lda_c ? std::to_string(document.size()) : "doc" + std::to_string(number);
    for (const auto& [word, count] : document) {
      text += " " + std::to_string(word + !is_lda_c) + ":" + std::to_string(count);
    }
    text += ++number % 5 == 0 ? "\r\n" : "\n";
    if (number % 7 == 0) text += is_lda_c ? "\n" : "# comment\n\n";
  }
  return text;
}

// Files of corpora in a directory of their own.
class CorpusTest : public ::testing::Test {
 protected:
  std::string Write(const std::string& text) const { return directory_.Write("c", text); }
  std::vector<Document> Read(const std::string& text, const CorpusOptions& options = {}) const {
    const NamedCorpus corpus = ReadDocuments(Write(text), {}, options);
    ExpectValid(corpus.documents);
    return DocumentsOf(corpus);
  }
  // What is said when `read` is done, without the path in front.
  std::string MessageOf(const std::function<void(const std::string&)>& read,
                        const std::string& text) const {
    const std::string path = Write(text);
    try {
      read(path);
    } catch (const Error& error) {
      const std::string message = error.what();
      return message.starts_with(path + ":") ? message.substr(path.size() + 1) : message;
    }
    return "nothing was thrown";
  }
  std::string MessageFor(const std::string& text,
                         const CorpusOptions& options = {},
                         Shard shard = {}) const {
    return MessageOf([&](const std::string& path) { ReadDocuments(path, shard, options); }, text);
  }
  const TempDir directory_;
};

}  // namespace strads::testing
