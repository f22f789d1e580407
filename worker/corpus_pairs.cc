#include <algorithm>
#include <string>

#include "strads/error.h"
#include "worker/corpus_fields.h"
#include "worker/corpus_parts.h"
#include "worker/text_lines.h"

// Lines of word:count pairs, a line for each document: lda-c and libsvm.
namespace strads {
namespace {

class Scanner {
 public:
  Scanner(const TextFile& file, const CorpusLayout& layout, std::string_view lines)
      : file_(file),
        begin_(lines.data()),
        end_(lines.data() + lines.size()),
        is_lda_c_(layout.format == CorpusFormat::kLdaC),
        fields_(file, layout, end_) {}

  Corpus Scan() {
    builder_.Reserve(static_cast<std::size_t>(end_ - begin_) / 8);
    for (const char* p = begin_; p < end_;) {
      p = SkipBlanks(p);
      if (!fields_.IsLineEnd(p) && (is_lda_c_ || *p != '#')) p = ScanDocument(p);
      p = *p == '\n' ? p + 1 : NextLine(p, end_);
    }
    Corpus part = builder_.Finish();
    part.num_words = width_;
    return part;
  }

 private:
  const char* ScanDocument(const char* line) {
    int64_t announced = 0, entries = 0;
    const char* p = line;
    if (is_lda_c_) {
      p = ParseInteger(line, &announced);
      if (p == nullptr || !fields_.IsFieldEnd(p)) {
        fields_.Fail(line, QuoteField(line, end_) +
                               " is out of place, expected the number of different words of the "
                               "document in n word:count ...");
      }
    } else {
      while (!fields_.IsFieldEnd(p)) ++p;
      CheckLabel(line, p);
    }
    for (p = SkipBlanks(p); !fields_.IsLineEnd(p) && (is_lda_c_ || *p != '#'); p = SkipBlanks(p)) {
      int32_t word, count;
      p = fields_.ReadWord(p, true, &word);
      p = fields_.ReadCount(p + 1, &count);
      builder_.Add(word, count);
      width_ = std::max(width_, word + 1);
      ++entries;
    }
    if (is_lda_c_ && entries != announced) {
      fields_.Fail(line, "the line has " + std::to_string(entries) + " words, expected " +
                             QuoteField(line, end_) + " as it says");
    }
    if (!builder_.EndDocument()) FailTooLong(file_, line);
    return p;
  }

  // A pair in the place of the label would be lost without a word.
  void CheckLabel(const char* p, const char* end) const {
    int64_t number;
    const char* const colon = ParseInteger(p, &number);
    if (colon == nullptr || *colon != ':') return;
    const char* const last = ParseInteger(colon + 1, &number);
    if (last == end) {
      fields_.Fail(p, "no label before " + QuoteField(p, end_) + ", expected label word:count ...");
    }
  }

  const TextFile& file_;
  const char* const begin_;
  const char* const end_;
  const bool is_lda_c_;
  const CorpusFields fields_;
  DocumentBuilder builder_;
  int32_t width_ = 0;
};

}  // namespace

Corpus ReadPairs(const TextFile& file,
                 const CorpusLayout& layout,
                 CorpusShard shard,
                 ThreadPool& pool) {
  const auto [first, last] = shard.RangeOf(std::ssize(layout.body));
  const auto lines = SplitLines(layout.body, first, last, pool.threads());
  std::vector<Corpus> parts(lines.size());
  ForEachPart(pool, parts.size(),
              [&](std::size_t k) { parts[k] = Scanner(file, layout, lines[k]).Scan(); });
  Corpus corpus = JoinParts(parts, pool);

  const char* const begin = layout.body.data();
  const char comment = layout.format == CorpusFormat::kLibsvm ? '#' : '\n';
  const auto count = [&](std::string_view text) {
    return SumOverLines(pool, text,
                        [&](std::string_view piece) { return CountRows(piece, comment); });
  };
  const auto skipped = static_cast<std::size_t>(lines.front().data() - begin);
  corpus.first_document = count(layout.body.substr(0, skipped));
  if (corpus.first_document + corpus.num_documents() == 0 && count(layout.body) == 0) {
    throw NoDocuments(file, layout.line);
  }
  return corpus;
}

}  // namespace strads
