#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>
#include <utility>

namespace weir::concurrency {

/// No new work, wait for the old: what an ordered stop is made of.
///
/// Work holds a Pass while it runs; close() refuses new passes and waits until all are given back.
/// The gate must outlive its passes. Threads: any; close() not while holding a pass.
class Gate {
 public:
  class Pass {
   public:
    Pass(Pass&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)) {}
    Pass& operator=(Pass&& other) noexcept {
      std::swap(gate_, other.gate_);
      return *this;
    }
    ~Pass() {
      if (gate_ != nullptr) {
        gate_->leave();
      }
    }

   private:
    friend class Gate;
    explicit Pass(Gate& gate) : gate_(&gate) {}
    Gate* gate_;
  };

  Gate() = default;
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  /// A pass, or nullopt once the gate is closed.
  std::optional<Pass> enter() {
    std::lock_guard lock(mutex_);
    if (closed_) {
      return std::nullopt;
    }
    ++inside_;
    return Pass(*this);
  }

  /// Closes and waits for everybody inside. Idempotent.
  void close() {
    std::unique_lock lock(mutex_);
    closed_ = true;
    empty_.wait(lock, [&] { return inside_ == 0; });
  }

  bool closed() const {
    std::lock_guard lock(mutex_);
    return closed_;
  }

 private:
  void leave() {
    std::lock_guard lock(mutex_);
    if (--inside_ == 0) {
      empty_.notify_all();  // Under the lock: close() may destroy the gate right after.
    }
  }

  mutable std::mutex mutex_;
  std::condition_variable empty_;
  std::size_t inside_ = 0;
  bool closed_ = false;
};

}  // namespace weir::concurrency
