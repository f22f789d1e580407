#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "strads/corpus.h"
#include "strads/error.h"
#include "worker/matrix_market_header.h"
#include "worker/text_file.h"

namespace strads {

inline constexpr int64_t kMaxWords = int64_t{1} << 25;

// How a corpus file is laid out.
struct CorpusLayout {
  CorpusFormat format = CorpusFormat::kText;  // never kAuto
  MatrixMarketHeader header = {};             // of kUci: documents x words
  bool has_comments = false;                  // of kUci: lines that begin with %
  std::string_view body = {};                 // whole lines, from the first after the header on
  int64_t first_word = 0;                     // the number of the first word in the file
  int64_t num_words = kMaxWords;              // how many words have a number
  std::string line = {};                      // how a line looks, for messages
};

// Looks at the first lines, as strads/corpus.h says, and reads the header. Throws kData "path: has
// no documents" for a file of nothing but blanks, and "path:line: ..." for a bad header and for
// lines of no known format.
CorpusLayout DetectCorpusLayout(const TextFile& file, CorpusFormat format);

// The error for a file without any document.
Error NoDocuments(const TextFile& file, const std::string& line);

}  // namespace strads
