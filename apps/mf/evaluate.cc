#include <strads/parallel.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "apps/mf/commands.h"
#include "apps/mf/ranking.h"
#include "apps/mf/top_items.h"
#include "apps/mf/trained_model.h"

namespace strads::mf {
namespace {

constexpr int kDefaultTop = 10;
constexpr size_t kBatch = 4096;  // users whose lists are in memory at a time

struct EvaluateOptions {
  std::string model;
  std::string data;
  std::string seen;
  int top = 0;
  std::string duplicates = "refuse";
  int threads = 1;
  STRADS_FIELDS(model, data, seen, top, duplicates, threads)
  STRADS_HELP("model: file that train has written",
              "data: file of ratings to compare predictions with",
              "seen: file of ratings, usually those trained on, whose items are not recommended to "
              "their users; for the ranking",
              "top: length of the lists that are ranked; 0: 10 with an implicit model, else no "
              "ranking",
              "duplicates: a second rating of an item by the same user: refuse, or last: it counts",
              "threads: for reading the data, predicting and ranking")
};

// Leaves what the model knows, with the model's indices.
std::vector<Rating> KnownOf(const TrainedModel& model,
                            const std::string& path,
                            const EvaluateOptions& options) {
  const RatingsOptions reading = {
      .implicit = model.is_implicit(),
      .unknown = UnknownIds::kSkip,
      .duplicates = options.duplicates == "last" ? Duplicates::kLast : Duplicates::kRefuse};
  IndexedRatings read =
      ReadRatings(path, model.users(), model.items(), {}, options.threads, reading);
  SortRatings(model.users().size(), model.items().size(), read.ratings);
  ResolveDuplicates(path, model.users(), model.items(), reading, read.ratings);
  const int64_t skipped = read.unknown_users + read.unknown_items;
  if (read.ratings.empty())
    throw DataError(path + ": none of its " + std::to_string(skipped) +
                    " ratings is of a user and an item that the model knows");
  std::printf("ratings    %zu\nskipped    %lld\n", read.ratings.size(),
              static_cast<long long>(skipped));
  return std::move(read.ratings);
}

void PrintErrors(const TrainedModel& model, const std::vector<Rating>& ratings, ThreadPool& pool) {
  const std::vector<double> predictions = Predictions(model, ratings, pool);
  double squares = 0, absolute = 0;
  for (size_t n = 0; n < ratings.size(); ++n) {
    // What an implicit model predicts is 1 where something was observed, however strongly.
    const double e = (model.is_implicit() ? 1 : ratings[n].value) - predictions[n];
    squares += e * e;
    absolute += std::abs(e);
  }
  const auto count = static_cast<double>(ratings.size());
  std::printf("rmse       %.10g\nmae        %.10g\n", std::sqrt(squares / count), absolute / count);
}

// A user's items in the data, less those seen.
std::vector<int32_t> RelevantTo(int32_t user, const ItemsOfUsers& rated, const ItemsOfUsers& seen) {
  std::vector<int32_t> relevant;
  std::ranges::set_difference(rated.Of(user), seen.Of(user), std::back_inserter(relevant));
  return relevant;
}

void PrintRanking(const TrainedModel& model,
                  std::vector<Rating> ratings,
                  int top,
                  const ItemsOfUsers& seen,
                  ThreadPool& pool) {
  const ItemsOfUsers rated(model.users().size(), model.items().size(), std::move(ratings));
  std::vector<int32_t> users;
  for (int32_t user = 0; user < model.users().size(); ++user) {
    if (!RelevantTo(user, rated, seen).empty()) users.push_back(user);
  }
  if (users.empty()) {
    std::printf("ranked     0 users\n");
    return;
  }
  const ItemPanels panels(model.item_factors(), model.item_biases());
  Ranking ranking(top);
  for (size_t first = 0; first < users.size(); first += kBatch) {
    const auto batch =
        std::span<const int32_t>(users).subspan(first, std::min(kBatch, users.size() - first));
    const auto lists = TopItems(model.user_factors(), batch, panels, top, seen, pool);
    for (size_t n = 0; n < batch.size(); ++n)
      ranking.Add(lists[n], RelevantTo(batch[n], rated, seen));
  }
  std::printf(
      "ranked     %lld users, top %d\nprecision  %.10g\nrecall     %.10g\nndcg       %.10g\n",
      static_cast<long long>(ranking.users()), top, ranking.precision(), ranking.recall(),
      ranking.ndcg());
}

int RunEvaluate(const EvaluateOptions& options) {
  RequireFile("model", options.model);
  RequireFile("data", options.data);
  RequireOneOf("duplicates", options.duplicates, "refuse", "last");
  if (options.top < 0)
    throw UsageError("--top=" + std::to_string(options.top) +
                     " is out of range, expected at least 0");
  const TrainedModel model(options.model);
  const int top = options.top == 0 && model.is_implicit() ? kDefaultTop : options.top;
  if (!options.seen.empty() && top == 0) throw UsageError("--seen needs --top");
  ItemsOfUsers seen;
  if (!options.seen.empty()) seen = ReadItemsOfUsers(options.seen, model, options.threads);
  ThreadPool pool(options.threads);
  std::vector<Rating> ratings = KnownOf(model, options.data, options);
  PrintErrors(model, ratings, pool);
  if (top > 0) PrintRanking(model, std::move(ratings), top, seen, pool);
  return 0;
}

}  // namespace

Command EvaluateCommand() {
  return MakeCommand<EvaluateOptions>(
      "evaluate",
      "compare predictions with ratings: RMSE, MAE; precision, recall and NDCG of lists",
      RunEvaluate);
}

}  // namespace strads::mf
