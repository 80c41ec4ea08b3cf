#include "common/state/segment_memory.h"

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <vector>

#include "common/base/huge_pages.h"

namespace weir::state {
namespace {

/// Segments of one size that come from the allocator before a page is taken for them.
constexpr std::size_t kFew = 64;
/// Of larger ones few stand in a page, and what is left at its end is lost.
constexpr std::size_t kLargest = kHugePageBytes / 16;

/// Segments of one size.
class Pages {
 public:
  explicit Pages(std::size_t bytes) : bytes_(bytes) {}

  void* take() {
    const std::lock_guard lock(mutex_);
    void* segment = nullptr;
    if (taken_ < kFew) {
      segment = ::operator new(bytes_);
    } else {
      if (open_.empty()) {
        addPage();
      }
      std::vector<void*>& free = open_.back()->free;
      segment = free.back();
      free.pop_back();
      if (free.empty()) {
        open_.pop_back();
      }
    }
    ++taken_;
    return segment;
  }

  void give(void* segment) noexcept {
    const std::lock_guard lock(mutex_);
    --taken_;
    const auto found = pages_.find(reinterpret_cast<std::uintptr_t>(segment) / kHugePageBytes);
    if (found == pages_.end()) {
      ::operator delete(segment, bytes_);
      return;
    }
    Page& page = *found->second;
    if (page.free.empty()) {
      open_.push_back(&page);  // Within its capacity, as is the next.
    }
    page.free.push_back(segment);
    if (page.free.size() == perPage() && open_.size() > 1) {
      std::erase(open_, &page);
      giveHugePages(page.begin, kHugePageBytes);
      pages_.erase(found);
    }
  }

 private:
  struct Page {
    std::byte* begin = nullptr;
    std::vector<void*> free;  // Where no segment stands.
  };

  std::size_t perPage() const { return kHugePageBytes / bytes_; }

  void addPage() {
    auto page = std::make_unique<Page>();
    page->free.reserve(perPage());
    open_.reserve(pages_.size() + 1);
    page->begin = static_cast<std::byte*>(takeHugePages(kHugePageBytes));
    for (std::size_t at = perPage(); at-- > 0;) {
      page->free.push_back(page->begin + at * bytes_);
    }
    open_.push_back(page.get());
    pages_.emplace(reinterpret_cast<std::uintptr_t>(page->begin) / kHugePageBytes, std::move(page));
  }

  const std::size_t bytes_;  // Of a segment.
  std::mutex mutex_;
  std::map<std::uintptr_t, std::unique_ptr<Page>> pages_;  // By address, in huge pages.
  std::vector<Page*> open_;                                // All with room.
  std::size_t taken_ = 0;                                  // In pages or not.
};

/// By size, of which there are as many as types of cells. Never destroyed: views of state may be
/// let go of by threads that end late.
Pages& pagesOf(std::size_t bytes) {
  static std::mutex& mutex = *new std::mutex;
  static auto& all = *new std::map<std::size_t, Pages>;
  const std::lock_guard lock(mutex);
  return all.try_emplace(bytes, bytes).first->second;
}

}  // namespace

void* takeSegment(std::size_t bytes) {
  return bytes > kLargest ? ::operator new(bytes) : pagesOf(bytes).take();
}

void giveSegment(void* segment, std::size_t bytes) noexcept {
  if (bytes > kLargest) {
    ::operator delete(segment, bytes);
  } else {
    pagesOf(bytes).give(segment);
  }
}

}  // namespace weir::state
