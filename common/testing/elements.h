#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "common/functions/checkpointed.h"
#include "common/functions/functions.h"
#include "common/functions/rich_function.h"
#include "common/functions/runtime_context.h"
#include "common/functions/source_function.h"
#include "common/windows/evictor.h"

/// What a job in a test reads and writes.
namespace weir::testing {

/// A source of given elements, which subtask i of n emits the i-th, i+n-th, ... of. Restored at any
/// parallelism, it goes on with those that were left.
template <typename T>
class ElementsSource : public RichSourceFunction<T>, public ListCheckpointed<std::uint64_t> {
 public:
  explicit ElementsSource(std::vector<Timestamped<T>> elements)
      : elements_(std::make_shared<const std::vector<Timestamped<T>>>(std::move(elements))) {}

  void open(RuntimeContext& context) override {
    if (restored_) {
      return;
    }
    const auto step = static_cast<std::size_t>(context.getNumberOfParallelSubtasks());
    for (auto i = static_cast<std::size_t>(context.getIndexOfThisSubtask()); i < elements_->size();
         i += step) {
      left_.push_back(i);
    }
  }
  InputStatus pollNext(SourceContext<T>& context) override {
    if (next_ == left_.size()) {
      return InputStatus::kEndOfInput;
    }
    const Timestamped<T>& one = (*elements_)[left_[next_++]];
    if (one.timestamp == kNoTimestamp) {
      context.collect(one.value);
    } else {
      context.collectWithTimestamp(one.value, one.timestamp);
    }
    return InputStatus::kMoreAvailable;
  }
  std::vector<std::uint64_t> snapshotState(std::uint64_t /*checkpoint*/) override {
    return {left_.begin() + static_cast<std::ptrdiff_t>(next_), left_.end()};
  }
  void restoreState(const std::vector<std::uint64_t>& left) override {
    restored_ = true;
    for (const std::uint64_t one : left) {
      if (one < elements_->size()) {  // The test may give fewer of them now.
        left_.push_back(one);
      }
    }
    std::ranges::sort(left_);
  }

 private:
  std::shared_ptr<const std::vector<Timestamped<T>>> elements_;  // Of all subtasks.
  std::vector<std::uint64_t> left_;                              // Places of those of this one.
  std::size_t next_ = 0;                                         // Among them.
  bool restored_ = false;
};

/// Elements without timestamps: `env.addSource(testing::source<int>({1, 2, 3}))`.
template <typename T>
ElementsSource<T> source(std::vector<T> elements) {
  std::vector<Timestamped<T>> all;
  for (std::size_t i = 0; i < elements.size(); ++i) {
    all.push_back({std::move(elements[i]), kNoTimestamp});
  }
  return ElementsSource<T>(std::move(all));
}
/// The same with timestamps: `testing::timestampedSource<int>({{1, 1000}, {2, 2000}})`.
template <typename T>
ElementsSource<T> timestampedSource(std::vector<Timestamped<T>> elements) {
  return ElementsSource<T>(std::move(elements));
}

/// Keeps what comes, of all subtasks and attempts of a job. Copies share it. Threads: any.
template <typename T>
class ElementsSink : public SinkFunction<T> {
 public:
  void invoke(const T& value) override {
    const std::lock_guard lock(kept_->mutex);
    kept_->values.push_back(value);
  }
  /// In the order they came.
  std::vector<T> values() const {
    const std::lock_guard lock(kept_->mutex);
    return kept_->values;
  }
  void clear() {
    const std::lock_guard lock(kept_->mutex);
    kept_->values.clear();
  }

 private:
  struct Kept {
    std::mutex mutex;
    std::vector<T> values;
  };
  std::shared_ptr<Kept> kept_ = std::make_shared<Kept>();  // Of all copies.
};

/// `auto sink = testing::sink<int>(); stream.addSink(sink);` and later `sink.values()`.
template <typename T>
ElementsSink<T> sink() {
  return {};
}

}  // namespace weir::testing
