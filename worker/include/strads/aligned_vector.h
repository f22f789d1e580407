#pragma once

#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

namespace strads {

// Memory for AlignedVector: the start is a multiple of 64 bytes, large blocks ask for huge pages.
// Throws std::bad_alloc.
void* AllocateAligned(std::size_t bytes);
void FreeAligned(void* memory) noexcept;

// A std allocator of aligned memory that leaves new numbers unset instead of zeroing them, so that
// a large array is touched first by the thread that fills it.
template <class T>
struct AlignedAllocator {
  static_assert(std::is_trivially_copyable_v<T>);
  using value_type = T;

  AlignedAllocator() = default;
  template <class U>
  AlignedAllocator(const AlignedAllocator<U>&) noexcept {}

  T* allocate(std::size_t count) { return static_cast<T*>(AllocateAligned(count * sizeof(T))); }
  void deallocate(T* memory, std::size_t) noexcept { FreeAligned(memory); }

  void construct(T*) noexcept {}
  template <class... Args>
  void construct(T* at, Args&&... args) {
    std::construct_at(at, std::forward<Args>(args)...);
  }

  friend bool operator==(const AlignedAllocator&, const AlignedAllocator&) { return true; }
};

// A std::vector on a 64-byte boundary whose resize(n) leaves the new elements unset; resize(n, T{})
// sets them.
template <class T>
using AlignedVector = std::vector<T, AlignedAllocator<T>>;

}  // namespace strads
