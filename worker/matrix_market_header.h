#pragma once

#include <cstdint>
#include <string_view>

#include "worker/text_file.h"

namespace strads {

inline constexpr std::string_view kMatrixMarketBanner = "%%MatrixMarket";

// What stands before the entries of a Matrix Market file.
struct MatrixMarketHeader {
  enum class Field { kReal, kInteger, kPattern };
  enum class Symmetry { kGeneral, kSymmetric, kSkewSymmetric };

  bool is_array = false;
  Field field = Field::kReal;
  Symmetry symmetry = Symmetry::kGeneral;
  int64_t rows = 0;
  int64_t cols = 0;
  int64_t entries = 0;         // lines that follow
  const char* body = nullptr;  // the first line after the header
};

// Throws kData "path:line: ..." for what is no such header or is not supported (complex values,
// hermitian matrices, arrays that are not general).
MatrixMarketHeader ParseMatrixMarketHeader(const TextFile& file);

// Throws kData "path:line: ..." if the number of lines with an entry, of which there are `count`
// after the header, is not what the header says.
void CheckEntryCount(const TextFile& file, const MatrixMarketHeader& header, int64_t count);

}  // namespace strads
