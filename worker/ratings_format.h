#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "strads/error.h"
#include "strads/ratings.h"
#include "worker/matrix_market_header.h"
#include "worker/text_file.h"

namespace strads {

// What is between the fields of a line.
enum class RatingsSeparator { kColons, kTab, kComma, kBlanks, kMatrixMarket };

// How a file of ratings is laid out.
struct RatingsFormat {
  RatingsSeparator separator = RatingsSeparator::kBlanks;
  bool may_lack = false;           // a line may end after the item
  bool are_strengths = false;      // no value is negative
  MatrixMarketHeader header = {};  // of a Matrix Market file
  std::string_view body = {};      // whole lines, from the first after the header on
  std::string line = {};           // how a line looks, for messages
};

// Looks at the first lines, as strads/ratings.h says. Throws kData "path: has no ratings" if there
// are none but comments, and "path:line: ..." for a Matrix Market header that is not that of a
// matrix of ratings.
RatingsFormat DetectRatingsFormat(const TextFile& file, const RatingsOptions& options);

// The error for a file without any rating.
Error NoRatings(const TextFile& file, const RatingsFormat& format);

}  // namespace strads
