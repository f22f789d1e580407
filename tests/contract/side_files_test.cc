#include <gtest/gtest.h>
#include <strads/run.h>

#include <memory>
#include <string>

#include "tests/support/descent_app.h"
#include "tests/support/rotating_app.h"
#include "tests/support/toy_app.h"

namespace strads::testing {
namespace {

struct Nothing final : SideFile {
  void Place() override {}
};

// The app with a model that has a file beside its own.
template <class A>
struct WithFile : A {
  struct Model : A::Model {
    using A::Model::Model;
    SideFiles TakeFiles() {
      SideFiles files;
      files.push_back(std::make_unique<Nothing>());
      return files;
    }
  };
};

RunOptions ThreeRounds() {
  RunOptions run;
  run.max_rounds = 3;
  return run;
}

template <class A>
size_t FilesOf() {
  return strads::Run<A>({}, ThreeRounds()).side_files.size();
}

TEST(SideFiles, OfAnyPatternComeWithTheModel) {
  EXPECT_EQ(FilesOf<WithFile<Toy>>(), 1);
  EXPECT_EQ(FilesOf<WithFile<Rotating>>(), 1);
  EXPECT_EQ(FilesOf<WithFile<Descent>>(), 1);
}

TEST(SideFiles, AreNoneIfTheAppHasNone) {
  EXPECT_EQ(FilesOf<Toy>(), 0);
  EXPECT_EQ(FilesOf<Rotating>(), 0);
  EXPECT_EQ(FilesOf<Descent>(), 0);
}

struct Failing : WithFile<Toy> {
  struct Model : WithFile<Toy>::Model {
    using WithFile<Toy>::Model::Model;
    strads::Report Report() const {
      strads::Report report = WithFile<Toy>::Model::Report();
      report.empty_objective = 1e-300;
      return report;
    }
  };
};

TEST(SideFiles, AreNoneOfARunThatHasFailed) {
  const ResultOf<Failing> result = strads::Run<Failing>({}, ThreeRounds());
  ASSERT_EQ(result.summary.termination, Termination::kFailure);
  EXPECT_TRUE(result.side_files.empty());
}

}  // namespace
}  // namespace strads::testing
