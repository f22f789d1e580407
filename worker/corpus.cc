#include "strads/corpus.h"

#include <algorithm>
#include <numeric>
#include <optional>

#include "strads/error.h"
#include "strads/parallel.h"
#include "worker/corpus_format.h"
#include "worker/corpus_parts.h"
#include "worker/text_file.h"
#include "worker/text_lines.h"

namespace strads {
namespace {

// The names that words have without a vocabulary.
IdTable NumberNames(int32_t count) {
  IdTable names;
  for (int32_t i = 1; i <= count; ++i) names.Add(std::to_string(i));
  return names;
}

void CheckVocabularySize(const TextFile& file, const IdTable& words, const CorpusLayout& layout) {
  if (layout.format != CorpusFormat::kUci || words.size() == layout.num_words) return;
  throw DataError(file.path() + ": has " + std::to_string(words.size()) + " words, expected " +
                  std::to_string(layout.num_words) + ", one on a line, as the corpus says");
}

void CheckOptions(const CorpusOptions& options, CorpusFormat format) {
  const bool is_used = format == CorpusFormat::kText && options.vocabulary.empty();
  if (!is_used && options.stop_words != "english" && options.stop_words != "none") {
    throw UsageError("the stop words " + Quote(options.stop_words) +
                     " have no use, expected them for text without a vocabulary only");
  }
  if (options.min_word_length < 1) {
    throw UsageError("the least length of a word is " + std::to_string(options.min_word_length) +
                     ", expected at least 1");
  }
}

}  // namespace

int64_t Corpus::CountTokens() const {
  return std::accumulate(counts.begin(), counts.end(), int64_t{0});
}

int64_t Corpus::CountEmpty() const {
  int64_t empty = 0;
  for (std::size_t d = 1; d < begins.size(); ++d) empty += begins[d] == begins[d - 1];
  return empty;
}

IdTable ReadWordList(const TextFile& file) {
  const std::string_view text = SkipByteOrderMark(file.text());
  const char* const end = text.data() + text.size();
  IdTable words;
  const char* empty = nullptr;
  for (const char* p = text.data(); p < end; p = NextLine(p, end)) {
    const char* const begin = SkipBlanks(p);
    const char* last = NextLine(p, end);
    while (last > begin && (last[-1] == '\n' || IsBlank(last[-1]))) --last;
    if (begin >= last) {
      if (empty == nullptr) empty = p;
      continue;
    }
    const std::string_view word(begin, static_cast<std::size_t>(last - begin));
    if (empty != nullptr) throw ErrorAt(file, empty, "the word is empty, expected one on a line");
    const int32_t size = words.size(), number = words.Add(word);
    if (number < size) {
      throw ErrorAt(file, p,
                    "the word " + Quote(word) + " is that of line " + std::to_string(number + 1) +
                        ", expected different words");
    }
  }
  if (words.size() == 0) throw DataError(file.path() + ": has no words, expected one on a line");
  return words;
}

NamedCorpus ReadDocuments(const std::string& path, Shard shard, const CorpusOptions& options) {
  const TextFile file(path);
  CorpusLayout layout = DetectCorpusLayout(file, options.format);
  CheckOptions(options, layout.format);
  std::optional<IdTable> vocabulary;
  if (!options.vocabulary.empty()) {
    const TextFile words(options.vocabulary);
    vocabulary = ReadWordList(words);
    CheckVocabularySize(words, *vocabulary, layout);
    layout.num_words = vocabulary->size();
  }
  ThreadPool pool(shard.threads);
  const CorpusShard own(shard, options.cuts);
  if (layout.format == CorpusFormat::kText) {
    NamedCorpus corpus =
        ReadText(file, layout, own, vocabulary ? &*vocabulary : nullptr, options, pool);
    corpus.documents.num_words = corpus.words.size();
    return corpus;
  }
  NamedCorpus corpus;
  corpus.is_numbered = true;
  corpus.documents = layout.format == CorpusFormat::kUci ? ReadUci(file, layout, own, pool)
                                                         : ReadPairs(file, layout, own, pool);
  corpus.words = vocabulary ? *std::move(vocabulary) : NumberNames(corpus.documents.num_words);
  corpus.documents.num_words = corpus.words.size();
  return corpus;
}

}  // namespace strads
