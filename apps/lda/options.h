#pragma once

#include <strads/corpus.h>
#include <strads/fields.h>
#include <strads/vocabulary.h>

#include <cstdint>
#include <string>

#include "apps/lda/prior.h"

namespace strads::lda {

// Which corpus, and what is made of it: latent Dirichlet allocation by collapsed Gibbs sampling
// (apps/lda/sampler.h). The objective is minus the joint log-likelihood per token,
//
//   - log p(w, z | alpha, beta) / tokens
//
// in nats, as apps/lda/log_likelihood.h has it.
struct Options {
  std::string data;
  std::string vocab;
  std::string format = "auto";
  std::string stop_words = "english";
  int min_word_length = 2;
  int min_df = 1;
  double max_df = 1;
  int min_tokens = 1;
  double heldout_share = 0;
  std::string heldout;
  int heldout_every = 0;
  int topics = 100;
  double alpha = 0;
  double beta = 0.01;
  int start_topics = -1;
  int epochs = 100;
  std::string sampler = "auto";
  int optimize_alpha = 0;
  int every = 1;
  int blocks = 0;
  bool checks = false;
  std::string model;
  bool tokens = false;
  std::string resume;
  int workers = 1;
  int64_t seed = 1;

  STRADS_FIELDS(data,
                vocab,
                format,
                stop_words,
                min_word_length,
                min_df,
                max_df,
                min_tokens,
                heldout_share,
                heldout,
                heldout_every,
                topics,
                alpha,
                beta,
                start_topics,
                epochs,
                sampler,
                optimize_alpha,
                every,
                blocks,
                checks,
                model,
                tokens,
                resume,
                workers,
                seed)
  STRADS_HELP(
      "data: file of documents: UCI docword, Matrix Market, lda-c, libsvm counts, or text, a "
      "document a line; plain, .gz, .xz or .zst",
      "vocab: file with a word a line, in the order of their numbers in the data",
      "format: auto, uci, lda-c, libsvm or text",
      "stop_words: of text without --vocab: english, none, or a file with a word a line",
      "min_word_length: of text, in characters: shorter words are left out",
      "min_df: words in fewer documents are left out; 0: none is, even those that do not occur",
      "max_df: words in more than this share of the documents are left out",
      "min_tokens: shorter documents are made empty",
      "heldout_share: share of the documents that is not trained on, drawn by the seed, but "
      "completed to measure perplexity",
      "heldout: file of documents that are completed to measure perplexity, instead of a share",
      "heldout_every: epochs between measurings of perplexity; 0: at the end only",
      "topics: their number K",
      "alpha: of each topic, the prior of documents; 0: 50 / K",
      "beta: of each word, the prior of topics",
      "start_topics: random topics among which the tokens of a document begin; 0: all; -1: 1000 / "
      "K, "
      "or all if these are no more",
      "epochs: passes over all tokens",
      "sampler: dense (fastest up to some hundred topics), tree, metropolis, or auto",
      "optimize_alpha: fit alpha of each topic every so many epochs; 0: never",
      "every: epochs between measurings of the log-likelihood; the last is always measured",
      "blocks: parts of the vocabulary that travel from worker to worker; 0: twice the workers, "
      "one worker: 1",
      "checks: count every block and document anew each round, and fail if a count is wrong",
      "model: file of the model; the counts lie beside it in FILE.topics.txt and "
      "FILE.documents.txt",
      "tokens: write the topic of every token to FILE.tokens.txt, for --resume",
      "resume: model that was trained with --tokens, from whose last epoch training goes on",
      "workers: number of workers, each with its own documents (part of the answer)",
      "seed: of the first topics, of sampling, of the order of blocks, and of what is held out")

  // Throws UsageError, naming the option, if one is out of range.
  void Validate() const;

  int num_blocks() const;
  // 0: all.
  int num_start_topics() const;
  // Whether held-out documents are completed after an epoch.
  bool MeasuresHeldOut(int epoch) const;
  CorpusOptions corpus() const;
  VocabularyLimits limits() const;
  // alpha of each topic before it is fitted, with V words.
  Prior prior(int64_t vocabulary) const;
};

}  // namespace strads::lda
