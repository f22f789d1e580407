#include "worker/text_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "strads/error.h"
#include "worker/decompress.h"

namespace strads {
namespace {

Error CannotOpen(const std::string& path, int error) {
  return DataError(path + ": cannot be opened: " + std::generic_category().message(error));
}

class FileDescriptor {
 public:
  explicit FileDescriptor(const std::string& path)
      : file_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (file_ < 0) throw CannotOpen(path, errno);
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  ~FileDescriptor() { close(file_); }
  int get() const { return file_; }

 private:
  int file_;
};

}  // namespace

void UnmapMemory::operator()(char* memory) const { munmap(memory, length); }

TextFile::TextFile(std::string path) : path_(std::move(path)) {
  const FileDescriptor file(path_);
  struct stat status = {};
  if (fstat(file.get(), &status) != 0) throw CannotOpen(path_, errno);
  if (S_ISDIR(status.st_mode)) throw CannotOpen(path_, EISDIR);
  if (S_ISREG(status.st_mode)) {
    Map(file.get(), static_cast<std::size_t>(status.st_size));
  } else {
    ReadAll(file.get());
  }
  const Compression compression = DetectCompression(path_, text_);
  if (compression != Compression::kNone) {
    buffer_ = Decompress(compression, path_, text_, kPadding);
    text_ = {buffer_.data(), buffer_.size() - kPadding};
    mapping_.reset();
  }
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (text_.starts_with(kByteOrderMark)) text_.remove_prefix(kByteOrderMark.size());
}

// Reserves one page more than the file and lays the file over the front: the padding is there even
// when the file fills its last page.
void TextFile::Map(int file, std::size_t size) {
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  const std::size_t length = size + page;
  void* const memory = mmap(nullptr, length, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw CannotOpen(path_, errno);
  mapping_ = std::unique_ptr<char, UnmapMemory>(static_cast<char*>(memory), UnmapMemory{length});
  if (size > 0) {
    if (mmap(memory, size, PROT_READ, MAP_PRIVATE | MAP_FIXED, file, 0) == MAP_FAILED) {
      throw CannotOpen(path_, errno);
    }
    madvise(memory, size, MADV_SEQUENTIAL);
  }
  text_ = {mapping_.get(), size};
}

void TextFile::Forget(std::string_view part) const {
  if (mapping_ == nullptr) return;
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  const auto offset = static_cast<std::size_t>(part.data() - mapping_.get());
  const std::size_t first = (offset + page - 1) / page * page;
  const std::size_t last = (offset + part.size()) / page * page;
  if (first < last) madvise(mapping_.get() + first, last - first, MADV_DONTNEED);
}

void TextFile::ReadAll(int file) {
  std::size_t size = 0;
  for (;;) {
    if (size == buffer_.size()) buffer_.resize(2 * size + (1 << 16));
    const ssize_t count = read(file, buffer_.data() + size, buffer_.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw CannotOpen(path_, errno);
    if (count == 0) break;
    size += static_cast<std::size_t>(count);
  }
  buffer_.resize(size);
  buffer_.resize(size + kPadding, '\0');
  text_ = {buffer_.data(), size};
}

}  // namespace strads
