#pragma once

#include <cstddef>
#include <limits>
#include <new>

namespace weir {

/// Large tables that are read at random cost a walk of the page tables per look, unless their pages
/// are huge. Memory taken here asks for such ("transparent huge pages", madvise), and is plain
/// memory where the system has none.

inline constexpr std::size_t kHugePageBytes = std::size_t{2} << 20;  // Of x86-64 and arm64 Linux.

/// `bytes`, a multiple of kHugePageBytes, at a multiple of it; throws std::bad_alloc. Any thread.
void* takeHugePages(std::size_t bytes);
/// Gives back what takeHugePages() gave, with the same size.
void giveHugePages(void* pages, std::size_t bytes) noexcept;

/// For a container of one large array: huge pages from `kLeast` bytes on.
template <typename T>
class HugePageAllocator {
 public:
  using value_type = T;
  static constexpr std::size_t kLeast = 2 * kHugePageBytes;

  HugePageAllocator() = default;
  template <typename U>
  explicit HugePageAllocator(const HugePageAllocator<U>& /*other*/) {}

  T* allocate(std::size_t count) {
    if (count > (std::numeric_limits<std::size_t>::max() - kHugePageBytes) / sizeof(T)) {
      throw std::bad_array_new_length();
    }
    const std::size_t bytes = count * sizeof(T);
    return static_cast<T*>(bytes < kLeast ? ::operator new(bytes) : takeHugePages(rounded(bytes)));
  }
  void deallocate(T* array, std::size_t count) noexcept {
    const std::size_t bytes = count * sizeof(T);
    if (bytes < kLeast) {
      ::operator delete(array, bytes);
    } else {
      giveHugePages(array, rounded(bytes));
    }
  }
  friend bool operator==(const HugePageAllocator&, const HugePageAllocator&) { return true; }

 private:
  static std::size_t rounded(std::size_t bytes) {
    return (bytes + kHugePageBytes - 1) / kHugePageBytes * kHugePageBytes;
  }
};

}  // namespace weir
