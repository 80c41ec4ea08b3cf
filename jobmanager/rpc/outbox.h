#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>

#include <grpcpp/support/status.h>

namespace weir::jobmanager {

/// What waits to be written to one stream, and whose turn it is: gRPC allows one write at a time,
/// and the final status only after it. Decides only; the stream's reactor does what next() says,
/// outside of the lock. Messages need a ByteSizeLong().
///
/// Threads: any.
template <typename Message>
class Outbox {
 public:
  explicit Outbox(std::uint64_t most_bytes) : most_bytes_(most_bytes) {}

  /// What is to be done now: nothing, write `current()`, or finish with `status()`.
  enum class Step : std::uint8_t { kNothing, kWrite, kFinish };
  enum class Push : std::uint8_t { kQueued, kEnded, kFull };

  Push push(Message message) {
    const std::lock_guard lock(mutex_);
    if (status_) {
      return Push::kEnded;
    }
    const std::uint64_t bytes = message.ByteSizeLong();
    if (bytes_ != 0 && bytes_ + bytes > most_bytes_) {
      return Push::kFull;
    }
    bytes_ += bytes;
    messages_.push_back(std::move(message));
    return Push::kQueued;
  }

  /// Nothing is written before open(), which puts `first` in front.
  void open(std::optional<Message> first) {
    const std::lock_guard lock(mutex_);
    if (first) {
      bytes_ += first->ByteSizeLong();
      messages_.push_front(std::move(*first));
    }
    open_ = true;
  }

  /// No further messages; `status` follows those that wait, or at once when `drop` is set. Only the
  /// first call counts, but a later one may still drop.
  void end(grpc::Status status, bool drop) {
    const std::lock_guard lock(mutex_);
    if (!status_) {
      status_ = std::move(status);
    }
    open_ = true;
    if (drop) {
      messages_.clear();
    }
  }

  /// Claims the next step for the caller; every kWrite is followed by written().
  Step next() {
    const std::lock_guard lock(mutex_);
    if (busy_ || !open_ || finished_) {
      return Step::kNothing;
    }
    if (!messages_.empty()) {
      current_ = std::move(messages_.front());
      messages_.pop_front();
      busy_ = true;
      return Step::kWrite;
    }
    finished_ = status_.has_value();
    return finished_ ? Step::kFinish : Step::kNothing;
  }

  /// The write that next() asked for is over.
  void written() {
    const std::lock_guard lock(mutex_);
    bytes_ -= std::min<std::uint64_t>(bytes_, current_.ByteSizeLong());
    busy_ = false;
  }

  const Message& current() const { return current_; }      // Between kWrite and written().
  const grpc::Status& status() const { return *status_; }  // After kFinish.

 private:
  const std::uint64_t most_bytes_;
  std::mutex mutex_;
  std::deque<Message> messages_;
  Message current_;
  std::uint64_t bytes_ = 0;
  bool busy_ = false;
  bool open_ = false;
  bool finished_ = false;
  std::optional<grpc::Status> status_;
};

}  // namespace weir::jobmanager
