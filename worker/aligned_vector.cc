#include "strads/aligned_vector.h"

#include <sys/mman.h>

#include <cstdlib>
#include <limits>
#include <new>

namespace strads {

void* AllocateAligned(std::size_t bytes) {
  constexpr std::size_t kCacheLine = 64, kHugePage = std::size_t{2} << 20;
  if (bytes > std::numeric_limits<std::ptrdiff_t>::max()) throw std::bad_alloc();
  const bool huge = bytes >= kHugePage;
  const std::size_t alignment = huge ? kHugePage : kCacheLine;
  const std::size_t size = (bytes + alignment - 1) / alignment * alignment;
  void* memory = std::aligned_alloc(alignment, size);
  if (memory == nullptr) throw std::bad_alloc();
  // Only a hint: a kernel without huge pages refuses it and nothing else changes.
  if (huge) madvise(memory, size, MADV_HUGEPAGE);
  return memory;
}

void FreeAligned(void* memory) noexcept { std::free(memory); }

}  // namespace strads
