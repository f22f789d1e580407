#include "strads/corpus_split.h"

namespace strads {
namespace {

// The mixer of splitmix64 (Steele, Lea and Flood, OOPSLA 2014), which is a bijection.
uint64_t Mix(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

// Builds both parts from how many of the tokens of an entry go to held_out:
// held_out(document, count, before), with `before` tokens of the document before it.
template <class HeldOut>
SplitCorpus Split(const Corpus& corpus, HeldOut&& held_out) {
  SplitCorpus split;
  for (Corpus* part : {&split.train, &split.held_out}) {
    part->first_document = corpus.first_document;
    part->num_words = corpus.num_words;
    part->begins.reserve(corpus.begins.size());
  }
  const auto add = [](Corpus& part, int32_t word, int32_t count) {
    if (count == 0) return;
    part.words.push_back(word);
    part.counts.push_back(count);
  };
  for (int64_t d = 0; d < corpus.num_documents(); ++d) {
    const auto begin = static_cast<std::size_t>(corpus.begins[static_cast<std::size_t>(d)]);
    const auto end = static_cast<std::size_t>(corpus.begins[static_cast<std::size_t>(d) + 1]);
    int32_t before = 0;
    for (std::size_t i = begin; i < end; ++i) {
      const int32_t count = corpus.counts[i];
      const int32_t held = held_out(corpus.first_document + d, count, before);
      add(split.held_out, corpus.words[i], held);
      add(split.train, corpus.words[i], count - held);
      before += count;
    }
    split.train.begins.push_back(std::ssize(split.train.words));
    split.held_out.begins.push_back(std::ssize(split.held_out.words));
  }
  return split;
}

}  // namespace

bool IsHeldOut(int64_t document, double share, uint64_t seed) {
  constexpr uint64_t kStep = 0x9e3779b97f4a7c15;
  const uint64_t hash = Mix(Mix(seed + kStep) ^ Mix(static_cast<uint64_t>(document) + 2 * kStep));
  return static_cast<double>(hash >> 11) * 0x1.0p-53 < share;
}

SplitCorpus SplitDocuments(const Corpus& corpus, double share, uint64_t seed) {
  return Split(corpus, [&](int64_t document, int32_t count, int32_t) {
    return IsHeldOut(document, share, seed) ? count : 0;
  });
}

SplitCorpus SplitTokens(const Corpus& corpus) {
  return Split(corpus, [](int64_t, int32_t count, int32_t before) {
    return before % 2 == 0 ? count / 2 : count / 2 + count % 2;
  });
}

}  // namespace strads
