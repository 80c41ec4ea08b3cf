#include "common/functions/feedback_channel.h"

#include <algorithm>

namespace weir::functions {

void FeedbackChannel::attachHead(std::function<void()> wake) {
  const std::lock_guard lock(mutex_);
  wake_ = std::move(wake);
  has_head_.store(true, std::memory_order_release);
}

void FeedbackChannel::detachHead() {
  const std::lock_guard lock(mutex_);
  wake_ = {};
}

/// What follows from the queue having changed. Under the lock.
void FeedbackChannel::settle() {
  has_some_.store(!queue_.empty() && !std::holds_alternative<Fence>(queue_.front()),
                  std::memory_order_release);
  waiting_.store(chunks_, std::memory_order_relaxed);
}

void FeedbackChannel::add(Held held) {
  queue_.push_back(std::move(held));
  settle();
}

/// Whether so much more stays in memory. What comes behind chunks of a file follows them there.
bool FeedbackChannel::fits(std::size_t bytes) const {
  return in_memory_ + bytes <= memory_ && spilled_ == 0;
}

std::shared_ptr<FeedbackChunk> FeedbackChannel::spilled(std::string_view bytes,
                                                        std::uint64_t records) {
  if (spill_ == nullptr || spill_->size() >= file_) {
    spill_ = std::make_shared<FeedbackSpill>();  // The one before goes with its last chunk.
  }
  const FeedbackSpill::Place place = spill_->append(bytes);
  ++spilled_;
  return std::make_shared<FeedbackChunk>(spill_, place, records);
}

std::shared_ptr<FeedbackChunk> FeedbackChannel::chunkOf(std::string bytes, std::uint64_t records) {
  auto chunk = fits(bytes.size()) ? std::make_shared<FeedbackChunk>(std::move(bytes), records)
                                  : spilled(bytes, records);
  in_memory_ += chunk->memory();
  ++chunks_;
  return chunk;
}

/// The last chunk goes to the file, where it only waited for more.
void FeedbackChannel::seal() {
  if (!gathers_) {
    return;
  }
  auto& last = std::get<0>(queue_.back());
  auto written = spilled(last->bytes(), last->records());
  in_memory_ -= last->memory();
  last = std::move(written);  // A snapshot that has it keeps what is in memory.
  gathers_ = false;
}

/// To the last chunk, if it takes more.
bool FeedbackChannel::append(std::string_view bytes, std::uint64_t records) {
  auto* last = queue_.empty() ? nullptr : std::get_if<0>(&queue_.back());
  if (last == nullptr || !open_.empty() || !(*last)->takes(bytes.size(), kLargestChunk) ||
      !(gathers_ || in_memory_ + bytes.size() <= memory_)) {
    return false;
  }
  (*last)->append(bytes, records);
  in_memory_ += bytes.size();
  return true;
}

void FeedbackChannel::push(std::string bytes, std::uint64_t records) {
  std::function<void()> wake;
  {
    const std::lock_guard lock(mutex_);
    if (!append(bytes, records)) {
      seal();
      if (open_.empty() && !fits(bytes.size()) && bytes.size() < kLargestChunk) {
        in_memory_ += bytes.size();
        ++chunks_;
        add(std::make_shared<FeedbackChunk>(std::move(bytes), records));
        gathers_ = true;
      } else {
        const auto chunk = chunkOf(std::move(bytes), records);
        for (const CheckpointId one : open_) {
          chunk->share();
          logs_[one].push_back(chunk);
        }
        add(chunk);
      }
    }
    wake = wake_;
  }
  if (wake) {
    wake();
  }
}

void FeedbackChannel::push(const LoopMark& mark) {
  std::function<void()> wake;
  {
    const std::lock_guard lock(mutex_);
    seal();
    add(mark);
    wake = wake_;
  }
  if (wake) {
    wake();
  }
}

std::optional<FeedbackChannel::Item> FeedbackChannel::take() {
  const std::lock_guard lock(mutex_);
  if (queue_.empty() || std::holds_alternative<Fence>(queue_.front())) {
    return std::nullopt;
  }
  Held held = std::move(queue_.front());
  queue_.pop_front();
  gathers_ = gathers_ && !queue_.empty();
  std::optional<Item> item;
  if (auto* chunk = std::get_if<0>(&held)) {
    in_memory_ -= (*chunk)->memory();
    --chunks_;
    if ((*chunk)->isSpilled() && --spilled_ == 0) {
      spill_.reset();  // The file goes with its last chunk that somebody holds.
    }
    item = std::shared_ptr<const FeedbackChunk>(std::move(*chunk));
  } else {
    item = std::get<LoopMark>(held);
  }
  settle();
  return item;
}

void FeedbackChannel::headBarrier(CheckpointId checkpoint) {
  const std::lock_guard lock(mutex_);
  FeedbackChunks& view = views_[checkpoint];
  head_seen_ = checkpoint;
  std::erase_if(aborted_, [&](CheckpointId one) { return one <= checkpoint; });
  std::erase_if(queue_, [&](const Held& held) {  // Of those that never came here.
    const auto* fence = std::get_if<Fence>(&held);
    return fence != nullptr && fence->checkpoint < checkpoint;
  });
  for (auto one = queue_.begin(); one != queue_.end(); ++one) {
    if (auto* chunk = std::get_if<0>(&*one)) {
      (*chunk)->share();
      view.push_back(*chunk);
    } else if (const auto* fence = std::get_if<Fence>(&*one);
               fence != nullptr && fence->checkpoint == checkpoint) {
      queue_.erase(one);
      return settle();
    }
  }
  open_.push_back(checkpoint);
  logs_[checkpoint];
}

void FeedbackChannel::tailBarrier(CheckpointId checkpoint) {
  const std::lock_guard lock(mutex_);
  if (std::erase(open_, checkpoint) == 0 && checkpoint > head_seen_ &&
      std::ranges::find(aborted_, checkpoint) == aborted_.end()) {
    seal();
    add(Fence{checkpoint});
  }
}

void FeedbackChannel::restoreFront(std::string bytes, std::uint64_t records) {
  const std::lock_guard lock(mutex_);
  queue_.insert(queue_.begin() + static_cast<std::ptrdiff_t>(restored_++),
                chunkOf(std::move(bytes), records));
  settle();
}

FeedbackChunks FeedbackChannel::takeView(CheckpointId checkpoint) {
  const std::lock_guard lock(mutex_);
  FeedbackChunks view = std::move(views_[checkpoint]);
  views_.erase(views_.begin(), views_.upper_bound(checkpoint));  // Older ones are given up.
  return view;
}

FeedbackChunks FeedbackChannel::takeLog(CheckpointId checkpoint) {
  const std::lock_guard lock(mutex_);
  FeedbackChunks log = std::move(logs_[checkpoint]);
  logs_.erase(checkpoint);
  return log;
}

void FeedbackChannel::abort(CheckpointId checkpoint) {
  std::function<void()> wake;
  {
    const std::lock_guard lock(mutex_);
    if (checkpoint > head_seen_) {
      aborted_.push_back(checkpoint);
    }
    views_.erase(checkpoint);
    logs_.erase(checkpoint);
    std::erase(open_, checkpoint);
    std::erase_if(queue_, [&](const Held& held) {
      const auto* fence = std::get_if<Fence>(&held);
      return fence != nullptr && fence->checkpoint == checkpoint;
    });
    settle();
    wake = wake_;
  }
  if (wake) {
    wake();
  }
}

std::shared_ptr<FeedbackChannel> FeedbackHub::at(AttemptId attempt, std::uint32_t subtask) {
  const std::lock_guard lock(mutex_);
  std::erase_if(channels_, [](const auto& one) { return one.second.expired(); });
  std::weak_ptr<FeedbackChannel>& known = channels_[{attempt, subtask}];
  auto channel = known.lock();
  if (channel == nullptr) {
    channel = std::make_shared<FeedbackChannel>();
    known = channel;
  }
  return channel;
}

}  // namespace weir::functions
