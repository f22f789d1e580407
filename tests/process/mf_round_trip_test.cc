#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <sstream>

#include "tests/process/mf_files.h"
#include "tests/support/temp_files.h"

namespace strads::testing {
namespace {

using ::testing::HasSubstr;

struct Line {
  std::string user, item;
  double value = 0;
};

// user TAB item TAB number
std::vector<Line> ParseLines(const std::string& text) {
  std::vector<Line> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    const size_t first = line.find('\t'), second = line.find('\t', first + 1);
    lines.push_back({line.substr(0, first), line.substr(first + 1, second - first - 1),
                     std::stod(line.substr(second + 1))});
  }
  return lines;
}

class MfRoundTrip : public ::testing::TestWithParam<Words> {
 protected:
  void Train(const Words& more = {}) {
    Words flags = {"--data=" + data_, "--model=" + model_, "--rank=5", "--epochs=4"};
    flags.insert(flags.end(), GetParam().begin(), GetParam().end());
    flags.insert(flags.end(), more.begin(), more.end());
    const Finished trained = RunMf("train", flags);
    ASSERT_EQ(trained.exit_code, 0) << trained.err;
    summary_ = trained.out;
  }
  bool is_implicit() const { return std::ranges::count(GetParam(), std::string("--implicit")) > 0; }

  TempDir dir_;
  std::vector<RatingLine> ratings_ = DrawRatings(43, 37, 0.3, 1);
  std::string data_ = dir_.Write("train.tsv", ToText(ratings_));
  std::string model_ = dir_.Path("model.json");
  std::string summary_;
};

INSTANTIATE_TEST_SUITE_P(Ways,
                         MfRoundTrip,
                         ::testing::Values(Words{},
                                           Words{"--solver=ccd", "--biases", "--workers=2",
                                                 "--processes"},
                                           Words{"--solver=ccd", "--implicit", "--rank=3"},
                                           Words{"--biases", "--nocenter", "--workers=2"}));

TEST_P(MfRoundTrip, PredictsWhatTheFilesOfTheModelSay) {
  Train();
  const MfModelFiles files(model_);
  const Finished predicted = RunMf("predict", {"--model=" + model_, "--data=" + data_});
  ASSERT_EQ(predicted.exit_code, 0) << predicted.err;
  EXPECT_EQ(predicted.err, "");
  const std::vector<Line> lines = ParseLines(predicted.out);
  ASSERT_EQ(lines.size(), ratings_.size());
  for (size_t n = 0; n < lines.size(); ++n) {
    EXPECT_EQ(lines[n].user, ratings_[n].user);
    EXPECT_EQ(lines[n].item, ratings_[n].item);
    EXPECT_NEAR(lines[n].value, files.Predict(lines[n].user, lines[n].item), 2e-6);
  }
  const Finished threads = RunMf("predict", {"--model=" + model_, "--data=" + data_, "--threads=3",
                                             "--output=" + dir_.Path("predictions.tsv")});
  EXPECT_EQ(threads.out, "");
  EXPECT_EQ(ReadText(dir_.Path("predictions.tsv")), predicted.out);
}

TEST_P(MfRoundTrip, PredictsFromWhatItKnowsIfAskedTo) {
  Train();
  const MfModelFiles files(model_);
  const std::string data =
      dir_.Write("pairs.csv", "user 3,i-5\nnobody,i-5\nuser 3,nothing,4.5\n\"no, body\",nothing\n");
  const Finished predicted =
      RunMf("predict", {"--model=" + model_, "--data=" + data, "--unknown=mean"});
  ASSERT_EQ(predicted.exit_code, 0) << predicted.err;
  EXPECT_THAT(predicted.err, HasSubstr(data + ": 3 of 4 lines"));
  const std::vector<Line> lines = ParseLines(predicted.out);
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_EQ(lines[3].user, "no, body");
  for (const Line& line : lines)
    EXPECT_NEAR(line.value, files.Predict(line.user, line.item), 2e-6) << line.user << line.item;
}

// Of strengths none is negative; of ratings any may be, and then their sign does not matter to
// those who ask for the pairs alone.
TEST_P(MfRoundTrip, ReadsAgainWhatItWasTrainedOn) {
  std::vector<RatingLine> ratings = ratings_;
  for (RatingLine& line : ratings) line.value -= is_implicit() ? 0 : 3;
  const std::string data = dir_.Write("negative.tsv", ToText(ratings));
  Train({"--data=" + data});
  const auto run = [&](const std::string& command, Words flags) {
    flags.push_back("--model=" + model_);
    const Finished finished = RunMf(command, flags);
    EXPECT_EQ(finished.exit_code, 0) << finished.err;
    return finished.out;
  };
  EXPECT_EQ(run("predict", {"--data=" + data}), run("predict", {"--data=" + data_}));
  EXPECT_EQ(run("recommend", {"--seen=" + data}), run("recommend", {"--seen=" + data_}));
  const std::string test = "--data=" + dir_.Write("test.tsv", ToText(DrawRatings(43, 37, 0.1, 2)));
  EXPECT_EQ(run("evaluate", {test, "--top=5", "--seen=" + data}),
            run("evaluate", {test, "--top=5", "--seen=" + data_}));
}

TEST_P(MfRoundTrip, EvaluatesByTheMeanErrorsOfWhatItKnows) {
  Train();
  const MfModelFiles files(model_);
  std::vector<RatingLine> test = DrawRatings(43, 37, 0.1, 2);
  double squares = 0, absolute = 0;
  for (const RatingLine& line : test) {
    const double e = (is_implicit() ? 1 : line.value) - files.Predict(line.user, line.item);
    squares += e * e;
    absolute += std::abs(e);
  }
  const auto count = static_cast<double>(test.size());
  test.push_back({"nobody", "i-1", 100});
  test.push_back({"user 1", "nothing", 100});
  const Finished evaluated =
      RunMf("evaluate", {"--model=" + model_, "--data=" + dir_.Write("test.tsv", ToText(test))});
  ASSERT_EQ(evaluated.exit_code, 0) << evaluated.err;
  std::map<std::string, double> printed = PrintedNumbers(evaluated.out);
  EXPECT_EQ(printed["ratings"], count);
  EXPECT_EQ(printed["skipped"], 2);
  EXPECT_NEAR(printed["rmse"], std::sqrt(squares / count), 1e-6);
  EXPECT_NEAR(printed["mae"], absolute / count, 1e-6);
  EXPECT_EQ(printed.contains("ndcg"), is_implicit());
}

// Training says of its validation set what evaluate says of it.
TEST_P(MfRoundTrip, TrainingReportsTheErrorsThatEvaluatePrints) {
  const std::string validation = dir_.Write("v.tsv", ToText(DrawRatings(43, 37, 0.1, 2)));
  const std::string metrics = dir_.Path("metrics.json");
  Train({"--validation=" + validation, "--metrics=" + metrics});
  const Finished evaluated = RunMf("evaluate", {"--model=" + model_, "--data=" + validation});
  std::map<std::string, double> printed = PrintedNumbers(evaluated.out);
  const std::vector<Json> records = ReadJsonLines(metrics);
  const Json& last = records.back();
  EXPECT_NEAR(last.at("validation_rmse"), printed["rmse"], 1e-5);
  EXPECT_NEAR(last.at("validation_mae"), printed["mae"], 1e-5);
  const Json model = ModelJson(model_).at("model");
  EXPECT_EQ(model.at("validation_mae"), last.at("validation_mae"));

  double best = last.at("validation_rmse");
  for (const Json& record : records) {
    if (record.contains("validation_rmse"))
      best = std::min(best, record.at("validation_rmse").get<double>());
  }
  EXPECT_EQ(last.at("best_validation_rmse"), best);
  EXPECT_THAT(summary_, HasSubstr("best_validation_rmse"));
  EXPECT_THAT(summary_, HasSubstr("validation_mae"));
}

// The items of each user sorted by the predictions of the files, the first `top` of them.
std::map<std::string, std::vector<std::pair<double, std::string>>> Expected(
    const MfModelFiles& files,
    const std::set<std::pair<std::string, std::string>>& seen,
    size_t top) {
  std::map<std::string, std::vector<std::pair<double, std::string>>> lists;
  for (const auto& [user, row] : files.users) {
    auto& list = lists[user];
    for (const auto& [item, column] : files.items) {
      if (!seen.contains({user, item})) list.emplace_back(files.Predict(user, item), item);
    }
    std::ranges::sort(list, std::greater<>{});
    list.resize(std::min(top, list.size()));
  }
  return lists;
}

TEST_P(MfRoundTrip, RecommendsTheItemsOfHighestPrediction) {
  Train();
  const MfModelFiles files(model_);
  std::set<std::pair<std::string, std::string>> seen;
  for (const RatingLine& line : ratings_) seen.emplace(line.user, line.item);
  for (const bool all : {false, true}) {
    Words flags = {"--model=" + model_, "--top=6"};
    if (!all) flags.push_back("--seen=" + data_);
    const Finished run = RunMf("recommend", flags);
    ASSERT_EQ(run.exit_code, 0) << run.err;
    const auto expected = Expected(files, all ? decltype(seen){} : seen, 6);
    std::map<std::string, size_t> ranks;
    std::vector<std::string> users;
    for (const Line& line : ParseLines(run.out)) {
      if (users.empty() || users.back() != line.user) users.push_back(line.user);
      const size_t rank = ranks[line.user]++;
      ASSERT_LT(rank, expected.at(line.user).size());
      // Scores that differ by rounding only may change places.
      EXPECT_NEAR(line.value, expected.at(line.user)[rank].first, 2e-6);
      EXPECT_NEAR(line.value, files.Predict(line.user, line.item), 2e-6);
      EXPECT_TRUE(all || !seen.contains({line.user, line.item}));
    }
    for (const auto& [user, list] : expected) EXPECT_EQ(ranks[user], list.size()) << user;
    std::vector<std::string> in_order;
    for (const Json& name : files.model.at("users"))
      if (ranks[name.get<std::string>()] > 0) in_order.push_back(name);
    EXPECT_EQ(users, in_order);

    flags.push_back("--threads=3");
    EXPECT_EQ(RunMf("recommend", flags).out, run.out);
    flags.push_back("--user=user 11");
    const std::string own = RunMf("recommend", flags).out;
    EXPECT_THAT(run.out, HasSubstr(own));
    EXPECT_EQ(std::ssize(ParseLines(own)), std::ssize(expected.at("user 11")));
  }
}

TEST_P(MfRoundTrip, RecommendsAsJsonWhatItRecommendsAsText) {
  Train();
  const std::vector<Line> lines = ParseLines(RunMf("recommend", {"--model=" + model_}).out);
  const std::string output = dir_.Path("lists.json");
  const Finished run =
      RunMf("recommend", {"--model=" + model_, "--format=json", "--output=" + output});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  size_t n = 0;
  for (const Json& user : ReadJsonLines(output)) {
    for (const Json& item : user.at("items")) {
      ASSERT_LT(n, lines.size());
      EXPECT_EQ(user.at("user"), lines[n].user);
      EXPECT_EQ(item.at("item"), lines[n].item);
      EXPECT_DOUBLE_EQ(item.at("prediction"), lines[n].value);
      ++n;
    }
  }
  EXPECT_EQ(n, lines.size());
}

// By definition, from lists made without the code under test.
TEST_P(MfRoundTrip, EvaluatesTheRankingOfUnseenItems) {
  Train();
  const MfModelFiles files(model_);
  std::set<std::pair<std::string, std::string>> seen, relevant;
  for (const RatingLine& line : ratings_) seen.emplace(line.user, line.item);
  const std::vector<RatingLine> test = DrawRatings(43, 37, 0.3, 9);
  for (const RatingLine& line : test) {
    if (!seen.contains({line.user, line.item})) relevant.emplace(line.user, line.item);
  }
  constexpr size_t kTop = 7;
  double users = 0, precision = 0, recall = 0, ndcg = 0;
  for (const auto& [user, list] : Expected(files, seen, kTop)) {
    double hits = 0, gain = 0, best = 0, count = 0;
    for (const auto& [name, row] : files.items) count += relevant.contains({user, name});
    if (count == 0) continue;
    for (size_t n = 0; n < kTop; ++n) {
      const double at = 1 / std::log2(static_cast<double>(n) + 2);
      if (static_cast<double>(n) < count) best += at;
      if (n >= list.size() || !relevant.contains({user, list[n].second})) continue;
      ++hits;
      gain += at;
    }
    ++users;
    precision += hits / kTop;
    recall += hits / count;
    ndcg += gain / best;
  }
  const Finished evaluated =
      RunMf("evaluate", {"--model=" + model_, "--data=" + dir_.Write("test.tsv", ToText(test)),
                         "--seen=" + data_, "--top=7", "--threads=2"});
  ASSERT_EQ(evaluated.exit_code, 0) << evaluated.err;
  std::map<std::string, double> printed = PrintedNumbers(evaluated.out);
  EXPECT_EQ(printed["ranked"], users);
  EXPECT_NEAR(printed["precision"], precision / users, 1e-9);
  EXPECT_NEAR(printed["recall"], recall / users, 1e-9);
  EXPECT_NEAR(printed["ndcg"], ndcg / users, 1e-9);
}

TEST_P(MfRoundTrip, ExportsTextThatSaysWhatTheFilesSay) {
  Train();
  const MfModelFiles files(model_);
  const Finished run = RunMf("export", {"--model=" + model_});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  std::istringstream lines(run.out);
  std::map<std::string, std::map<std::string, std::vector<double>>> rows;
  for (std::string line; std::getline(lines, line);) {
    std::vector<std::string> fields;
    std::istringstream stream(line);
    for (std::string field; std::getline(stream, field, '\t');) fields.push_back(field);
    ASSERT_GE(fields.size(), 2u);
    std::vector<double>& row = rows[fields[0]][fields[0] == "mean" ? "" : fields[1]];
    for (size_t n = fields[0] == "mean" ? 1 : 2; n < fields.size(); ++n)
      row.push_back(std::stod(fields[n]));
  }
  ASSERT_EQ(rows["user"].size(), files.users.size());
  ASSERT_EQ(rows["item"].size(), files.items.size());
  for (const RatingLine& line : ratings_) {
    const std::vector<double>&w = rows["user"][line.user], &h = rows["item"][line.item];
    double sum = rows["mean"][""].at(0) + w.at(0) + h.at(0);
    for (size_t t = 1; t < w.size(); ++t) sum += w[t] * h.at(t);
    EXPECT_NEAR(sum, files.Predict(line.user, line.item), 1e-7);
  }
}

// libmf predicts p.q of rows "p0 T x x .." and "q0 T x x ..".
TEST_P(MfRoundTrip, ExportsToLibmfWhatPredictsTheSame) {
  Train();
  const MfModelFiles files(model_);
  const bool has_more = files.model.at("mean") != 0 || !files.model.at("user_biases").empty();
  Words flags = {"--model=" + model_, "--format=libmf"};
  const Finished plain = RunMf("export", flags);
  if (has_more) {
    EXPECT_EQ(plain.exit_code, 3);
    EXPECT_THAT(plain.err, HasSubstr(model_ + ": has "));
    EXPECT_EQ(plain.out, "");
    flags.emplace_back("--fold");
  }
  const Finished run = RunMf("export", flags);
  ASSERT_EQ(run.exit_code, 0) << run.err;
  std::istringstream stream(run.out);
  std::string f, m, n, k, b;
  size_t function = 9, users = 0, items = 0, rank = 0;
  double mean = -1;
  stream >> f >> function >> m >> users >> n >> items >> k >> rank >> b >> mean;
  EXPECT_EQ(f + m + n + k + b, "fmnkb");
  EXPECT_EQ(function, 0u);
  ASSERT_EQ(users, files.users.size());
  ASSERT_EQ(items, files.items.size());
  EXPECT_EQ(rank, files.w[0].size() + (has_more ? 2 : 0));
  EXPECT_NEAR(mean, files.model.at("mean"), 1e-6);
  const auto read = [&](const std::string& side, size_t count) {
    std::vector<std::vector<double>> rows(count, std::vector<double>(rank));
    for (size_t row = 0; row < count; ++row) {
      std::string name, seen;
      stream >> name >> seen;
      EXPECT_EQ(name + seen, side + std::to_string(row) + "T");
      for (double& x : rows[row]) stream >> x;
    }
    return rows;
  };
  const auto p = read("p", users), q = read("q", items);
  EXPECT_TRUE(stream);
  for (const RatingLine& line : ratings_) {
    double sum = 0;
    for (size_t t = 0; t < rank; ++t)
      sum += p[files.users.at(line.user)][t] * q[files.items.at(line.item)][t];
    EXPECT_NEAR(sum, files.Predict(line.user, line.item), 1e-6);
  }
}

}  // namespace
}  // namespace strads::testing
