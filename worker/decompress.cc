#include "worker/decompress.h"

#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <new>
#include <utility>

#include "strads/error.h"

namespace strads {
namespace {

Error Truncated(const std::string& path, std::string_view format) {
  return DataError(path + ": truncated archive, expected the rest of the " + std::string(format) +
                   " data");
}

Error Damaged(const std::string& path, std::string_view format, std::string_view why) {
  return DataError(path + ": damaged archive, expected " + std::string(format) +
                   " data: " + std::string(why));
}

// A buffer that always has room for the next piece of output.
class Output {
 public:
  explicit Output(std::size_t archive_size) { bytes_.resize(4 * archive_size + (1 << 16)); }
  char* next() { return bytes_.data() + used_; }
  // May move the buffer: ask for it before next().
  std::size_t room() {
    if (used_ == bytes_.size()) bytes_.resize(2 * bytes_.size());
    return bytes_.size() - used_;
  }
  void Advance(std::size_t count) { used_ += count; }
  AlignedVector<char> Finish(std::size_t padding) {
    bytes_.resize(used_);
    bytes_.resize(used_ + padding, '\0');
    return std::move(bytes_);
  }

 private:
  AlignedVector<char> bytes_;
  std::size_t used_ = 0;
};

// zlib counts the bytes of one call in 32 bits.
uInt Limit(std::size_t count) {
  return static_cast<uInt>(std::min<std::size_t>(count, std::numeric_limits<uInt>::max()));
}

void Gunzip(const std::string& path, std::string_view archive, Output& output) {
  constexpr int kGzipOnly = 15 + 16;
  z_stream stream = {};
  if (inflateInit2(&stream, kGzipOnly) != Z_OK) throw std::bad_alloc();
  const std::unique_ptr<z_stream, decltype(&inflateEnd)> guard(&stream, &inflateEnd);
  bool between_members = false;
  std::size_t taken = 0;
  while (taken < archive.size() || !between_members) {
    if (between_members) inflateReset(&stream);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(archive.data() + taken));
    stream.avail_in = Limit(archive.size() - taken);
    const uInt input = stream.avail_in, room = Limit(output.room());
    stream.next_out = reinterpret_cast<Bytef*>(output.next());
    stream.avail_out = room;
    const int result = inflate(&stream, Z_NO_FLUSH);
    taken += input - stream.avail_in;
    output.Advance(room - stream.avail_out);
    between_members = result == Z_STREAM_END;
    if (result == Z_MEM_ERROR) throw std::bad_alloc();
    if (result == Z_BUF_ERROR) throw Truncated(path, "gzip");
    if (result != Z_OK && result != Z_STREAM_END) {
      throw Damaged(path, "gzip", stream.msg != nullptr ? stream.msg : "unknown format");
    }
  }
}

void Unxz(const std::string& path, std::string_view archive, Output& output) {
  lzma_stream stream = LZMA_STREAM_INIT;
  constexpr auto kNoLimit = std::numeric_limits<uint64_t>::max();
  if (lzma_stream_decoder(&stream, kNoLimit, LZMA_CONCATENATED) != LZMA_OK) throw std::bad_alloc();
  const std::unique_ptr<lzma_stream, decltype(&lzma_end)> guard(&stream, &lzma_end);
  stream.next_in = reinterpret_cast<const uint8_t*>(archive.data());
  stream.avail_in = archive.size();
  for (lzma_ret result = LZMA_OK; result != LZMA_STREAM_END;) {
    const std::size_t room = output.room();
    stream.next_out = reinterpret_cast<uint8_t*>(output.next());
    stream.avail_out = room;
    result = lzma_code(&stream, LZMA_FINISH);
    output.Advance(room - stream.avail_out);
    if (result == LZMA_MEM_ERROR) throw std::bad_alloc();
    if (result == LZMA_BUF_ERROR) throw Truncated(path, "xz");
    if (result == LZMA_FORMAT_ERROR) throw Damaged(path, "xz", "unknown format");
    if (result == LZMA_OPTIONS_ERROR) throw Damaged(path, "xz", "unknown options");
    if (result != LZMA_OK && result != LZMA_STREAM_END) throw Damaged(path, "xz", "wrong checksum");
  }
}

void Unzstd(const std::string& path, std::string_view archive, Output& output) {
  const std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context(ZSTD_createDCtx(),
                                                                     &ZSTD_freeDCtx);
  if (!context) throw std::bad_alloc();
  // Any window that the format allows: the whole content is held in memory anyway.
  ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, sizeof(void*) == 8 ? 31 : 30);
  ZSTD_inBuffer in = {archive.data(), archive.size(), 0};
  std::size_t missing = 1;  // 0 at the end of a frame
  while (in.pos < in.size || missing > 0) {
    const std::size_t room = output.room();
    ZSTD_outBuffer out = {output.next(), room, 0};
    const std::size_t before = in.pos;
    missing = ZSTD_decompressStream(context.get(), &out, &in);
    if (ZSTD_isError(missing)) throw Damaged(path, "zstd", ZSTD_getErrorName(missing));
    output.Advance(out.pos);
    if (missing > 0 && in.pos == before && out.pos == 0) throw Truncated(path, "zstd");
  }
}

}  // namespace

Compression DetectCompression(const std::string& path, std::string_view bytes) {
  using namespace std::string_view_literals;
  const std::string_view name = path;
  if (bytes.starts_with("\x1f\x8b"sv)) return Compression::kGzip;
  if (bytes.starts_with("\xfd"
                        "7zXZ\0"sv))
    return Compression::kXz;
  if (bytes.starts_with("\x28\xb5\x2f\xfd"sv)) return Compression::kZstd;
  if (name.ends_with(".gz")) return Compression::kGzip;
  if (name.ends_with(".xz")) return Compression::kXz;
  if (name.ends_with(".zst")) return Compression::kZstd;
  return Compression::kNone;
}

AlignedVector<char> Decompress(Compression compression,
                               const std::string& path,
                               std::string_view archive,
                               std::size_t padding) {
  Output output(archive.size());
  if (compression == Compression::kGzip) Gunzip(path, archive, output);
  if (compression == Compression::kXz) Unxz(path, archive, output);
  if (compression == Compression::kZstd) Unzstd(path, archive, output);
  return output.Finish(padding);
}

}  // namespace strads
