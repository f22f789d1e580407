#include "apps/lda/trained_model.h"

#include <strads/error.h>
#include <strads/index.h>
#include <strads/model_file.h>

#include <algorithm>
#include <utility>

#include "apps/lda/prior.h"
#include "apps/lda/row_file.h"

namespace strads::lda {

TrainedModel::TrainedModel(const std::string& path) : path_(path) {
  options_ = MakeOptions<Options>(ReadModel(path, "lda").options);
  model_ = ReadModelFile(path);
  for (const std::string& word : model_.words()) words_.Add(word);
  if (words_.size() != std::ssize(model_.words())) throw DataError(path + ": has a word twice");
  const std::string rows_path = WordRowsPath(path);
  rows_ = ReadWordRows(rows_path, words_.size(), topics());
  std::vector<int64_t> totals(Index(topics()));
  rows_.AddTo(totals);
  for (size_t k = 0; k < totals.size(); ++k) {
    if (totals[k] != model_.totals()[k])
      throw DataError(rows_path + ": has topic " + std::to_string(k) + " " +
                      std::to_string(totals[k]) + " times, expected " +
                      std::to_string(model_.totals()[k]) + " as in " + path);
  }
}

std::vector<std::vector<TopWord>> TrainedModel::TopWords(int top) const {
  struct Entry {
    int32_t count, word;
  };
  const auto comes_first = [](const Entry& a, const Entry& b) {
    return a.count != b.count ? a.count > b.count : a.word < b.word;
  };
  std::vector<std::vector<Entry>> best(Index(topics()));  // heaps whose first is the last
  for (int32_t word = 0; word < words_.size(); ++word) {
    const WordRows::Row row = rows_.Of(word);
    for (size_t n = 0; n < row.topics.size(); ++n) {
      auto& heap = best[row.topics[n]];
      const Entry entry{row.counts[n], word};
      if (std::ssize(heap) == top) {
        if (!comes_first(entry, heap.front())) continue;
        std::ranges::pop_heap(heap, comes_first);
        heap.pop_back();
      }
      heap.push_back(entry);
      std::ranges::push_heap(heap, comes_first);
    }
  }
  std::vector<std::vector<TopWord>> lists(best.size());
  const double smoothing = model_.beta() * words_.size();
  for (size_t k = 0; k < best.size(); ++k) {
    std::ranges::sort_heap(best[k], comes_first);
    for (const Entry& entry : best[k])
      lists[k].push_back({entry.word, (entry.count + model_.beta()) /
                                          (static_cast<double>(model_.totals()[k]) + smoothing)});
  }
  return lists;
}

FixedTopics TrainedModel::TakeTopics() {
  std::vector<WordRows> slices;
  slices.push_back(std::move(rows_));
  return {Prior{.alpha = model_.alpha(), .beta = model_.beta(), .vocabulary = words_.size()},
          std::move(slices)};
}

IndexedCorpus TrainedModel::Read(const std::string& path,
                                 const std::string& vocab,
                                 const std::string& format,
                                 int threads) const {
  // Words of a file of stop words are not in the vocabulary anyway.
  const bool is_english = options_.stop_words == "english" && vocab.empty();
  const CorpusOptions reading = {.format = ParseCorpusFormat(format),
                                 .vocabulary = vocab,
                                 .stop_words = is_english ? "english" : "none",
                                 .min_word_length = options_.min_word_length};
  IndexedCorpus corpus =
      ReadCorpus(path, words_, {.rank = 0, .num_workers = 1, .threads = threads}, reading);
  if (corpus.documents.words.empty())
    throw DataError(path + ": none of its words is in " + path_ +
                    (vocab.empty() ? ", or --vocab is missing" : ""));
  return corpus;
}

}  // namespace strads::lda
