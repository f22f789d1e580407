#include "coordinator/wire/input_files.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace strads::wire {
namespace {

constexpr int64_t kSampleBytes = int64_t{64} << 10;

// FNV-1a, which is the same on all machines.
uint64_t Hash(const std::string& bytes, uint64_t hash) {
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

}  // namespace

InputFiles LookAt(const std::vector<std::string>& paths) {
  InputFiles files;
  for (const std::string& path : paths) {
    std::error_code error;
    const bool is_file = std::filesystem::is_regular_file(path, error);
    std::ifstream file(is_file ? path : std::string(), std::ios::binary | std::ios::ate);
    const int64_t size = file ? static_cast<int64_t>(file.tellg()) : -1;
    uint64_t hash = 0xcbf29ce484222325;
    for (const int64_t begin : {int64_t{0}, std::max<int64_t>(0, size - kSampleBytes)}) {
      std::string bytes(static_cast<size_t>(std::clamp<int64_t>(size, 0, kSampleBytes)), '\0');
      file.seekg(begin);
      file.read(bytes.data(), std::ssize(bytes));
      hash = Hash(bytes, hash);
    }
    files.sizes.push_back(size);
    files.samples.push_back(hash);
  }
  return files;
}

int FirstDifference(const InputFiles& a, const InputFiles& b) {
  const size_t count =
      std::min({a.sizes.size(), b.sizes.size(), a.samples.size(), b.samples.size()});
  for (size_t i = 0; i < count; ++i) {
    const bool both = a.sizes[i] >= 0 && b.sizes[i] >= 0;
    if (both && (a.sizes[i] != b.sizes[i] || a.samples[i] != b.samples[i]))
      return static_cast<int>(i);
  }
  return -1;
}

}  // namespace strads::wire
