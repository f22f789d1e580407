#include <strads/output_file.h>
#include <strads/parallel.h>

#include <cstdio>
#include <string>
#include <vector>

#include "apps/mf/commands.h"
#include "apps/mf/trained_model.h"

namespace strads::mf {
namespace {

struct PredictOptions {
  std::string model;
  std::string data;
  std::string output;
  std::string unknown = "refuse";
  int threads = 1;
  STRADS_FIELDS(model, data, output, unknown, threads)
  STRADS_HELP("model: file that train has written",
              "data: file of users and items, laid out as ratings; a rating may follow",
              "output: file of a line for each of data's: user TAB item TAB prediction; empty: "
              "standard output",
              "unknown: users and items that the model does not know: refuse, or mean: predict "
              "from the mean and the biases that are known",
              "threads: for reading the data and predicting")
};

std::string Line(const KnownRatings& data, const Rating& rating, double prediction) {
  std::string line(data.named.users.Name(rating.user));
  line += '\t';
  line += data.named.items.Name(rating.item);
  char number[40];
  std::snprintf(number, sizeof number, "\t%.7g\n", prediction);
  return line + number;
}

int RunPredict(const PredictOptions& options) {
  RequireFile("model", options.model);
  RequireFile("data", options.data);
  RequireOneOf("unknown", options.unknown, "refuse", "mean");
  const TrainedModel model(options.model);
  const KnownRatings data = ReadKnownRatings(
      options.data, model, options.unknown == "mean" ? UnknownIds::kSkip : UnknownIds::kRefuse,
      options.threads);
  ThreadPool pool(options.threads);
  const std::vector<double> predictions = Predictions(model, data, pool);
  OutputFile output(options.output);
  int64_t unknown = 0;
  for (size_t n = 0; n < predictions.size(); ++n) {
    const Rating& rating = data.named.ratings[n];
    unknown += !data.Knows(rating);
    output.Write(Line(data, rating, predictions[n]));
  }
  output.Finish();
  if (unknown > 0) {
    std::fprintf(stderr,
                 "%s: %lld of %zu lines have a user or an item that the model does not know: "
                 "predicted from the mean and the biases that are known\n",
                 options.data.c_str(), static_cast<long long>(unknown), predictions.size());
  }
  return 0;
}

}  // namespace

Command PredictCommand() {
  return MakeCommand<PredictOptions>("predict", "predict the ratings of pairs of user and item",
                                     RunPredict);
}

}  // namespace strads::mf
