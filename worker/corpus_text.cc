#include <algorithm>
#include <limits>
#include <string>
#include <string_view>

#include "strads/error.h"
#include "worker/corpus_parts.h"
#include "worker/stop_words.h"
#include "worker/text_lines.h"
#include "worker/word_scanner.h"

// Plain text with a document on each line.
namespace strads {
namespace {

// The documents of some lines, with the words found in them: the first `first_word` are stop words,
// and occur in none.
struct TextPart {
  IdTable words;
  int32_t first_word = 0;
  Corpus documents = {};
};

// Where words get their numbers from: a table that grows, or one that does not.
struct Growing {
  TextPart& part;
  // The number of a word, or -1 to leave it out.
  int32_t Find(std::string_view word) const {
    const int32_t index = part.words.Add(word);
    return index >= part.first_word ? index : -1;
  }
};

struct Given {
  const IdTable& words;
  int32_t Find(std::string_view word) const { return words.Find(word); }
};

// Fills `documents` with each word of a document once, in order of appearance.
template <class Numbers>
void ScanText(const TextFile& file,
              std::string_view lines,
              int min_length,
              const Numbers& numbers,
              Corpus& documents) {
  WordScanner scanner(file, min_length);
  std::vector<int64_t> places;  // of each word, where it was last put in documents.words
  const char* const text_end = lines.data() + lines.size();
  for (const char* p = lines.data(); p < text_end;) {
    const char* const next = NextLine(p, text_end);
    const int64_t begin = documents.begins.back();
    std::string_view word;
    // No document of a line has more tokens than bytes; those are counted in 32 bits.
    if (next - p > std::numeric_limits<int32_t>::max()) FailTooLong(file, p);
    while ((p = scanner.Next(p, next, &word)) != nullptr) {
      const int32_t number = numbers.Find(word);
      if (number < 0) continue;
      const auto n = static_cast<std::size_t>(number);
      if (n >= places.size()) places.resize(std::max(n + 1, 2 * places.size()), -1);
      if (places[n] >= begin) {
        ++documents.counts[static_cast<std::size_t>(places[n])];
      } else {
        places[n] = std::ssize(documents.words);
        documents.words.push_back(number);
        documents.counts.push_back(1);
      }
    }
    documents.begins.push_back(std::ssize(documents.words));
    p = next;
  }
}

// Gives the words of all parts the numbers of one table, in order of first appearance.
IdTable JoinWords(std::vector<TextPart>& parts, ThreadPool& pool) {
  IdTable joined;
  std::vector<std::vector<int32_t>> numbers(parts.size());
  for (std::size_t k = 0; k < parts.size(); ++k) {
    TextPart& part = parts[k];
    numbers[k].reserve(static_cast<std::size_t>(part.words.size()));
    for (int32_t i = 0; i < part.words.size(); ++i) {
      numbers[k].push_back(i < part.first_word ? -1 : joined.Add(part.words.Name(i)));
    }
    part.words = {};
  }
  ForEachPart(pool, parts.size(), [&](std::size_t k) {
    for (int32_t& word : parts[k].documents.words) {
      word = numbers[k][static_cast<std::size_t>(word)];
    }
  });
  return joined;
}

int64_t CountLines(std::string_view lines) { return std::count(lines.begin(), lines.end(), '\n'); }

}  // namespace

NamedCorpus ReadText(const TextFile& file,
                     const CorpusLayout& layout,
                     CorpusShard shard,
                     const IdTable* vocabulary,
                     const CorpusOptions& options,
                     ThreadPool& pool) {
  const auto [first, last] = shard.RangeOf(std::ssize(layout.body));
  const auto lines = SplitLines(layout.body, first, last, pool.threads());
  const IdTable stop_words = vocabulary == nullptr ? StopWords(options.stop_words) : IdTable();
  std::vector<TextPart> parts(lines.size(), {.words = stop_words, .first_word = stop_words.size()});
  ForEachPart(pool, parts.size(), [&](std::size_t k) {
    const auto scan = [&](const auto& numbers) {
      ScanText(file, lines[k], options.min_word_length, numbers, parts[k].documents);
    };
    vocabulary == nullptr ? scan(Growing{parts[k]}) : scan(Given{*vocabulary});
  });
  NamedCorpus corpus;
  corpus.is_numbered = vocabulary != nullptr;
  corpus.words = vocabulary != nullptr ? *vocabulary : JoinWords(parts, pool);
  std::vector<Corpus> documents;
  documents.reserve(parts.size());
  for (TextPart& part : parts) documents.push_back(std::move(part.documents));
  corpus.documents = JoinParts(documents, pool);
  const auto skipped = static_cast<std::size_t>(lines.front().data() - layout.body.data());
  corpus.documents.first_document = SumOverLines(pool, layout.body.substr(0, skipped), CountLines);
  return corpus;
}

}  // namespace strads
