#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <memory>
#include <utility>
#include <vector>

#include "common/testing/harness.h"
#include "common/windows/window_operator.h"
#include "tests/model/window_model.h"

/// A window operator without a task around it, and functions that give what the model does.
namespace weir::model {

/// The window as the model knows it.
inline std::pair<std::int64_t, std::int64_t> boundsOf(const TimeWindow& window) {
  return {window.start, window.end};
}
inline std::pair<std::int64_t, std::int64_t> boundsOf(const GlobalWindow& /*window*/) {
  return {kBegin, kEnd};
}

struct KeyOfElement {
  int operator()(const Element& one) const { return one.key; }
};

/// Gives all elements of a window.
template <typename W>
struct ListsIds {
  void operator()(const int& key,
                  const W& window,
                  Iterable<Element>& elements,
                  Collector<Result>& out) const {
    const auto [start, end] = boundsOf(window);
    Result result{key, start, end, {}};
    for (const Element& one : elements) {
      result.ids.push_back(one.id);
    }
    out.collect(result);
  }
};

/// Gives what CollectsIds has collected.
template <typename W>
struct PassesIds {
  void operator()(const int& key,
                  const W& window,
                  Iterable<std::vector<std::int64_t>>& elements,
                  Collector<Result>& out) const {
    const auto [start, end] = boundsOf(window);
    out.collect(Result{key, start, end, elements.front()});
  }
};
struct CollectsIds
    : AggregateFunction<Element, std::vector<std::int64_t>, std::vector<std::int64_t>> {
  using Ids = std::vector<std::int64_t>;
  Ids createAccumulator() override { return {}; }
  void add(const Element& one, Ids& ids) override { ids.push_back(one.id); }
  Ids getResult(const Ids& ids) override { return ids; }
  Ids merge(const Ids& a, const Ids& b) override {
    Ids both = a;
    both.insert(both.end(), b.begin(), b.end());
    return both;
  }
};

/// One subtask of a window operator.
template <typename P>
class Subtask final : public testing::Harness<Result, int> {
 public:
  explicit Subtask(const windows::WindowRunner<P>& runner)
      : testing::Harness<Result, int>(
            [runner] {
              return std::make_unique<windows::WindowOperator<P, KeyOfElement>>(runner,
                                                                                KeyOfElement{});
            },
            1) {
    setMaxParallelism(128);
  }
  /// Comes with others, in one batch.
  void element(const Element& one) {
    batch_.records.push_back(one);
    batch_.timestamps.push_back(one.timestamp);
  }
  void sendBatch() {
    if (!batch_.records.empty()) {
      send(0, batch_);
      batch_ = {};
    }
  }
  std::vector<Element> takeLate() {
    std::vector<Element> late = sideOutput(OutputTag<Element>("late"));
    sides_.clear();
    return late;
  }

 private:
  Batch<Element> batch_;
};

/// The subtasks of a window operator, in the test kit.
template <typename P>
class Subtasks {
 public:
  explicit Subtasks(const windows::WindowRunner<P>& runner) : runner_(runner) { add(nullptr); }

  void element(const Element& one) {
    for (const auto& subtask : running_) {
      if (subtask->owns(one.key)) {
        subtask->element(one);
      }
    }
  }
  /// The elements that came since the last time, to each subtask in one batch.
  void sendBatches() {
    for (const auto& subtask : running_) {
      subtask->sendBatch();
    }
  }
  void watermark(std::int64_t time) {
    for (const auto& subtask : running_) {
      subtask->watermark(time);
    }
  }
  void clock(std::int64_t time) {
    now_ = time;
    for (const auto& subtask : running_) {
      subtask->setProcessingTime(time);
    }
  }
  void restart(std::uint32_t parallelism) {
    std::vector<testing::Snapshot> snapshots;
    for (const auto& subtask : running_) {
      snapshots.push_back(subtask->snapshot());
    }
    left_ = takeResults();
    running_.clear();
    for (const testing::Snapshot& part :
         testing::split(testing::merge(snapshots), static_cast<int>(parallelism))) {
      add(&part);
    }
  }
  std::vector<Result> takeResults() {
    std::vector<Result> all = std::move(left_);
    left_.clear();
    for (const auto& subtask : running_) {
      std::ranges::move(subtask->takeOutput(), std::back_inserter(all));
    }
    return all;
  }
  std::vector<std::int64_t> takeDropped() {
    std::vector<std::int64_t> all;
    for (const auto& subtask : running_) {
      for (const Element& one : subtask->takeLate()) {
        all.push_back(one.id);
      }
    }
    return all;
  }
  /// Cells that hold something, of all states.
  std::uint64_t held() {
    std::uint64_t count = 0;
    for (const auto& subtask : running_) {
      count += subtask->stateEntries();
    }
    return count;
  }

 private:
  void add(const testing::Snapshot* from) {
    running_.push_back(std::make_unique<Subtask<P>>(runner_));
    Subtask<P>& subtask = *running_.back();
    if (from != nullptr) {
      subtask.restore(*from);
    }
    if (now_ != kBegin) {
      subtask.setProcessingTime(now_);
    }
    subtask.open();
  }

  windows::WindowRunner<P> runner_;
  std::int64_t now_ = kBegin;
  std::vector<std::unique_ptr<Subtask<P>>> running_;
  std::vector<Result> left_;
};

}  // namespace weir::model
