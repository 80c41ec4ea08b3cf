#pragma once

#include <atomic>
#include <cstdint>

namespace weir::fs {

/// How many file operations a piece of work has begun or ended: whoever waits for it tells by this
/// whether it is slow or hangs. Threads: any.
class Progress {
 public:
  std::uint64_t operations() const { return operations_.load(std::memory_order_relaxed); }
  void note() { operations_.fetch_add(1, std::memory_order_relaxed); }

  /// The thread that makes it works for `progress` until it is destroyed there.
  class Scope {
   public:
    explicit Scope(Progress& progress);
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    Progress* before_;
  };

 private:
  std::atomic<std::uint64_t> operations_{0};
};

/// File systems call it around every operation; nothing happens outside of a Progress::Scope.
void noteProgress();

}  // namespace weir::fs
