#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace strads::lda {

// Documents as bags of words: document d has words[n], counts[n] times, for n in
// [begins[d], begins[d + 1]). 8 bytes per distinct word of a document.
struct Documents {
  int64_t size() const { return std::ssize(begins) - 1; }
  // How many tokens document d has.
  int64_t Length(int64_t d) const {
    int64_t length = 0;
    for (int64_t n = begins[Index(d)]; n < begins[Index(d) + 1]; ++n) length += counts[Index(n)];
    return length;
  }
  std::span<const int32_t> Words(int64_t d) const {
    return std::span(words).subspan(Index(begins[Index(d)]), Size(d));
  }
  std::span<const int32_t> Counts(int64_t d) const {
    return std::span(counts).subspan(Index(begins[Index(d)]), Size(d));
  }

  std::vector<int64_t> begins = {0};
  std::vector<int32_t> words;   // counted from 0
  std::vector<int32_t> counts;  // > 0

 private:
  static size_t Index(int64_t i) { return static_cast<size_t>(i); }
  size_t Size(int64_t d) const { return Index(begins[Index(d) + 1] - begins[Index(d)]); }
};

}  // namespace strads::lda
