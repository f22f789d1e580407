#include "apps/lda/word_topics.h"

#include <strads/error.h>
#include <strads/index.h>

#include <algorithm>
#include <limits>
#include <string>

namespace strads::lda {
namespace {

void Put(uint32_t number, std::vector<uint8_t>& bytes) {
  while (number >= 0x80) {
    bytes.push_back(static_cast<uint8_t>(number | 0x80));
    number >>= 7;
  }
  bytes.push_back(static_cast<uint8_t>(number));
}

// Reads what Put wrote; anything else throws.
class Reader {
 public:
  explicit Reader(std::span<const uint8_t> bytes) : at_(bytes.data()), end_(at_ + bytes.size()) {}

  uint32_t Number() {
    if (at_ < end_ && *at_ < 0x80) return *at_++;
    uint64_t number = 0;
    for (int shift = 0; shift < 35; shift += 7) {
      if (at_ == end_) throw ProtocolError("rows of words and topics are cut off");
      const uint8_t byte = *at_++;
      number |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) {
        if (number > std::numeric_limits<uint32_t>::max() || (byte == 0 && shift > 0)) break;
        return static_cast<uint32_t>(number);
      }
    }
    throw ProtocolError("rows of words and topics hold a number that is too long");
  }
  int64_t left() const { return end_ - at_; }

 private:
  const uint8_t* at_;
  const uint8_t* end_;
};

}  // namespace

WordTopics::WordTopics(int64_t num_words, int num_topics)
    : words(num_words), topics(num_topics), bytes(Index(num_words)) {}

WordRows::WordRows(const WordTopics& packed, std::span<const int32_t> extra, int topics)
    : topics_(topics) {
  if (packed.words != std::ssize(extra) || packed.topics != topics) {
    throw ProtocolError("rows of " + std::to_string(packed.words) + " words and " +
                        std::to_string(packed.topics) + " topics, expected " +
                        std::to_string(extra.size()) + " and " + std::to_string(topics));
  }
  begins_.reserve(extra.size() + 1);
  sizes_.reserve(extra.size());
  Reader reader(packed.bytes);
  for (const int32_t more : extra) {
    const int64_t size = reader.Number();
    if (size > topics || size > reader.left())
      throw ProtocolError("a word has more topics than there are");
    const int64_t begin = begins_.back(), end = begin + std::min<int64_t>(topics, size + more);
    begins_.push_back(end);
    sizes_.push_back(static_cast<int32_t>(size));
    topics_of_.resize(Index(end));
    counts_.resize(Index(end));
    int64_t topic = -1;
    for (int64_t n = begin; n < begin + size; ++n) {
      const uint32_t step = reader.Number();
      topic += int64_t{step >> 1} + 1;
      const int64_t count = (step & 1) == 0 ? 1 : int64_t{reader.Number()} + 2;
      if (topic >= topics) throw ProtocolError("a word has a topic that there is not");
      if (count > std::numeric_limits<int32_t>::max())
        throw ProtocolError("a word has a topic too often");
      topics_of_[Index(n)] = static_cast<Topic>(topic);
      counts_[Index(n)] = static_cast<int32_t>(count);
    }
  }
  if (reader.left() != 0) throw ProtocolError("rows of words and topics go on after the last");
}

int64_t WordRows::size() const {
  int64_t sum = 0;
  for (const int32_t size : sizes_) sum += size;
  return sum;
}

WordTopics WordRows::Pack() const {
  WordTopics packed;
  packed.words = words();
  packed.topics = topics_;
  packed.bytes.reserve(Index(words() + 2 * size()));
  for (int64_t word = 0; word < words(); ++word) {
    const Row row = Of(word);
    Put(static_cast<uint32_t>(row.topics.size()), packed.bytes);
    int64_t before = -1;
    for (size_t n = 0; n < row.topics.size(); ++n) {
      const auto step = static_cast<uint32_t>(row.topics[n] - before - 1);
      const bool more = row.counts[n] > 1;
      Put((step << 1) | (more ? 1 : 0), packed.bytes);
      if (more) Put(static_cast<uint32_t>(row.counts[n] - 2), packed.bytes);
      before = row.topics[n];
    }
  }
  return packed;
}

void WordRows::AddTo(std::span<int64_t> totals) const {
  for (int64_t word = 0; word < words(); ++word) {
    const Row row = Of(word);
    for (size_t n = 0; n < row.topics.size(); ++n) totals[row.topics[n]] += row.counts[n];
  }
}

}  // namespace strads::lda
