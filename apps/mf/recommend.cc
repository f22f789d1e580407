#include <strads/output_file.h>
#include <strads/parallel.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "apps/mf/commands.h"
#include "apps/mf/top_items.h"
#include "apps/mf/trained_model.h"

namespace strads::mf {
namespace {

constexpr size_t kBatch = 4096;  // users whose lists are in memory at a time

struct RecommendOptions {
  std::string model;
  std::string user;
  int top = 10;
  std::string seen;
  std::string output;
  std::string format = "text";
  int threads = 1;
  STRADS_FIELDS(model, user, top, seen, output, format, threads)
  STRADS_HELP("model: file that train has written",
              "user: name of the only user to recommend items to; empty: all of the model",
              "top: items to recommend to each user, at most",
              "seen: file of ratings, usually those trained on, whose items are not recommended to "
              "their users",
              "output: file of the recommendations; empty: standard output",
              "format: text (a line each: user TAB item TAB prediction, best first) or json (a "
              "line a user)",
              "threads: for reading the seen items and for recommending")
};

std::vector<int32_t> WantedUsers(const TrainedModel& model, const RecommendOptions& options) {
  if (!options.user.empty()) {
    const int32_t user = model.users().Find(options.user);
    if (user < 0)
      throw UsageError("--user=" + options.user + " is unknown, expected one of the " +
                       std::to_string(model.users().size()) + " users of " + options.model);
    return {user};
  }
  std::vector<int32_t> all(static_cast<size_t>(model.users().size()));
  std::iota(all.begin(), all.end(), 0);
  return all;
}

std::string Number(double value) {
  char text[40];
  std::snprintf(text, sizeof text, "%.7g", value);
  return text;
}

std::string Text(const TrainedModel& model, int32_t user, std::span<const ScoredItem> list) {
  const std::string name(model.users().Name(user));
  std::string text;
  for (const ScoredItem& scored : list) {
    text += name + '\t';
    text += model.items().Name(scored.item);
    text += '\t' + Number(model.Base(user) + static_cast<double>(scored.score)) + '\n';
  }
  return text;
}

std::string Quoted(std::string_view name) {
  using Json = nlohmann::json;
  return Json(std::string(name)).dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string JsonText(const TrainedModel& model, int32_t user, std::span<const ScoredItem> list) {
  std::string text = "{\"user\":" + Quoted(model.users().Name(user)) + ",\"items\":[";
  for (size_t n = 0; n < list.size(); ++n) {
    text += n == 0 ? "{\"item\":" : ",{\"item\":";
    text += Quoted(model.items().Name(list[n].item));
    text +=
        ",\"prediction\":" + Number(model.Base(user) + static_cast<double>(list[n].score)) + "}";
  }
  return text + "]}\n";
}

int RunRecommend(const RecommendOptions& options) {
  RequireFile("model", options.model);
  RequireOneOf("format", options.format, "text", "json");
  if (options.top < 1)
    throw UsageError("--top=" + std::to_string(options.top) +
                     " is out of range, expected at least 1");
  const TrainedModel model(options.model);
  const std::vector<int32_t> users = WantedUsers(model, options);
  ItemsOfUsers seen;
  if (!options.seen.empty()) seen = ReadItemsOfUsers(options.seen, model, options.threads);
  OutputFile output(options.output);
  const ItemPanels panels(model.item_factors(), model.item_biases());
  ThreadPool pool(options.threads);
  for (size_t first = 0; first < users.size(); first += kBatch) {
    const auto batch =
        std::span<const int32_t>(users).subspan(first, std::min(kBatch, users.size() - first));
    const auto lists = TopItems(model.user_factors(), batch, panels, options.top, seen, pool);
    for (size_t n = 0; n < batch.size(); ++n) {
      output.Write(options.format == "json" ? JsonText(model, batch[n], lists[n])
                                            : Text(model, batch[n], lists[n]));
    }
  }
  output.Finish();
  return 0;
}

}  // namespace

Command RecommendCommand() {
  return MakeCommand<RecommendOptions>(
      "recommend", "list for each user the items of highest predicted rating", RunRecommend);
}

}  // namespace strads::mf
