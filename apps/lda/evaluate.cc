#include <strads/corpus_split.h>
#include <strads/error.h>
#include <strads/parallel.h>
#include <strads/require.h>

#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "apps/lda/coherence.h"
#include "apps/lda/commands.h"
#include "apps/lda/trained_model.h"

namespace strads::lda {
namespace {

struct EvaluateOptions {
  std::string model;
  std::string data;
  std::string vocab;
  std::string format = "auto";
  bool heldout = false;
  int passes = 50;
  int top = 10;
  int threads = 1;
  STRADS_FIELDS(model, data, vocab, format, heldout, passes, top, threads)
  STRADS_HELP("model: file that train has written",
              "data: file of documents",
              "vocab: file with a word a line, in the order of their numbers in the data",
              "format: auto, uci, lda-c, libsvm or text",
              "heldout: only the documents that training held out of the same file",
              "passes: steps of expectation maximisation for each document",
              "top: words of each topic whose coherence is measured",
              "threads: for reading and inference")
};

// The documents to evaluate on.
Corpus Select(const EvaluateOptions& options, const TrainedModel& model, Corpus documents) {
  if (!options.heldout) return documents;
  const double share = model.options().heldout_share;
  if (share == 0) throw UsageError("--heldout needs a model that was trained with --heldout_share");
  return SplitDocuments(documents, share, static_cast<uint64_t>(model.options().seed)).held_out;
}

int RunEvaluate(const EvaluateOptions& options) {
  RequireFile("model", options.model);
  RequireFile("data", options.data);
  Require(options.passes >= 1, "passes", std::to_string(options.passes), "at least 1");
  Require(options.top >= 2, "top", std::to_string(options.top), "at least 2");
  TrainedModel model(options.model);
  IndexedCorpus read = model.Read(options.data, options.vocab, options.format, options.threads);
  const Corpus documents = Select(options, model, std::move(read.documents));
  const Coherence coherence = MeasureCoherence(model.TopWords(options.top), documents);
  const FixedTopics topics = model.TakeTopics();
  ThreadPool pool(options.threads);
  const Completion completion = CompleteDocuments(topics, documents, options.passes, pool);
  if (completion.tokens == 0)
    throw DataError(options.data + ": has no document with two tokens that the model knows");
  std::printf("documents   %lld with a known word\n",
              static_cast<long long>(documents.num_documents() - documents.CountEmpty()));
  if (!options.heldout)
    std::printf("skipped     %lld tokens of words that the model does not know\n",
                static_cast<long long>(read.unknown_tokens));
  std::printf("predicted   %lld tokens\n", static_cast<long long>(completion.tokens));
  std::printf("perplexity  %.8g\n", completion.perplexity());
  std::printf("umass       %.8g over %d topics\n", coherence.umass, coherence.topics);
  std::printf("npmi        %.8g\n", coherence.npmi);
  std::printf(
      "\nperplexity = exp(- sum of log sum_k theta_dk phi_kw / predicted), over every second token "
      "of each\ndocument in the order of words; theta from the others. umass, npmi: means over "
      "topics of their\n%d first words.\n",
      options.top);
  return 0;
}

}  // namespace

Command EvaluateCommand() {
  return MakeCommand<EvaluateOptions>(
      "evaluate", "measure how well documents are completed, and how coherent topics are",
      RunEvaluate);
}

}  // namespace strads::lda
