#include <strads/output_file.h>
#include <strads/parallel.h>
#include <strads/require.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "apps/lda/commands.h"
#include "apps/lda/trained_model.h"

namespace strads::lda {
namespace {

constexpr int64_t kBatch = 4096;  // documents whose lines are in memory at a time

struct InferOptions {
  std::string model;
  std::string data;
  std::string vocab;
  std::string format = "auto";
  std::string output;
  double min_share = 0.001;
  int passes = 50;
  int threads = 1;
  STRADS_FIELDS(model, data, vocab, format, output, min_share, passes, threads)
  STRADS_HELP("model: file that train has written",
              "data: file of documents",
              "vocab: file with a word a line, in the order of their numbers in the data",
              "format: auto, uci, lda-c, libsvm or text",
              "output: file of a line for each document: number topic:share ...; empty: standard "
              "output",
              "min_share: smaller shares are left out",
              "passes: steps of expectation maximisation for each document",
              "threads: for reading and inference")
};

std::string Line(int64_t document, const std::vector<double>& theta, double min_share) {
  std::string line = std::to_string(document);
  char text[40];
  for (size_t k = 0; k < theta.size(); ++k) {
    if (theta[k] < min_share) continue;
    std::snprintf(text, sizeof text, " %zu:%.6g", k, theta[k]);
    line += text;
  }
  return line + "\n";
}

int RunInfer(const InferOptions& options) {
  RequireFile("model", options.model);
  RequireFile("data", options.data);
  Require(options.passes >= 1, "passes", std::to_string(options.passes), "at least 1");
  Require(options.min_share >= 0 && options.min_share <= 1, "min_share",
          std::to_string(options.min_share), "0 to 1");
  TrainedModel model(options.model);
  const IndexedCorpus read =
      model.Read(options.data, options.vocab, options.format, options.threads);
  const Corpus& documents = read.documents;
  const FixedTopics topics = model.TakeTopics();
  ThreadPool pool(options.threads);
  OutputFile output(options.output);
  for (int64_t first = 0; first < documents.num_documents(); first += kBatch) {
    std::vector<std::string> lines(
        static_cast<size_t>(std::min(kBatch, documents.num_documents() - first)));
    pool.ParallelFor(std::ssize(lines), [&](int64_t begin, int64_t end) {
      for (int64_t n = begin; n < end; ++n) {
        const int64_t d = first + n;
        const std::vector<double> theta =
            topics.Theta(documents.Words(d), documents.Counts(d), options.passes);
        lines[static_cast<size_t>(n)] = Line(d, theta, options.min_share);
      }
    });
    for (const std::string& line : lines) output.Write(line);
  }
  output.Finish();
  const int64_t all_tokens = read.unknown_tokens + documents.CountTokens();
  if (read.unknown_tokens > 0 || documents.CountEmpty() > 0)
    std::fprintf(stderr,
                 "%s: skipped %lld of %lld tokens, of words that the model does not know; %lld "
                 "documents without a known word have the topics of the prior\n",
                 options.data.c_str(), static_cast<long long>(read.unknown_tokens),
                 static_cast<long long>(all_tokens),
                 static_cast<long long>(documents.CountEmpty()));
  return 0;
}

}  // namespace

Command InferCommand() {
  return MakeCommand<InferOptions>("infer", "find the shares of topics in new documents", RunInfer);
}

}  // namespace strads::lda
