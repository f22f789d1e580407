#pragma once

#include <strads/id_table.h>
#include <strads/rating.h>
#include <strads/shard.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace strads {

// What to do with a rating whose user or item has no index.
enum class UnknownIds { kRefuse, kSkip };

// What to do with a second rating of an item by the same user.
enum class Duplicates { kRefuse, kLast };

struct RatingsOptions {
  bool implicit = false;  // ratings are strengths: none is negative, and all may_lack
  bool may_lack = false;  // a line may be without a rating, which is 1 then
  UnknownIds unknown = UnknownIds::kRefuse;
  Duplicates duplicates = Duplicates::kRefuse;
};

// Files of ratings. One that begins with %%MatrixMarket is a general coordinate matrix, whose row
// and column numbers are the names of users and items (pattern: every rating is 1). In any other,
// blank lines and lines that begin with # or % are skipped, and the first line that is left tells
// what is between the fields of all of them; `"` may enclose a field that is first or follows a
// comma, and does not count:
//
//   it has ::      user::item::rating      more fields may follow
//   else a tab     user TAB item TAB rating        "
//   else a comma   user,item,rating                "      fields may be "quoted, ""twice"""
//   else           user item rating        one more field may follow
//
// That line is a header, and skipped, if the fields are separated by commas or tabs and none of the
// first three is a number; of two, if neither has a digit and the first begins with "user".
// A name is any text without the separator; blanks around it do not count, and it is not empty.
// A rating is a finite number that a float can hold. Lines end with \n or \r\n; a byte order mark
// at the beginning is skipped. Compressed files (gzip, xz, zstd) are read as they are.

struct NamedRatings {
  IdTable users, items;
  std::vector<Rating> ratings;  // in the order of the file
};

// The ratings of the lines that start in the shard's range of the file's bytes, read with
// shard.threads. Indices are those of the tables in the result, in order of first appearance, and
// no part of it depends on the number of threads. Throws kData "path:line: ..." for a line that is
// no rating, and "path: has no ratings" if the whole file has none. Memory: 12 bytes a rating,
// twice that with more than one thread.
NamedRatings ReadRatings(const std::string& path, Shard shard, const RatingsOptions& options = {});

struct IndexedRatings {
  std::vector<Rating> ratings;  // in the order of the file
  // With UnknownIds::kSkip, the lines left out: those with an unknown user, which are the same for
  // every reader of the file, and those of wanted users with an unknown item.
  int64_t unknown_users = 0, unknown_items = 0;
};

// The ratings of the whole file whose user is wanted, with the indices of given tables. `wanted`
// has a flag for each of `users`, or is empty: all are wanted. What follows the user in a line that
// is not wanted is not looked at. Throws what the other ReadRatings throws, and kData "path:line:
// unknown item ..." if that is asked for. Memory: 12 bytes a rating that is kept, twice that with
// more than one thread.
IndexedRatings ReadRatings(const std::string& path,
                           const IdTable& users,
                           const IdTable& items,
                           std::span<const char> wanted,
                           int threads,
                           const RatingsOptions& options = {});

// Sorts by user, then item; ratings of the same cell stay in the order they had. The indices are
// below num_users and num_items. O(ratings + num_users + num_items); memory: a second copy.
void SortRatings(int32_t num_users, int32_t num_items, std::vector<Rating>& ratings);

// Leaves one rating in each cell of `ratings`, as sorted by SortRatings from the order of the file
// at `path`: the last one, or throws kData "path:line: a second rating of item 'i' by user 'u' (the
// first is in line n)" for the first such cell. O(ratings); the file is read only to throw.
void ResolveDuplicates(const std::string& path,
                       const IdTable& users,
                       const IdTable& items,
                       const RatingsOptions& options,
                       std::vector<Rating>& ratings);

}  // namespace strads
