#pragma once

// The source of jobs whose output can be counted: the numbers below N, each once, from wherever a
// restore has left them.
#include <chrono>
#include <cstdint>
#include <vector>

#include <weir/weir.h>

struct Position {
  std::int64_t step = 1;
  std::int64_t next = 0;
};

// Emits 0 ... count-1 over all subtasks, at `rate` a second each (0: as fast as it can).
class Numbers : public weir::RichSourceFunction<std::int64_t>,
                public weir::ListCheckpointed<Position> {
 public:
  Numbers(std::int64_t count, std::int64_t rate) : count_(count), rate_(rate) {}

  std::vector<Position> snapshotState(std::uint64_t /*checkpoint*/) override { return splits_; }
  void restoreState(const std::vector<Position>& splits) override {
    splits_ = splits;
    restored_ = true;
  }
  void open(weir::RuntimeContext& context) override {
    if (!restored_) {
      splits_.push_back({context.getNumberOfParallelSubtasks(), context.getIndexOfThisSubtask()});
    }
    start_ = std::chrono::steady_clock::now();
  }
  weir::InputStatus pollNext(weir::SourceContext<std::int64_t>& context) override {
    bool more = false;
    for (Position& split : splits_) {
      if (split.next >= count_) {
        continue;
      }
      more = true;
      if (rate_ > 0) {
        const auto due = start_ + std::chrono::nanoseconds(emitted_ * 1'000'000'000 / rate_);
        if (due > std::chrono::steady_clock::now()) {
          context.pollAgainAt(due);
          return weir::InputStatus::kNothingAvailable;
        }
      }
      context.collect(split.next);
      split.next += split.step;
      ++emitted_;
    }
    return more ? weir::InputStatus::kMoreAvailable : weir::InputStatus::kEndOfInput;
  }

 private:
  std::int64_t count_;
  std::int64_t rate_;
  std::int64_t emitted_ = 0;
  bool restored_ = false;
  std::vector<Position> splits_;
  std::chrono::steady_clock::time_point start_;
};
