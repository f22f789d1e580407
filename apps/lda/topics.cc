#include <strads/output_file.h>
#include <strads/require.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "apps/lda/commands.h"
#include "apps/lda/trained_model.h"

namespace strads::lda {
namespace {

struct TopicsOptions {
  std::string model;
  int top = 10;
  std::string output;
  std::string format = "text";
  STRADS_FIELDS(model, top, output, format)
  STRADS_HELP("model: file that train has written",
              "top: words of each topic at most",
              "output: file of a line for each topic; empty: standard output",
              "format: text: topic TAB tokens TAB words; or json, with probabilities")
};

std::string TextLine(const TrainedModel& model, size_t topic, const std::vector<TopWord>& words) {
  std::string line = std::to_string(topic) + "\t" + std::to_string(model.model().totals()[topic]);
  char before = '\t';
  for (const TopWord& own : words) {
    line += before;
    line += model.words().Name(own.word);
    before = ' ';
  }
  return line + "\n";
}

std::string JsonLine(const TrainedModel& model, size_t topic, const std::vector<TopWord>& words) {
  nlohmann::ordered_json line = {{"topic", topic},
                                 {"tokens", model.model().totals()[topic]},
                                 {"alpha", model.model().alpha()[topic]},
                                 {"words", nlohmann::ordered_json::array()}};
  for (const TopWord& own : words)
    line["words"].push_back(
        {{"word", std::string(model.words().Name(own.word))}, {"probability", own.probability}});
  return line.dump() + "\n";
}

int RunTopics(const TopicsOptions& options) {
  RequireFile("model", options.model);
  Require(options.top >= 1, "top", std::to_string(options.top), "at least 1");
  RequireOneOf("format", options.format, "text", "json");
  const TrainedModel model(options.model);
  const auto lists = model.TopWords(options.top);
  OutputFile output(options.output);
  for (size_t topic = 0; topic < lists.size(); ++topic)
    output.Write(options.format == "json" ? JsonLine(model, topic, lists[topic])
                                          : TextLine(model, topic, lists[topic]));
  output.Finish();
  return 0;
}

}  // namespace

Command TopicsCommand() {
  return MakeCommand<TopicsOptions>("topics", "list the words of each topic", RunTopics);
}

}  // namespace strads::lda
