#pragma once

#include <atomic>
#include <cstdint>

namespace weir::worker {

/// What the backends of a worker may hold in memory together, in equal shares: that of one changes
/// when others come and go. Safe from any thread; outlives the shares.
class CacheBudget {
 public:
  explicit CacheBudget(std::uint64_t bytes) : bytes_(bytes) {}

  class Share {
   public:
    explicit Share(CacheBudget& budget) : budget_(budget) { budget_.shares_.fetch_add(1); }
    ~Share() { budget_.shares_.fetch_sub(1); }
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;
    std::uint64_t bytes() const {
      return budget_.bytes_ / budget_.shares_.load(std::memory_order_relaxed);
    }

   private:
    CacheBudget& budget_;
  };

 private:
  const std::uint64_t bytes_;
  std::atomic<std::uint64_t> shares_{0};
};

}  // namespace weir::worker
