#pragma once

#include <string>
#include <string_view>

#include "strads/aligned_vector.h"

namespace strads {

enum class Compression { kNone, kGzip, kXz, kZstd };

// By the first bytes, or by .gz, .xz or .zst at the end of `path` when they say nothing.
Compression DetectCompression(const std::string& path, std::string_view bytes);

// The whole content of an archive of any number of members, followed by `padding` zero bytes.
// Throws kData "path: truncated archive, ..." or "path: damaged archive, ..."; checksums are
// verified. Memory: the size of the content, twice that while it grows.
AlignedVector<char> Decompress(Compression compression,
                               const std::string& path,
                               std::string_view archive,
                               std::size_t padding);

}  // namespace strads
