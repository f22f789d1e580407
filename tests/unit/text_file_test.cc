#include "worker/text_file.h"

#include <gtest/gtest.h>
#include <lzma.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <ostream>
#include <string>

#include "strads/dataset.h"
#include "strads/error.h"
#include "tests/support/temp_files.h"

namespace strads {
namespace {

std::string Gzip(const std::string& text) {
  z_stream stream = {};
  deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string archive(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(archive.data());
  stream.avail_out = static_cast<uInt>(archive.size());
  deflate(&stream, Z_FINISH);
  archive.resize(stream.total_out);
  deflateEnd(&stream);
  return archive;
}

std::string Xz(const std::string& text) {
  std::string archive(lzma_stream_buffer_bound(text.size()), '\0');
  std::size_t size = 0;
  lzma_easy_buffer_encode(1, LZMA_CHECK_CRC64, nullptr,
                          reinterpret_cast<const uint8_t*>(text.data()), text.size(),
                          reinterpret_cast<uint8_t*>(archive.data()), &size, archive.size());
  archive.resize(size);
  return archive;
}

std::string Zstd(const std::string& text) {
  std::string archive(ZSTD_compressBound(text.size()), '\0');
  ZSTD_CCtx* const context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
  archive.resize(ZSTD_compress2(context, archive.data(), archive.size(), text.data(), text.size()));
  ZSTD_freeCCtx(context);
  return archive;
}

std::string ReadText(const std::string& path) { return std::string(TextFile(path).text()); }

std::string MessageOf(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kData);
    return error.what();
  }
  return "nothing was thrown";
}

struct Format {
  const char* suffix;
  std::string (*compress)(const std::string&);

  friend void PrintTo(const Format& format, std::ostream* out) { *out << format.suffix; }
};

class CompressedFileTest : public ::testing::TestWithParam<Format> {
 protected:
  std::string Compress(const std::string& text) const { return GetParam().compress(text); }
  std::string Write(std::string_view archive) const {
    return directory_.Write(std::string("data") + GetParam().suffix, archive);
  }
  const testing::TempDir directory_;
};

TEST_P(CompressedFileTest, GivesTheTextOfOneMemberOrMore) {
  std::string large;
  for (int i = 0; i < 50'000; ++i) large += std::to_string(i * 7919) + '\n';
  const std::string zeros(1'000'000, '0');
  for (const std::string& text : {std::string("1 1:2\n"), large, zeros, std::string()}) {
    // Not EXPECT_EQ, which would compare megabytes line by line to explain a failure.
    EXPECT_TRUE(ReadText(Write(Compress(text))) == text);
    EXPECT_TRUE(ReadText(Write(Compress(text) + Compress(large))) == text + large);
  }
}

TEST_P(CompressedFileTest, IsKnownByItsFirstBytesUnderAnyName) {
  EXPECT_EQ(ReadText(directory_.Write("data.txt", Compress("1 1:2\n"))), "1 1:2\n");
}

TEST_P(CompressedFileTest, IsFollowedByZeros) {
  const TextFile file(Write(Compress("123")));
  EXPECT_EQ(std::count(file.text().end(), file.text().end() + TextFile::kPadding, '\0'),
            static_cast<std::ptrdiff_t>(TextFile::kPadding));
}

TEST_P(CompressedFileTest, RefusesEveryTruncation) {
  const std::string first = Compress("1 1:2 2:3\n-1 3:4\n"), archive = first + Compress("2 1:1\n");
  for (std::size_t size = 0; size < archive.size(); ++size) {
    const std::string path = Write(archive.substr(0, size));
    if (size == first.size()) {
      EXPECT_EQ(ReadText(path), "1 1:2 2:3\n-1 3:4\n");
    } else {
      EXPECT_EQ(MessageOf([&] { ReadText(path); }).find(path + ": truncated archive, expected "),
                0u)
          << size;
    }
  }
}

TEST_P(CompressedFileTest, GivesNoOtherTextWhenABitIsFlipped) {
  const std::string text = "1 1:2 2:3\n-1 3:4\n", archive = Compress(text);
  int refused = 0;
  for (std::size_t bit = 0; bit < 8 * archive.size(); ++bit) {
    std::string damaged = archive;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    const std::string path = Write(damaged);
    try {
      EXPECT_EQ(ReadText(path), text) << bit;  // a bit of no meaning, such as gzip's time stamp
    } catch (const Error& error) {
      ++refused;
      EXPECT_EQ(std::string(error.what()).find(path + ": "), 0u);
    }
  }
  EXPECT_GT(refused, std::ssize(archive) * 4);
}

TEST_P(CompressedFileTest, RefusesWhatIsNoArchive) {
  const std::string path = Write("1 1:2 2:3 and more of plain text\n");
  EXPECT_EQ(MessageOf([&] { ReadText(path); }).find(path + ": damaged archive, expected "), 0u);
}

TEST_P(CompressedFileTest, GivesTheSameShardsAsThePlainFile) {
  std::string text;
  for (int i = 0; i < 1000; ++i) {
    text +=
        std::to_string(i) + " " + std::to_string(i % 50 + 1) + ":" + std::to_string(i * i) + "\n";
  }
  const std::string plain = directory_.Write("plain.svm", text), packed = Write(Compress(text));
  for (int rank = 0; rank < 3; ++rank) {
    const Shard shard = {.rank = rank, .num_workers = 3, .threads = 2};
    const Dataset a = ReadDataset(plain, shard), b = ReadDataset(packed, shard);
    EXPECT_EQ(a.y, b.y);
    ASSERT_EQ(a.x.num_cols(), b.x.num_cols());
    for (int j = 0; j < a.x.num_cols(); ++j) EXPECT_EQ(a.x.Dot(j, a.y), b.x.Dot(j, b.y));
  }
}

INSTANTIATE_TEST_SUITE_P(Formats,
                         CompressedFileTest,
                         ::testing::Values(Format{".gz", Gzip},
                                           Format{".xz", Xz},
                                           Format{".zst", Zstd}),
                         [](const auto& format) { return std::string(format.param.suffix + 1); });

TEST(TextFileTest, IsFollowedByZerosWhateverItsSize) {
  const testing::TempDir directory;
  for (const std::size_t size : {0, 1, 4095, 4096, 4097, 8192}) {
    const TextFile file(directory.Write("data", std::string(size, 'x')));
    EXPECT_EQ(file.text(), std::string(size, 'x'));
    EXPECT_EQ(std::count(file.text().end(), file.text().end() + TextFile::kPadding, '\0'),
              static_cast<std::ptrdiff_t>(TextFile::kPadding));
  }
}

TEST(TextFileTest, SaysWhyAFileCannotBeOpened) {
  const testing::TempDir directory;
  const std::string missing = directory.Path("missing"), folder = directory.Path("");
  EXPECT_EQ(MessageOf([&] { ReadText(missing); }),
            missing + ": cannot be opened: No such file or directory");
  EXPECT_EQ(MessageOf([&] { ReadText(folder); }), folder + ": cannot be opened: Is a directory");
}

TEST(TextFileTest, ReadsAPipe) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  ASSERT_EQ(write(ends[1], "1 1:2\n", 6), 6);
  close(ends[1]);
  EXPECT_EQ(ReadText("/dev/fd/" + std::to_string(ends[0])), "1 1:2\n");
  close(ends[0]);
}

// Pages of files that this process has in its memory.
int64_t FilePages() {
  int64_t size = 0, resident = 0, shared = 0;
  std::ifstream("/proc/self/statm") >> size >> resident >> shared;
  return shared;
}

TEST(TextFileTest, GivesBackTheMemoryOfWhatIsForgottenAndReadsItAgain) {
  const testing::TempDir directory;
  std::string text;
  while (text.size() < (8 << 20)) text += std::to_string(text.size()) + "\n";
  const TextFile file(directory.Write("text", text));
  EXPECT_EQ(file.text(), text);
  const int64_t all = FilePages();
  file.Forget(file.text());
  EXPECT_LT(FilePages(), all - (7 << 20) / sysconf(_SC_PAGESIZE));
  file.Forget(file.text().substr(3, 10));  // less than a page
  EXPECT_EQ(file.text(), text);
  const TextFile packed(directory.Write("text.gz", Gzip(text)));
  packed.Forget(packed.text());
  EXPECT_EQ(packed.text(), text);
}

}  // namespace
}  // namespace strads
