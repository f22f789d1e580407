#include "strads/ratings.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "strads/error.h"
#include "strads/parallel.h"
#include "worker/ratings_format.h"
#include "worker/ratings_scanner.h"
#include "worker/text_lines.h"

namespace strads {
namespace {

// The parts of the body, of whole lines, that start in the byte range of the shard.
std::vector<std::string_view> PartsOf(const TextFile& file,
                                      const RatingsFormat& format,
                                      Shard shard,
                                      int pieces) {
  const int64_t header = format.body.data() - file.text().data();
  const auto [first, last] = shard.RangeOf(std::ssize(file.text()));
  return SplitLines(format.body, std::max<int64_t>(first - header, 0),
                    std::max<int64_t>(last - header, 0), pieces);
}

// Calls read(part) for each of the parts.
template <class Read>
void ForEachPart(ThreadPool& pool, std::size_t parts, Read&& read) {
  pool.ParallelFor(static_cast<int64_t>(parts), [&](int64_t begin, int64_t end) {
    for (auto p = static_cast<std::size_t>(begin); p < static_cast<std::size_t>(end); ++p) read(p);
  });
}

// Calls read(piece) for pieces of the lines, after each of which its memory is given back: a file
// is never in memory as a whole.
template <class Read>
void ForEachPiece(const TextFile& file, std::string_view lines, Read&& read) {
  constexpr int64_t kPieceBytes = int64_t{4} << 20;
  const auto pieces = static_cast<int>(std::ssize(lines) / kPieceBytes + 1);
  for (const std::string_view piece : SplitLines(lines, 0, std::ssize(lines), pieces)) {
    read(piece);
    file.Forget(piece);
  }
}

// As the reader of features does, the lines of a Matrix Market file are counted by everyone.
void CheckCount(const TextFile& file, const RatingsFormat& format, ThreadPool& pool) {
  if (format.separator != RatingsSeparator::kMatrixMarket) return;
  const auto parts = SplitLines(format.body, 0, std::ssize(format.body), pool.threads());
  std::vector<int64_t> counts(parts.size());
  ForEachPart(pool, parts.size(), [&](std::size_t p) {
    ForEachPiece(file, parts[p],
                 [&](std::string_view piece) { counts[p] += CountRows(piece, '%'); });
  });
  int64_t count = 0;
  for (const int64_t part : counts) count += part;
  CheckEntryCount(file, format.header, count);
}

void CheckNotEmpty(const TextFile& file, const RatingsFormat& format) {
  const char* const end = format.body.data() + format.body.size();
  for (const char* p = format.body.data(); p < end; p = NextLine(p, end)) {
    p = SkipBlanks(p);
    if (p < end && *p != '\n' && *p != '#' && *p != '%') return;
  }
  throw NoRatings(file, format);
}

// About how many ratings `lines` have, from the length of the first ones.
std::size_t GuessRatings(std::string_view lines) {
  const std::string_view sample = lines.substr(0, 1 << 15);
  const auto found = static_cast<std::size_t>(std::count(sample.begin(), sample.end(), '\n'));
  return sample.empty() ? 0 : lines.size() / sample.size() * found + found + found / 16;
}

struct Naming {
  NamedRatings result;
  int32_t user = 0, item = 0;

  bool User(std::string_view name, const char*) {
    user = result.users.Add(name);
    return true;
  }
  bool Item(std::string_view name, const char*) {
    item = result.items.Add(name);
    return true;
  }
  void Value(float value, const char*) {
    result.ratings.push_back({.user = user, .item = item, .value = value});
  }
};

struct Indexing {
  const TextFile& file;
  const IdTable &users, &items;
  std::span<const char> wanted;
  bool refuses_unknown;
  IndexedRatings result = {};
  int32_t user = 0, item = 0;

  bool User(std::string_view name, const char* line) {
    user = users.Find(name);
    if (user < 0) return Unknown("user", name, line, result.unknown_users);
    return wanted.empty() || wanted[static_cast<std::size_t>(user)] != 0;
  }
  bool Item(std::string_view name, const char* line) {
    item = items.Find(name);
    return item >= 0 || Unknown("item", name, line, result.unknown_items);
  }
  void Value(float value, const char*) {
    result.ratings.push_back({.user = user, .item = item, .value = value});
  }

  bool Unknown(const std::string& role,
               std::string_view name,
               const char* line,
               int64_t& count) const {
    if (refuses_unknown) {
      throw ErrorAt(file, line,
                    "unknown " + role + " " + Quote(name) + ", expected one of the " +
                        std::to_string((role == "user" ? users : items).size()) + " known ones");
    }
    ++count;
    return false;
  }
};

// Joins parts in their order: an index of a later part becomes that of its name in the first.
NamedRatings Join(std::vector<Naming>& parts, ThreadPool& pool) {
  NamedRatings joined = std::move(parts[0].result);
  std::vector<std::vector<int32_t>> users(parts.size()), items(parts.size());
  const auto add = [](IdTable& from, IdTable& to, std::vector<int32_t>& indices) {
    indices.reserve(static_cast<std::size_t>(from.size()));
    for (int32_t i = 0; i < from.size(); ++i) indices.push_back(to.Add(from.Name(i)));
    from = {};
  };
  std::vector<std::size_t> starts = {0, joined.ratings.size()};
  for (std::size_t p = 1; p < parts.size(); ++p) {
    NamedRatings& part = parts[p].result;
    add(part.users, joined.users, users[p]);
    add(part.items, joined.items, items[p]);
    starts.push_back(starts.back() + part.ratings.size());
  }
  joined.ratings.resize(starts.back());
  ForEachPart(pool, parts.size(), [&](std::size_t p) {
    if (p == 0) return;
    std::vector<Rating> part = std::move(parts[p].result.ratings);
    Rating* to = joined.ratings.data() + starts[p];
    for (const Rating& rating : part) {
      *to++ = {.user = users[p][static_cast<std::size_t>(rating.user)],
               .item = items[p][static_cast<std::size_t>(rating.item)],
               .value = rating.value};
    }
  });
  return joined;
}

}  // namespace

NamedRatings ReadRatings(const std::string& path, Shard shard, const RatingsOptions& options) {
  const TextFile file(path);
  const RatingsFormat format = DetectRatingsFormat(file, options);
  ThreadPool pool(shard.threads);
  CheckCount(file, format, pool);
  const auto lines = PartsOf(file, format, shard, pool.threads());
  std::vector<Naming> parts(lines.size());
  ForEachPart(pool, parts.size(), [&](std::size_t p) {
    parts[p].result.ratings.reserve(GuessRatings(lines[p]));
    ForEachPiece(file, lines[p],
                 [&](std::string_view piece) { ScanRatings(file, format, piece, parts[p]); });
  });
  NamedRatings joined = Join(parts, pool);
  if (joined.ratings.empty()) CheckNotEmpty(file, format);
  return joined;
}

IndexedRatings ReadRatings(const std::string& path,
                           const IdTable& users,
                           const IdTable& items,
                           std::span<const char> wanted,
                           int threads,
                           const RatingsOptions& options) {
  if (!wanted.empty() && std::ssize(wanted) != users.size()) {
    throw std::invalid_argument("ReadRatings: a flag for each user, or none");
  }
  const TextFile file(path);
  const RatingsFormat format = DetectRatingsFormat(file, options);
  ThreadPool pool(threads);
  CheckCount(file, format, pool);
  const auto lines = PartsOf(file, format, {}, pool.threads());
  std::vector<Indexing> parts(lines.size(),
                              {.file = file,
                               .users = users,
                               .items = items,
                               .wanted = wanted,
                               .refuses_unknown = options.unknown == UnknownIds::kRefuse});
  ForEachPart(pool, parts.size(), [&](std::size_t p) {
    ForEachPiece(file, lines[p],
                 [&](std::string_view piece) { ScanRatings(file, format, piece, parts[p]); });
  });

  IndexedRatings joined = std::move(parts[0].result);
  std::size_t total = joined.ratings.size();
  for (const Indexing& part : std::span(parts).subspan(1)) total += part.result.ratings.size();
  joined.ratings.reserve(total);
  for (Indexing& part : std::span(parts).subspan(1)) {
    const std::vector<Rating> ratings = std::move(part.result.ratings);
    joined.ratings.insert(joined.ratings.end(), ratings.begin(), ratings.end());
    joined.unknown_users += part.result.unknown_users;
    joined.unknown_items += part.result.unknown_items;
  }
  if (joined.ratings.empty()) CheckNotEmpty(file, format);
  return joined;
}

}  // namespace strads
