#include "common/base/huge_pages.h"

#include <cstdint>

#include <sys/mman.h>

namespace weir {

// The leak checker does not look for pointers in memory that is not the allocator's.
#if defined(__SANITIZE_ADDRESS__)

void* takeHugePages(std::size_t bytes) {
  return ::operator new(bytes, std::align_val_t(kHugePageBytes));
}

void giveHugePages(void* pages, std::size_t bytes) noexcept {
  ::operator delete(pages, bytes, std::align_val_t(kHugePageBytes));
}

#else

void* takeHugePages(std::size_t bytes) {
  // A page more, as the system does not align: what stands over goes back at once.
  const std::size_t mapped = bytes + kHugePageBytes;
  void* const at =
      ::mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (at == MAP_FAILED) {
    throw std::bad_alloc();
  }
  auto* const begin = static_cast<std::byte*>(at);
  const std::size_t over = reinterpret_cast<std::uintptr_t>(at) % kHugePageBytes;
  const std::size_t before = over == 0 ? 0 : kHugePageBytes - over;
  if (before != 0) {
    ::munmap(begin, before);
  }
  ::munmap(begin + before + bytes, kHugePageBytes - before);
  ::madvise(begin + before, bytes, MADV_HUGEPAGE);  // Without them it is slower, and as good.
  return begin + before;
}

void giveHugePages(void* pages, std::size_t bytes) noexcept { ::munmap(pages, bytes); }

#endif

}  // namespace weir
