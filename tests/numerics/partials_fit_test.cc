// What workers send is refused where it has not the sizes that it must have: never read beyond.
#include <gtest/gtest.h>
#include <strads/error.h>

#include <functional>
#include <string>
#include <vector>

#include "apps/lda/model.h"
#include "apps/mf/model.h"
#include "apps/regression/model.h"

namespace strads::testing {
namespace {

template <class Act>
void ExpectRefused(const Act& act, const std::string& what) {
  try {
    act();
    ADD_FAILURE() << what << " is accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kProtocol) << what << ": " << error.what();
  }
}

IdTable Names(const std::string& prefix, int count) {
  IdTable names;
  for (int i = 0; i < count; ++i) names.Add(prefix + std::to_string(i));
  return names;
}

// Of two workers, of which the second sends an element less or more of each of `fields`.
template <class Partial, class Plan, class Model>
void ExpectSizesChecked(const Model& model, const Plan& plan, const Partial& good, auto... fields) {
  const auto pull = [&](const Partial& second) {
    Model copy = model;
    copy.Pull(plan, std::vector<Partial>{good, second});
  };
  EXPECT_NO_THROW(pull(good)) << "phase " << plan.phase;
  int field = 0;
  const auto check = [&](auto member) {
    const std::string what = "phase " + std::to_string(plan.phase) + ", field " +
                             std::to_string(field++) + " that is too ";
    for (const bool is_short : {true, false}) {
      Partial bad = good;
      auto& values = std::invoke(member, bad);
      values.resize(is_short ? values.size() - 1 : values.size() + 1);
      ExpectRefused([&] { pull(bad); }, what + (is_short ? "short" : "long"));
    }
  };
  (check(fields), ...);
}

constexpr int kUsers = 3, kItems = 4, kRank = 2;

mf::Plan PlanOf(mf::Phase phase) {
  mf::Plan plan;
  plan.phase = static_cast<int>(phase);
  return plan;
}

mf::Partial NamesOfMf() {
  mf::Partial partial;
  partial.users = Names("u", kUsers);
  partial.items = Names("i", kItems);
  partial.user_counts.assign(kUsers, 1);
  partial.item_counts.assign(kItems, 1);
  return partial;
}

mf::Partial LoadedOfMf() {
  mf::Partial partial;
  partial.item_counts.assign(kItems, 1);
  partial.sum = partial.squares = 2;
  partial.ratings = 2;
  return partial;
}

mf::Model LoadedMf(mf::Options options) {
  options.rank = kRank;
  options.workers = 2;
  mf::Model model(options);
  model.Pull(PlanOf(mf::Phase::kNames), std::vector<mf::Partial>(2, NamesOfMf()));
  model.Pull(PlanOf(mf::Phase::kLoad), std::vector<mf::Partial>(2, LoadedOfMf()));
  return model;
}

TEST(PartialsFit, NamesAndLoadsOfMf) {
  mf::Options options;
  options.data = "data";
  options.workers = 2;
  mf::Model model(options);
  ExpectSizesChecked(model, PlanOf(mf::Phase::kNames), NamesOfMf(), &mf::Partial::user_counts,
                     &mf::Partial::item_counts);
  model.Pull(PlanOf(mf::Phase::kNames), std::vector<mf::Partial>(2, NamesOfMf()));
  ExpectSizesChecked(model, PlanOf(mf::Phase::kLoad), LoadedOfMf(), &mf::Partial::item_counts);
}

TEST(PartialsFit, ColumnsOfMf) {
  mf::Options options;
  options.data = "data";
  options.solver = "ccd";
  mf::Partial column;
  column.sums.resize(kItems);
  column.next.resize(kItems / 2);
  ExpectSizesChecked(LoadedMf(options), PlanOf(mf::Phase::kColumn), column, &mf::Partial::sums,
                     &mf::Partial::next);
}

TEST(PartialsFit, ImplicitFeedbackOfMf) {
  mf::Options options;
  options.data = "data";
  options.solver = "ccd";
  options.implicit = true;
  const mf::Model model = LoadedMf(options);
  mf::Partial grams;
  grams.next_gram.resize(kRank);
  ExpectSizesChecked(model, PlanOf(mf::Phase::kGram), grams, &mf::Partial::next_gram);
  mf::Partial column;
  column.sums.resize(kItems);
  column.gram.resize(kRank);
  ExpectSizesChecked(model, PlanOf(mf::Phase::kColumn), column, &mf::Partial::sums,
                     &mf::Partial::gram);
  mf::Partial items;
  items.column.resize(kItems / 2);
  items.gram.resize(kRank);
  items.next_gram.resize(kRank);
  ExpectSizesChecked(model, PlanOf(mf::Phase::kItemColumn), items, &mf::Partial::column,
                     &mf::Partial::gram, &mf::Partial::next_gram);
  mf::Partial measured;
  measured.user_grams.resize(kRank * kRank);
  measured.item_grams.resize(kRank * kRank);
  mf::Plan plan = PlanOf(mf::Phase::kMeasureColumns);
  plan.ends_epoch = true;
  ExpectSizesChecked(model, plan, measured, &mf::Partial::user_grams, &mf::Partial::item_grams);
}

TEST(PartialsFit, BlocksAndSharesOfMf) {
  mf::Options options;
  options.data = "data";
  options.solver = "sgd";
  const mf::Model model = LoadedMf(options);
  const auto collect = [&](const auto& part) {
    mf::Model copy = model;
    copy.Collect(part);
  };
  // Which block has how many items is the model's to say: none has more than there are.
  mf::Block block;
  block.rows = mf::SgdRows(kItems + 1, kRank, 1, 0);
  ExpectRefused([&] { collect(block); }, "a block of too many items");
  block.index = 1000;
  ExpectRefused([&] { collect(block); }, "a block that there is not");
  const mf::Share good = {.side = 0, .rows = {0, 2}, .values = {1, 2, 3, 4}, .biases = {}};
  EXPECT_NO_THROW(collect(good));
  mf::Share bad = good;
  bad.values.pop_back();
  ExpectRefused([&] { collect(bad); }, "a share that is too short");
  bad = good;
  bad.biases = {1};
  ExpectRefused([&] { collect(bad); }, "a share with too few biases");
  bad = good;
  bad.rows[1] = kUsers;
  ExpectRefused([&] { collect(bad); }, "a share of a user that there is not");
  bad.rows[1] = -1;
  ExpectRefused([&] { collect(bad); }, "a share of a user below 0");
}

lda::Plan PlanOf(lda::Phase phase) {
  lda::Plan plan;
  plan.phase = static_cast<int>(phase);
  plan.rotation.next = {1, 0};
  plan.last_visit = {0, 0};
  return plan;
}

constexpr int kWords = 5, kTopics = 3;

lda::Model StartedLda() {
  lda::Options options;
  options.data = "data";
  options.topics = kTopics;
  options.workers = 2;
  lda::Model model(options);
  lda::Partial counted;
  counted.words.words = Names("w", kWords);
  counted.words.documents.assign(kWords, 1);
  counted.words.tokens.assign(kWords, 1);
  counted.words.num_documents = 2;
  model.Pull(PlanOf(lda::Phase::kCount), std::vector<lda::Partial>(2, counted));
  lda::Partial loaded;
  loaded.documents = 2;
  loaded.tokens = 3;
  model.Pull(PlanOf(lda::Phase::kLoad), std::vector<lda::Partial>(2, loaded));
  lda::Partial started;
  started.change.changes = {1, 1, 1};
  started.seen = 2;
  lda::Plan plan = PlanOf(lda::Phase::kStart);
  plan.ends_epoch = true;
  model.Pull(plan, std::vector<lda::Partial>(2, started));
  return model;
}

TEST(PartialsFit, RoundsOfLda) {
  const lda::Model model = StartedLda();
  const auto pull = [&](const lda::Plan& plan, int64_t seen) {
    lda::Model copy = model;
    lda::Partial partial;
    partial.seen = seen;
    copy.Pull(plan, std::vector<lda::Partial>(2, partial));
  };
  lda::Plan plan = PlanOf(lda::Phase::kSample);
  EXPECT_NO_THROW(pull(plan, 3));
  ExpectRefused([&] { pull(plan, 4); }, "an update that there was not");
  ExpectRefused([&] { pull(plan, -1); }, "an update below 0");
  plan.last_visit.pop_back();
  ExpectRefused([&] { pull(plan, 3); }, "a plan of one worker");
}

TEST(PartialsFit, BlocksAndSharesOfLda) {
  const lda::Model model = StartedLda();
  const auto collect = [&](const auto& part) {
    lda::Model copy = model;
    copy.Collect(part);
  };
  ExpectRefused([&] { collect(lda::Block{.index = 1000, .rows = {}}); },
                "a block that there is not");
  const lda::Share good = {.documents = {0, 1},
                           .sizes = {1, 2},
                           .topics = {0, 1, 2},
                           .counts = {1, 1, 1},
                           .token_words = {},
                           .token_topics = {}};
  EXPECT_NO_THROW(collect(good));
  const auto refused = [&](const std::function<void(lda::Share&)>& change, const char* what) {
    lda::Share bad = good;
    change(bad);
    ExpectRefused([&] { collect(bad); }, what);
  };
  refused([](lda::Share& share) { share.sizes.pop_back(); }, "a share with too few sizes");
  refused([](lda::Share& share) { share.sizes[1] = 3; }, "a share with too few topics");
  refused([](lda::Share& share) { share.sizes[1] = -1; }, "a share with a size below 0");
  refused([](lda::Share& share) { share.counts.pop_back(); }, "a share with too few counts");
  refused([](lda::Share& share) { share.topics[0] = kTopics; }, "a topic that there is not");
}

TEST(PartialsFit, RowsAndFeaturesOfRegression) {
  const int64_t features = 3;
  regression::Options options;
  options.data = "data";
  options.loss = "logistic";
  regression::Partial counted;
  counted.heading.labels = Names("", 2);
  counted.heading.label_rows = {2, 2};
  counted.heading.rows = 4;
  counted.heading.num_features = features;
  const auto pull = [&](regression::Phase phase, const regression::Partial& second,
                        const regression::Partial& first) {
    regression::Model of(options);
    if (phase != regression::Phase::kRows)
      of.Pull({static_cast<int>(regression::Phase::kRows)},
              std::vector<regression::Partial>{counted, counted});
    of.Pull({static_cast<int>(phase)}, std::vector<regression::Partial>{first, second});
  };
  const auto check = [&](regression::Phase phase, const regression::Partial& good, auto vector) {
    EXPECT_NO_THROW(pull(phase, good, good));
    for (const int change : {-1, 1}) {
      regression::Partial bad = good;
      auto& values = vector(bad);
      values.resize(values.size() + static_cast<size_t>(change));
      ExpectRefused([&] { pull(phase, bad, good); }, "a vector of another size");
    }
  };
  using regression::Partial;
  using regression::Phase;
  check(
      Phase::kRows, counted, [](Partial & p) -> auto& { return p.heading.label_rows; });
  Partial look;
  look.sums.trained_rows = 4;
  look.sums.entries = 4;
  look.sums.class_weight = {2, 2};
  look.sums.features = {4, {1, 2, 3}, {1, 2, 3}, {1, 2, 3}};
  check(
      Phase::kLook, look, [](Partial & p) -> auto& { return p.sums.class_weight; });
  check(
      Phase::kLook, look, [](Partial & p) -> auto& { return p.sums.features.sums; });
  check(
      Phase::kLook, look, [](Partial & p) -> auto& { return p.sums.features.spreads; });
  check(
      Phase::kLook, look, [](Partial & p) -> auto& { return p.sums.features.largest; });
}

}  // namespace
}  // namespace strads::testing
