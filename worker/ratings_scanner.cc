#include "worker/ratings_scanner.h"

#include <cstring>

#include "strads/error.h"

namespace strads {

void RatingsErrors::Fail(const char* p, const std::string& what) const {
  throw ErrorAt(file_, p, what);
}

void RatingsErrors::FailEmpty(const char* p, const std::string& role) const {
  Fail(p, "the " + role + " is empty, expected " + format_.line);
}

void RatingsErrors::FailMissing(const char* line, const std::string& role) const {
  Fail(line, "the line has no " + role + ", expected " + format_.line);
}

void RatingsErrors::FailQuote(const char* p, bool is_closed) const {
  Fail(p, is_closed ? "text after the closing quote of a field, expected a comma"
                    : "a quote is not closed, expected another \" in the same line");
}

void RatingsErrors::FailIndex(const char* p, const std::string& role, int64_t most) const {
  const char* const end = file_.text().data() + file_.text().size();
  Fail(p, "the " + role + " " + QuoteField(p, end) + " is not in the matrix, expected 1 to " +
              std::to_string(most) + " in a line of " + format_.line);
}

void RatingsErrors::FailValue(std::string_view field) const {
  while (!field.empty() && IsBlank(field.back())) field.remove_suffix(1);
  std::string_view bare = field;
  if (bare.size() >= 2 && bare.front() == '"' && bare.back() == '"') {
    bare = bare.substr(1, bare.size() - 2);
  }
  const char *const begin = bare.data(), *const end = begin + bare.size();
  double value;
  std::string what = " is not a number, expected " + format_.line;
  const bool is_number = ParseNumber(begin, end, &value) == end;
  if (IsOutOfRange(begin, end) ||
      (is_number && std::abs(value) > std::numeric_limits<float>::max()))
    what = " is out of range, expected a finite number of at most 3.4e38 in magnitude";
  else if (is_number && format_.are_strengths && value < 0)
    what = " is negative, expected a strength of at least 0";
  else if (is_number)
    what = " is not whole, expected the integers that the header announces";
  Fail(field.data(), "the rating " + Quote(field) + what);
}

void RatingsErrors::FailExtra(const char* p) const {
  const char* const end = file_.text().data() + file_.text().size();
  Fail(p, QuoteField(p, end) + " is out of place, expected " + format_.line);
}

}  // namespace strads
