#include "coordinator/progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

namespace strads {
namespace {

using ::testing::ContainsRegex;

// What is shown of the records elsewhere than on a terminal.
std::string Shown(const std::vector<RoundRecord>& records) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::tmpfile(), &std::fclose);
  {
    Progress progress(file.get(), /*enabled=*/true);
    for (const RoundRecord& record : records) progress.Show(record);
  }
  std::rewind(file.get());
  std::string text(4096, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file.get()));
  return text;
}

RoundRecord After(double seconds, int64_t updates) {
  RoundRecord record;
  record.seconds = seconds;
  record.updates = updates;
  record.bytes_sent = record.bytes_received = 1000 * updates;
  return record;
}

TEST(Progress, TellsNoRatesOfNextToNoTime) {
  EXPECT_THAT(Shown({After(0, 1000)}), ContainsRegex(" - +- +0 us\n"));
  EXPECT_THAT(Shown({After(30e-6, 1000)}), ContainsRegex(" - +- +30 us\n"));
}

TEST(Progress, TellsRatesSinceTheLineBefore) {
  const std::string text = Shown({After(30e-6, 1000), After(0.5, 2000), After(2.00003, 3000)});
  EXPECT_THAT(text, ContainsRegex(" 1,000 +2 MB +2 s\n"));
  EXPECT_THAT(Shown({After(2, 1000)}), ContainsRegex(" 500 +1 MB +2 s\n"));
}

}  // namespace
}  // namespace strads
