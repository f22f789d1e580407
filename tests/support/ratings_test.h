#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <tuple>
#include <vector>

#include "strads/error.h"
#include "strads/ratings.h"
#include "tests/support/temp_files.h"

namespace strads::testing {

// A rating with the names it was given under.
using Line = std::tuple<std::string, std::string, float>;

inline std::vector<Line> LinesOf(const IdTable& users,
                                 const IdTable& items,
                                 const std::vector<Rating>& ratings) {
  std::vector<Line> lines;
  for (const Rating& rating : ratings) {
    lines.emplace_back(users.Name(rating.user), items.Name(rating.item), rating.value);
  }
  return lines;
}
inline std::vector<Line> LinesOf(const NamedRatings& named) {
  return LinesOf(named.users, named.items, named.ratings);
}

// Files of ratings in a directory of their own.
class RatingsTest : public ::testing::Test {
 protected:
  std::string Write(const std::string& text) const { return directory_.Write("r", text); }
  std::vector<Line> Read(const std::string& text, const RatingsOptions& options = {}) const {
    return LinesOf(ReadRatings(Write(text), {}, options));
  }
  // What is said when `read` is done, without the path in front.
  std::string MessageOf(const std::function<void(const std::string&)>& read,
                        const std::string& text) const {
    const std::string path = Write(text);
    try {
      read(path);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kData);
      const std::string message = error.what();
      EXPECT_EQ(message.find(path + ":"), 0u) << message;
      return message.substr(path.size() + 1);
    }
    return "nothing was thrown";
  }
  std::string MessageFor(const std::string& text,
                         const RatingsOptions& options = {},
                         Shard shard = {}) const {
    return MessageOf([&](const std::string& path) { ReadRatings(path, shard, options); }, text);
  }
  const TempDir directory_;
};

inline const std::string kRealMatrix = "%%MatrixMarket matrix coordinate real general\n";

}  // namespace strads::testing
