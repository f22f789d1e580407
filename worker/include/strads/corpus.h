#pragma once

#include <strads/aligned_vector.h>
#include <strads/id_table.h>
#include <strads/shard.h>

#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace strads {

// Documents as bags of words. Word k of document d, 0 <= d < num_documents(), is
// (words[i], counts[i]) for i in [begins[d], begins[d + 1]): each word of a document once, each
// count at least 1, the sum of a document's counts at most 2^31 - 1. A document may be empty.
// Memory: 8 bytes an entry and 8 a document.
struct Corpus {
  int64_t first_document = 0;  // the number of document 0 in the whole corpus, from 0
  int32_t num_words = 0;       // 0 <= words[i] < num_words
  std::vector<int64_t> begins = {0};
  AlignedVector<int32_t> words = {};
  AlignedVector<int32_t> counts = {};

  int64_t num_documents() const { return std::ssize(begins) - 1; }
  // The sum of the counts, and the number of documents without any. O(entries), O(documents).
  int64_t CountTokens() const;
  int64_t CountEmpty() const;
  // Of document d. O(its entries) for its tokens.
  std::span<const int32_t> Words(int64_t d) const { return EntriesOf(d, words); }
  std::span<const int32_t> Counts(int64_t d) const { return EntriesOf(d, counts); }
  int64_t Length(int64_t d) const {
    const auto own = Counts(d);
    return std::accumulate(own.begin(), own.end(), int64_t{0});
  }

  friend bool operator==(const Corpus&, const Corpus&) = default;

 private:
  std::span<const int32_t> EntriesOf(int64_t d, const AlignedVector<int32_t>& all) const {
    const int64_t* const begin = begins.data() + d;
    return std::span(all).subspan(static_cast<std::size_t>(begin[0]),
                                  static_cast<std::size_t>(begin[1] - begin[0]));
  }
};

enum class CorpusFormat { kAuto, kUci, kLdaC, kLibsvm, kText };

// "auto", "uci", "lda-c", "libsvm" or "text". Throws kUsage.
CorpusFormat ParseCorpusFormat(std::string_view name);

struct CorpusOptions {
  CorpusFormat format = CorpusFormat::kAuto;
  // A file with one word a line, in the order of their numbers; a blank line is allowed at the end
  // only. Without one the words of count formats are named by their line in it: 1, 2, ...; those
  // of text are what is found. With one, other words of a text are left out.
  std::string vocabulary = {};
  // For text without a vocabulary: "english" (a list of function words), "none", or a file with one
  // word a line, whose words are split as the text is.
  std::string stop_words = "english";
  int min_word_length = 2;  // of text, in characters
  // Where the shards of workers meet, as shares of the corpus: 0 = c_0 <= ... <= c_workers = 1.
  // None: all are as long.
  std::vector<double> cuts = {};
};

// Formats of a corpus. Lines end with \n or \r\n, a byte order mark at the beginning is skipped,
// compressed files (gzip, xz, zstd) are read as they are.
//
//   uci      three lines with the numbers of documents D, words W and entries, then a line
//            `document word count` for each entry; numbers from 1. In any order; documents that
//            are not in ascending order cost every worker the whole parsing. Also a general Matrix
//            Market coordinate matrix of documents x words (real or integer).
//   lda-c    a line `n word:count ...` for each document, with n entries; words from 0
//   libsvm   a line `label word:count ... [# comment]` for each document; words from 1. The label
//            is one field of any kind, and ignored. Lines that begin with # are skipped.
//   text     a line for each document, even a blank one; UTF-8
//
// A count is a whole number from 1 to 2^31 - 1; 2.0 is 2. Words of a line come in any order; one
// that comes again adds to its count. Blank lines of count formats are skipped. Word numbers end at
// the size of the vocabulary, at W, or at 2^25.
//
// kAuto takes the first 64 lines that are not blank: Matrix Market has its banner; uci begins with
// three lines of one whole number each, not all of them 0; if most lines are a field and pairs of
// whole numbers with a colon, it is lda-c where most of those begin with the number of their pairs,
// else libsvm; if half of them have a letter, it is text; else the file is refused.
//
// The words of a text are the longest runs of letters and digits. ASCII letters are made small, no
// others. An apostrophe (' or U+2019) between two of them belongs to the word, as '; a final 's
// does not. Hyphens and all other characters separate. Beyond ASCII everything is a letter but the
// punctuation and symbols of Latin-1, the Greek, Hebrew, Arabic and Devanagari marks of sentences,
// the blocks of punctuation, currency, arrows to symbols (U+2190-2BFF), CJK and full-width
// punctuation, private use, and emoji. Words that are shorter than min_word_length, longer than 64
// bytes, or stop words are left out. Zero bytes and what is not UTF-8 are refused.

// A shard of a corpus before its vocabulary is known.
struct NamedCorpus {
  // The names of words. Count formats, and with a vocabulary: by number in the file (as far as the
  // shard goes, if nothing says how far). Text: those of the shard, in order of first appearance.
  IdTable words = {};
  bool is_numbered = false;  // the order of words is that of the file, and to be kept
  // In order of first appearance in a document (text), or ascending.
  Corpus documents = {};
};

// Reads the documents of a shard with shard.threads threads; the result does not depend on their
// number, and the shards in rank order are the corpus. A shard is the documents whose line starts
// (uci: whose first line starts; empty documents follow the one before) in shard.RangeOf(bytes), or
// between the cuts; of a uci file that is not in order of documents, those among its D documents.
// It may have none. Throws kData "path:line: what is wrong, what was expected" for the first bad
// line of the shard, for a uci header that does not fit the number of lines, or a vocabulary not of
// size W; "path: has no documents" if the whole file has none; kUsage for stop words that have no
// use. Time: one parsing of the shard; counting lines (uci: and document numbers) in the rest.
NamedCorpus ReadDocuments(const std::string& path, Shard shard, const CorpusOptions& options = {});

}  // namespace strads
