#include <algorithm>
#include <string>
#include <vector>

#include "strads/error.h"
#include "strads/ratings.h"
#include "worker/ratings_format.h"
#include "worker/ratings_scanner.h"
#include "worker/text_lines.h"

namespace strads {
namespace {

bool IsSameCell(const Rating& a, const Rating& b) { return a.user == b.user && a.item == b.item; }

// The first two lines of one cell.
struct CellLines {
  std::string_view user, item;
  std::vector<const char*> lines = {};

  bool User(std::string_view name, const char*) const { return lines.size() < 2 && name == user; }
  bool Item(std::string_view name, const char*) const { return name == item; }
  void Value(float, const char* line) { lines.push_back(line); }
};

[[noreturn]] void FailRepeated(const std::string& path,
                               std::string_view user,
                               std::string_view item,
                               const RatingsOptions& options) {
  const TextFile file(path);
  const RatingsFormat format = DetectRatingsFormat(file, options);
  CellLines cell = {.user = user, .item = item};
  ScanRatings(file, format, format.body, cell);
  const std::string what = "a second rating of item " + Quote(item) + " by user " + Quote(user);
  if (cell.lines.size() < 2) throw DataError(path + ": " + what + ", expected one");
  const auto first = 1 + std::count(file.text().data(), cell.lines[0], '\n');
  throw ErrorAt(file, cell.lines[1],
                what + " (the first is in line " + std::to_string(first) + "), expected one");
}

// Moves the ratings from `from` to `to`, ordered by key(rating) in [0, num_keys), else as before.
template <class Key>
void CountingSort(int32_t num_keys,
                  Key&& key,
                  const std::vector<Rating>& from,
                  std::vector<Rating>& to) {
  std::vector<std::size_t> next(static_cast<std::size_t>(num_keys) + 1);
  for (const Rating& rating : from) ++next[static_cast<std::size_t>(key(rating)) + 1];
  for (std::size_t k = 1; k < next.size(); ++k) next[k] += next[k - 1];
  for (const Rating& rating : from) to[next[static_cast<std::size_t>(key(rating))]++] = rating;
}

}  // namespace

void SortRatings(int32_t num_users, int32_t num_items, std::vector<Rating>& ratings) {
  std::vector<Rating> by_item(ratings.size());
  CountingSort(
      num_items, [](const Rating& rating) { return rating.item; }, ratings, by_item);
  CountingSort(
      num_users, [](const Rating& rating) { return rating.user; }, by_item, ratings);
}

void ResolveDuplicates(const std::string& path,
                       const IdTable& users,
                       const IdTable& items,
                       const RatingsOptions& options,
                       std::vector<Rating>& ratings) {
  if (options.duplicates == Duplicates::kRefuse) {
    const auto found = std::adjacent_find(ratings.begin(), ratings.end(), IsSameCell);
    if (found == ratings.end()) return;
    FailRepeated(path, users.Name(found->user), items.Name(found->item), options);
  }
  std::size_t kept = 0;
  for (const Rating& rating : ratings) {
    if (kept > 0 && IsSameCell(ratings[kept - 1], rating)) --kept;
    ratings[kept++] = rating;
  }
  ratings.resize(kept);
}

}  // namespace strads
