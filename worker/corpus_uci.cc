#include <algorithm>
#include <string>
#include <string_view>

#include "strads/error.h"
#include "worker/corpus_fields.h"
#include "worker/corpus_parts.h"
#include "worker/text_lines.h"

// Lines of `document word count`.
namespace strads {
namespace {

struct Entry {
  int64_t document;  // from 1
  int32_t word;      // from 0
  int32_t count;
};

class UciReader {
 public:
  UciReader(const TextFile& file, const CorpusLayout& layout, ThreadPool& pool)
      : file_(file),
        layout_(layout),
        pool_(pool),
        begin_(layout.body.data()),
        end_(begin_ + layout.body.size()),
        num_documents_(layout.header.rows) {}

  Corpus Read(const CorpusShard& shard) const {
    const Order order = FindOrder();
    CheckEntryCount(file_, layout_.header, order.entries);
    return order.is_ascending ? ReadRun(shard) : ReadScattered(shard);
  }

 private:
  struct Order {
    int64_t entries = 0;            // lines that are not blank
    int64_t first = -1, last = -1;  // documents of the lines that have one
    bool is_ascending = true;
  };
  // A line, and the number of the first document that is not before it.
  struct Start {
    const char* line;
    int64_t document;
  };

  bool IsEntry(const char* p) const {
    return p < end_ && *p != '\n' && !(layout_.has_comments && *p == '%');
  }

  // The number of the document of the line at p, or -1: none, or a line that will be refused.
  int64_t DocumentOf(const char* p) const {
    p = SkipBlanks(p);
    int64_t document;
    const char* const next = p < end_ ? ParseInteger(p, &document) : nullptr;
    return next != nullptr && IsBlank(*next) ? document : -1;
  }

  Order OrderOf(std::string_view lines) const {
    Order order;
    const char* const end = lines.data() + lines.size();
    for (const char* p = lines.data(); p < end; p = NextLine(p, end)) {
      p = SkipBlanks(p);
      if (!IsEntry(p)) continue;
      ++order.entries;
      const int64_t document = DocumentOf(p);
      if (document < 0) continue;
      if (order.first < 0) order.first = document;
      order.is_ascending = order.is_ascending && document >= order.last;
      order.last = document;
    }
    return order;
  }

  Order FindOrder() const {
    const auto pieces = SplitLines(layout_.body, 0, std::ssize(layout_.body), pool_.threads());
    std::vector<Order> orders(pieces.size());
    ForEachPart(pool_, pieces.size(), [&](std::size_t k) { orders[k] = OrderOf(pieces[k]); });
    Order whole;
    for (const Order& order : orders) {
      whole.entries += order.entries;
      if (order.first < 0) continue;
      whole.is_ascending = whole.is_ascending && order.is_ascending && order.first >= whole.last;
      whole.last = order.last;
    }
    return whole;
  }

  // Calls sink(entry) for each entry of `lines`.
  template <class Sink>
  void Scan(std::string_view lines, Sink&& sink) const {
    const char* const end = lines.data() + lines.size();
    const CorpusFields fields(file_, layout_, end);
    for (const char* p = lines.data(); p < end;) {
      p = SkipBlanks(p);
      if (p < end && IsEntry(p)) {
        Entry entry;
        const char* const line = p;
        p = SkipBlanks(fields.ReadDocument(p, &entry.document));
        p = SkipBlanks(fields.ReadWord(p, false, &entry.word));
        p = SkipBlanks(fields.ReadCount(p, &entry.count));
        if (!fields.IsLineEnd(p)) fields.FailExtra(p);
        sink(entry, line);
      }
      p = *p == '\n' ? p + 1 : NextLine(p, end);
    }
  }

  // The start of the first document that starts at or after the line at p.
  Start FindStart(const char* p) const {
    if (p == begin_) return {p, 1};
    int64_t previous = -1;
    for (const char* q = p; q > begin_ && previous < 0;) {
      --q;
      while (q > begin_ && q[-1] != '\n') --q;
      previous = DocumentOf(q);
    }
    for (; p < end_; p = NextLine(p, end_)) {
      const int64_t document = DocumentOf(p);
      if (document >= 0 && document != previous) {
        return {p, std::clamp<int64_t>(document, 1, num_documents_ + 1)};
      }
    }
    return {end_, num_documents_ + 1};
  }

  // Of a file in order of documents.
  Corpus ReadRun(const CorpusShard& shard) const {
    const auto [first, last] = shard.RangeOf(std::ssize(layout_.body));
    const auto pieces = SplitLines(layout_.body, first, last, pool_.threads());
    std::vector<Start> starts;
    starts.reserve(pieces.size() + 1);
    for (const std::string_view piece : pieces) starts.push_back(FindStart(piece.data()));
    starts.push_back(shard.is_last() ? Start{end_, num_documents_ + 1}
                                     : FindStart(pieces.back().data() + pieces.back().size()));
    std::vector<Corpus> parts(pieces.size());
    ForEachPart(pool_, parts.size(),
                [&](std::size_t k) { parts[k] = ReadPart(starts[k], starts[k + 1]); });
    return JoinParts(parts, pool_);
  }

  Corpus ReadPart(const Start& from, const Start& to) const {
    const auto size = static_cast<std::size_t>(to.line - from.line);
    DocumentBuilder builder;
    builder.Reserve(size / 10);
    int64_t document = from.document;
    Scan({from.line, size}, [&](const Entry& entry, const char* line) {
      for (; document < entry.document; ++document) {
        if (!builder.EndDocument()) FailTooLong(file_, line - 1);
      }
      builder.Add(entry.word, entry.count);
    });
    for (; document < to.document; ++document) {
      if (!builder.EndDocument()) FailTooLong(file_, to.line - 1);
    }
    Corpus part = builder.Finish();
    part.first_document = from.document - 1;
    return part;
  }

  // Of a file in any other order: everyone reads it all and keeps its own.
  Corpus ReadScattered(const CorpusShard& shard) const {
    const auto [first, last] = shard.RangeOf(num_documents_);
    const auto pieces = SplitLines(layout_.body, 0, std::ssize(layout_.body), pool_.threads());
    std::vector<std::vector<Entry>> parts(pieces.size());
    ForEachPart(pool_, parts.size(), [&, first = first, last = last](std::size_t k) {
      Scan(pieces[k], [&](const Entry& entry, const char*) {
        if (entry.document > first && entry.document <= last) parts[k].push_back(entry);
      });
    });
    std::vector<Entry> entries;
    for (std::vector<Entry>& part : parts) {
      entries.insert(entries.end(), part.begin(), part.end());
      part = {};
    }
    std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
      return a.document != b.document ? a.document < b.document : a.word < b.word;
    });
    DocumentBuilder builder;
    builder.Reserve(entries.size());
    auto entry = entries.begin();
    for (int64_t document = first + 1; document <= last; ++document) {
      for (; entry != entries.end() && entry->document == document; ++entry) {
        builder.Add(entry->word, entry->count);
      }
      if (!builder.EndDocument()) {
        throw DataError(file_.path() + ": document " + std::to_string(document) +
                        " has more than 2147483647 tokens, expected smaller counts");
      }
    }
    Corpus corpus = builder.Finish();
    corpus.first_document = first;
    return corpus;
  }

  const TextFile& file_;
  const CorpusLayout& layout_;
  ThreadPool& pool_;
  const char* const begin_;
  const char* const end_;
  const int64_t num_documents_;
};

}  // namespace

Corpus ReadUci(const TextFile& file,
               const CorpusLayout& layout,
               CorpusShard shard,
               ThreadPool& pool) {
  Corpus corpus = UciReader(file, layout, pool).Read(shard);
  corpus.num_words = static_cast<int32_t>(layout.num_words);
  return corpus;
}

}  // namespace strads
