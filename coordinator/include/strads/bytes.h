#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <string_view>
#include <utility>

namespace strads {

// An immutable run of bytes with shared ownership: what messages are packed into, sent from,
// resent from and received in, without a copy in between. Copying a Bytes shares its memory.
class Bytes {
 public:
  Bytes() = default;
  Bytes(std::shared_ptr<const void> owner, const char* data, size_t size)
      : owner_(std::move(owner)), data_(data), size_(size) {}

  // Copies `text` into memory of its own.
  static Bytes Copy(std::string_view text) {
    if (text.empty()) return {};
    auto memory = std::make_shared_for_overwrite<char[]>(text.size());
    std::memcpy(memory.get(), text.data(), text.size());
    const char* data = memory.get();
    return {std::move(memory), data, text.size()};
  }

  const char* data() const { return data_; }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::string_view view() const { return {data_, size_}; }
  const std::shared_ptr<const void>& owner() const { return owner_; }

  // The bytes [offset, offset + count) of this one, sharing its memory; the caller keeps them
  // inside.
  Bytes Slice(size_t offset, size_t count) const { return {owner_, data_ + offset, count}; }

 private:
  std::shared_ptr<const void> owner_;
  const char* data_ = nullptr;
  size_t size_ = 0;
};

// Grows as it is written and is not zeroed first; Finish() gives its bytes away.
class ByteWriter {
 public:
  void Reserve(size_t capacity) {
    if (capacity <= capacity_) return;
    char* grown = static_cast<char*>(std::realloc(data_.get(), capacity));
    if (grown == nullptr) throw std::bad_alloc();
    (void)data_.release();
    data_.reset(grown);
    capacity_ = capacity;
  }

  // The name and shape that msgpack's packer expects of a stream.
  void write(const char* from, size_t count) {
    if (count == 0) return;
    if (size_ + count > capacity_)
      Reserve(size_ + count > 2 * capacity_ ? size_ + count : 2 * capacity_);
    std::memcpy(data_.get() + size_, from, count);
    size_ += count;
  }

  size_t size() const { return size_; }

  Bytes Finish() {
    const char* begin = data_.get();
    const size_t size = std::exchange(size_, 0);
    capacity_ = 0;
    return {std::shared_ptr<const void>(data_.release(), std::free), begin, size};
  }

 private:
  struct Free {
    void operator()(char* p) const { std::free(p); }
  };
  std::unique_ptr<char, Free> data_;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace strads
