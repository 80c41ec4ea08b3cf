#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "common/base/ids.h"
#include "common/functions/element.h"
#include "common/functions/feedback_spill.h"

namespace weir::functions {

/// Records on their way back, encoded one after another, each with its timestamp. Once others hold
/// it, it does not change.
class FeedbackChunk {
 public:
  FeedbackChunk(std::string bytes, std::uint64_t records)
      : bytes_(std::move(bytes)), records_(records) {}
  FeedbackChunk(std::shared_ptr<FeedbackSpill> spill, FeedbackSpill::Place place, std::uint64_t n)
      : spill_(std::move(spill)), place_(place), records_(n) {}
  std::uint64_t records() const { return records_; }
  std::uint64_t memory() const { return bytes_.size(); }
  bool isSpilled() const { return spill_ != nullptr; }
  /// Throws std::runtime_error where they cannot be read back.
  std::string bytes() const { return spill_ == nullptr ? bytes_ : spill_->read(place_); }
  /// From now on it does not change.
  void share() { shared_ = true; }
  bool takes(std::size_t more, std::size_t most) const {
    return !shared_ && spill_ == nullptr && bytes_.size() + more <= most;
  }
  void append(std::string_view bytes, std::uint64_t records) {
    bytes_ += bytes;
    records_ += records;
  }

 private:
  bool shared_ = false;  // Under the channel's lock, as are changes.
  std::string bytes_;
  std::shared_ptr<FeedbackSpill> spill_;  // Shared with the chunks beside it; null: in memory.
  FeedbackSpill::Place place_;
  std::uint64_t records_;
};
using FeedbackChunks = std::vector<std::shared_ptr<const FeedbackChunk>>;

/// The way back of an iteration, from the tail's subtask to that of the head with the same number,
/// which run in one process. It takes whatever comes and never makes the tail wait: so the head
/// always may, and the loop cannot come to a halt because all of it is full. What exceeds its
/// memory lies in files, each of which goes once all of it was taken.
///
/// A snapshot has what stood here when its barrier passed the head (a view), and what came between
/// that and the barrier at the tail (a log). Where the barrier comes to the tail first, what comes
/// behind it waits until the head has seen it, too.
///
/// Shared by head and tail. Threads: any.
class FeedbackChannel {
 public:
  static constexpr std::uint64_t kMemory = 32 << 20;      // Before it goes to the file.
  static constexpr std::size_t kLargestChunk = 32 << 10;  // That more is appended to.
  static constexpr std::uint64_t kFile = 128 << 20;       // Before another one is begun.

  explicit FeedbackChannel(std::uint64_t memory = kMemory, std::uint64_t file = kFile)
      : memory_(memory), file_(file) {}

  // The head.
  /// `wake` is called when there is something to take, until it is detached.
  void attachHead(std::function<void()> wake);
  void detachHead();
  bool hasHead() const { return has_head_.load(std::memory_order_acquire); }
  bool hasSome() const { return has_some_.load(std::memory_order_acquire); }
  /// Chunks that wait here.
  std::uint64_t waiting() const { return waiting_.load(std::memory_order_relaxed); }
  using Item = std::variant<std::shared_ptr<const FeedbackChunk>, LoopMark>;
  /// The next one in order, if it may be taken.
  std::optional<Item> take();
  void headBarrier(CheckpointId checkpoint);
  FeedbackChunks takeView(CheckpointId checkpoint);
  /// What a snapshot had here, in front of what it had at the tail.
  void restoreFront(std::string bytes, std::uint64_t records);

  // The tail.
  // All throw std::runtime_error where a file cannot be written.
  void push(std::string bytes, std::uint64_t records);
  void push(const LoopMark& mark);
  void tailBarrier(CheckpointId checkpoint);
  FeedbackChunks takeLog(CheckpointId checkpoint);

  void abort(CheckpointId checkpoint);

 private:
  struct Fence {  // The barrier has been at the tail, and not at the head.
    CheckpointId checkpoint;
  };
  using Held = std::variant<std::shared_ptr<FeedbackChunk>, LoopMark, Fence>;

  void add(Held held);
  void settle();
  bool fits(std::size_t bytes) const;
  bool append(std::string_view bytes, std::uint64_t records);
  void seal();
  std::shared_ptr<FeedbackChunk> spilled(std::string_view bytes, std::uint64_t records);
  std::shared_ptr<FeedbackChunk> chunkOf(std::string bytes, std::uint64_t records);

  const std::uint64_t memory_;
  const std::uint64_t file_;
  std::mutex mutex_;
  std::function<void()> wake_;
  std::deque<Held> queue_;
  std::uint64_t in_memory_ = 0;                   // Bytes of queue_.
  bool gathers_ = false;                          // The last chunk goes to a file once it is full.
  std::shared_ptr<FeedbackSpill> spill_;          // Of the last chunks; null: all are in memory.
  std::uint64_t chunks_ = 0;                      // Of queue_.
  std::uint64_t spilled_ = 0;                     // Those of them that lie in a file.
  std::map<CheckpointId, FeedbackChunks> views_;  // That the head has seen, and not taken.
  std::map<CheckpointId, FeedbackChunks> logs_;   // Between head and tail, or not taken.
  std::vector<CheckpointId> open_;                // Of the logs: the tail has not seen them.
  CheckpointId head_seen_;                        // The newest barrier.
  std::vector<CheckpointId> aborted_;             // Newer than that.
  std::size_t restored_ = 0;                      // In front of the queue.
  std::atomic<bool> has_head_{false};
  std::atomic<bool> has_some_{false};
  std::atomic<std::uint64_t> waiting_{0};
};

/// The channels of one iteration in one process, by attempt and subtask. Shared by the factories of
/// its head and tail. Threads: any.
class FeedbackHub {
 public:
  std::shared_ptr<FeedbackChannel> at(AttemptId attempt, std::uint32_t subtask);

 private:
  std::mutex mutex_;
  std::map<std::pair<AttemptId, std::uint32_t>, std::weak_ptr<FeedbackChannel>> channels_;
};

}  // namespace weir::functions
