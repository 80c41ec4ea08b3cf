#pragma once

#include <cstddef>
#include <deque>
#include <vector>

#include "jobmanager/checkpoint/checkpoint_view.h"

namespace weir::jobmanager {

/// What became of a job's last checkpoints and savepoints. Threads: the strand.
class CheckpointHistory {
 public:
  explicit CheckpointHistory(std::size_t most) : most_(most) {}

  void begin(CheckpointView view) {
    views_.push_front(std::move(view));
    if (views_.size() > most_) {
      views_.pop_back();
    }
  }
  /// nullptr when it is forgotten.
  CheckpointView* find(CheckpointId id) {
    for (CheckpointView& view : views_) {
      if (view.id == id) {
        return &view;
      }
    }
    return nullptr;
  }
  void countCompleted() { ++completed_; }
  void countFailed() { ++failed_; }

  /// Newest first.
  std::vector<CheckpointView> views() const { return {views_.begin(), views_.end()}; }
  std::uint64_t completed() const { return completed_; }
  std::uint64_t failed() const { return failed_; }

 private:
  std::size_t most_;
  std::deque<CheckpointView> views_;
  std::uint64_t completed_ = 0;
  std::uint64_t failed_ = 0;
};

}  // namespace weir::jobmanager
