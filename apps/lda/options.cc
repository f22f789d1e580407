#include "apps/lda/options.h"

#include <strads/require.h>

#include <algorithm>
#include <cmath>

#include "apps/lda/sampler.h"

namespace strads::lda {
namespace {

constexpr int kStartTopics = 1000;
constexpr double kAlphaSum = 50;  // Griffiths, Steyvers, PNAS 2004

}  // namespace

void Options::Validate() const {
  RequireFile("data", data);
  const auto number = [](auto value) { return std::to_string(value); };
  ParseCorpusFormat(format);
  Require(topics >= 1 && topics <= kMaxTopics, "topics", number(topics),
          "1 to " + number(kMaxTopics));
  ParseSampler(sampler, topics);
  Require(min_word_length >= 1, "min_word_length", number(min_word_length), "at least 1");
  Require(min_df >= 0, "min_df", number(min_df), "at least 0");
  Require(max_df > 0 && max_df <= 1, "max_df", number(max_df), "more than 0 and at most 1");
  Require(min_tokens >= 0, "min_tokens", number(min_tokens), "at least 0");
  Require(heldout_share >= 0 && heldout_share < 1, "heldout_share", number(heldout_share),
          "at least 0 and less than 1");
  if (heldout_share > 0 && !heldout.empty())
    throw UsageError("--heldout and --heldout_share exclude each other");
  Require(heldout_every >= 0, "heldout_every", number(heldout_every), "at least 0");
  Require(alpha >= 0 && std::isfinite(alpha), "alpha", number(alpha), "at least 0");
  Require(beta > 0 && std::isfinite(beta), "beta", number(beta), "more than 0");
  Require(start_topics >= -1 && start_topics <= kMaxTopics, "start_topics", number(start_topics),
          "-1 to " + number(kMaxTopics));
  Require(epochs >= 0, "epochs", number(epochs), "at least 0");
  Require(every >= 1, "every", number(every), "at least 1");
  Require(optimize_alpha >= 0, "optimize_alpha", number(optimize_alpha), "at least 0");
  Require(blocks == 0 || blocks >= workers, "blocks", number(blocks),
          "at least one for each worker");
  if (tokens) RequireFile("model", model);
}

int Options::num_blocks() const {
  if (blocks > 0) return blocks;
  return workers == 1 ? 1 : 2 * workers;
}

int Options::num_start_topics() const {
  if (start_topics >= 0) return start_topics;
  const int few = std::max(1, kStartTopics / topics);
  return few < topics ? few : 0;
}

bool Options::MeasuresHeldOut(int epoch) const {
  if (heldout_share == 0 && heldout.empty()) return false;
  return epoch >= epochs || (heldout_every > 0 && epoch > 0 && epoch % heldout_every == 0);
}

CorpusOptions Options::corpus() const {
  return {.format = ParseCorpusFormat(format),
          .vocabulary = vocab,
          .stop_words = stop_words,
          .min_word_length = min_word_length};
}

VocabularyLimits Options::limits() const {
  return {.min_documents = min_df, .max_document_share = max_df};
}

Prior Options::prior(int64_t vocabulary) const {
  const double each = alpha > 0 ? alpha : kAlphaSum / topics;
  return {.alpha = std::vector<double>(static_cast<size_t>(topics), each),
          .beta = beta,
          .vocabulary = vocabulary};
}

}  // namespace strads::lda
