#pragma once

#include <strads/corpus.h>
#include <strads/id_table.h>
#include <strads/vocabulary.h>

#include <cstdint>
#include <string>
#include <vector>

#include "apps/lda/fixed_topics.h"
#include "apps/lda/model.h"
#include "apps/lda/options.h"
#include "apps/lda/word_topics.h"

namespace strads::lda {

// A word of a topic, and phi_kw = (n_wk + beta) / (n_k + V beta).
struct TopWord {
  int32_t word = 0;
  double probability = 0;
};

// A model as train has left it, with the counts of words in memory: 6 bytes each.
class TrainedModel {
 public:
  // Throws kData "path: ..." or "path:line: ..." if one of the files cannot be read, is not of this
  // app, or does not fit the other.
  explicit TrainedModel(const std::string& path);

  const IdTable& words() const { return words_; }
  const Model& model() const { return model_; }
  // It was trained with.
  const Options& options() const { return options_; }
  int topics() const { return model_.topics(); }

  // Of each topic the words that it has most often, at most `top`; of equals the first of the
  // vocabulary first. O(counts log top).
  std::vector<std::vector<TopWord>> TopWords(int top) const;
  // Takes the counts: nothing that needs them may be called after it.
  FixedTopics TakeTopics();

  // Reads documents as training read its own, with the words of this model: text is split in the
  // same way. Throws what ReadCorpus throws, and kData if no word is known.
  IndexedCorpus Read(const std::string& path,
                     const std::string& vocab,
                     const std::string& format,
                     int threads) const;

 private:
  std::string path_;
  Model model_;
  Options options_;
  IdTable words_;
  WordRows rows_;
};

}  // namespace strads::lda
