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
    if (in_pages_ + others_ < kFew) {
      void* const segment = ::operator new(bytes_);
      ++others_;
      return segment;
    }
    if (open_.empty()) {
      addPage();
    }
    Page& page = *open_.back();
    void* const segment = page.free.back();
    page.free.pop_back();
    if (page.free.empty()) {
      open_.pop_back();
      page.open = false;
    }
    ++in_pages_;
    return segment;
  }

  void give(void* segment) noexcept {
    const std::lock_guard lock(mutex_);
    const auto found = pages_.find(reinterpret_cast<std::uintptr_t>(segment) / kHugePageBytes);
    if (found == pages_.end()) {
      --others_;
      ::operator delete(segment, bytes_);
      return;
    }
    Page& page = *found->second;
    page.free.push_back(segment);  // Within its capacity.
    --in_pages_;
    if (page.free.size() == perPage() && open_.size() > (page.open ? 1 : 0)) {
      close(page);
      giveHugePages(page.begin, kHugePageBytes);
      pages_.erase(found);
    } else if (!page.open) {
      open_.push_back(&page);  // Within its capacity.
      page.open = true;
    }
  }

 private:
  struct Page {
    std::byte* begin = nullptr;
    std::vector<void*> free;  // Where no segment stands.
    bool open = false;        // Stands in open_.
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
    page->open = true;
    open_.push_back(page.get());
    pages_.emplace(reinterpret_cast<std::uintptr_t>(page->begin) / kHugePageBytes, std::move(page));
  }

  void close(Page& page) {
    if (page.open) {
      std::erase(open_, &page);
    }
  }

  const std::size_t bytes_;  // Of a segment.
  std::mutex mutex_;
  std::map<std::uintptr_t, std::unique_ptr<Page>> pages_;  // By address, in huge pages.
  std::vector<Page*> open_;                                // With room.
  std::size_t in_pages_ = 0;
  std::size_t others_ = 0;
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
