#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

/// The way of answers from any thread to the operator that waits for them.
namespace weir::functions {

template <typename Out>
struct AsyncAnswer {
  std::vector<Out> values;
  std::exception_ptr failure;  ///< Null: the values are the answer.
};

/// Where answers lie until their operator takes them. Shared by the operator and all tickets, which
/// may outlive it. Threads: any.
template <typename Out>
class AsyncDesk {
 public:
  struct Answered {
    std::uint64_t number = 0;  ///< Of the record.
    AsyncAnswer<Out> answer;
  };

  explicit AsyncDesk(std::function<void()> waker) : waker_(std::move(waker)) {}

  void put(std::uint64_t number, AsyncAnswer<Out> answer) {
    {
      const std::lock_guard lock(mutex_);
      if (closed_) {
        return;
      }
      answered_.push_back({number, std::move(answer)});
      filled_.store(true, std::memory_order_release);
    }
    waker_();
  }
  bool filled() const { return filled_.load(std::memory_order_acquire); }
  std::vector<Answered> takeAll() {
    const std::lock_guard lock(mutex_);
    filled_.store(false, std::memory_order_relaxed);
    return std::exchange(answered_, {});
  }
  /// Answers are forgotten from now on.
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    answered_.clear();
    filled_.store(false, std::memory_order_relaxed);
  }

 private:
  std::function<void()> waker_;
  std::mutex mutex_;
  std::vector<Answered> answered_;
  std::atomic<bool> filled_{false};
  bool closed_ = false;
};

/// The right to answer to one record, once. Shared by the copies of a ResultFuture.
template <typename Out>
class AsyncTicket {
 public:
  AsyncTicket(std::shared_ptr<AsyncDesk<Out>> desk, std::uint64_t number)
      : desk_(std::move(desk)), number_(number) {}
  void answer(AsyncAnswer<Out> answer) {
    if (!used_.exchange(true)) {
      desk_->put(number_, std::move(answer));
    }
  }
  bool used() const { return used_; }

 private:
  std::shared_ptr<AsyncDesk<Out>> desk_;  // Shared with the operator.
  const std::uint64_t number_;
  std::atomic<bool> used_{false};
};

}  // namespace weir::functions
