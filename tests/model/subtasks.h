#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "common/windows/window_operator.h"
#include "tests/model/window_model.h"
#include "tests/unit/common/functions/fakes.h"

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

/// The subtasks of a window operator, without tasks around them.
template <typename P>
class Subtasks {
  using Operator = windows::WindowOperator<P, KeyOfElement>;

 public:
  explicit Subtasks(const windows::WindowRunner<P>& runner) : runner_(runner) { start(1, nullptr); }

  void element(const Element& one) {
    const std::uint32_t group = keyGroupOf(keyHash(one.key), 128);
    for (const auto& subtask : running_) {
      if (keyGroupRangeOf(subtask->index, parallelism_, 128).contains(group)) {
        auto batch = functions::batchOf<Element>({one}, {one.timestamp});
        subtask->op.receive(batch);
      }
    }
  }
  void watermark(std::int64_t time) {
    for (const auto& subtask : running_) {
      subtask->op.receive(functions::Signal(functions::Watermark{time}));
    }
  }
  void clock(std::int64_t time) {
    now_ = time;
    for (const auto& subtask : running_) {
      subtask->context.time().advanceTo(time);
    }
  }
  void restart(std::uint32_t parallelism) {
    functions::Snapshots snapshots;
    for (const auto& subtask : running_) {
      snapshots.take(subtask->op, subtask->index);
    }
    start(parallelism, &snapshots);
  }
  std::vector<Result> takeResults() {
    std::vector<Result> all = std::move(left_);
    left_.clear();
    for (const auto& subtask : running_) {
      all.insert(all.end(), subtask->out.records.begin(), subtask->out.records.end());
      subtask->out.records.clear();
    }
    return all;
  }
  std::vector<std::int64_t> takeDropped() {
    std::vector<std::int64_t> all;
    for (const auto& subtask : running_) {
      for (const Element& one : subtask->late.records) {
        all.push_back(one.id);
      }
      subtask->late.records.clear();
    }
    return all;
  }
  /// Cells that hold something, of all states.
  std::uint64_t held() {
    std::uint64_t count = 0;
    for (const auto& subtask : running_) {
      functions::Snapshots snapshots;
      snapshots.take(subtask->op, subtask->index);
      const auto restored = snapshots.restoreFor(subtask->context.task());
      for (const auto& part : restored.sections) {
        for (const auto& state : part.section->states()) {
          count += state.entries;
        }
      }
    }
    return count;
  }

 private:
  struct Subtask {
    Subtask(std::uint32_t index_of, std::uint32_t parallelism, windows::WindowRunner<P> runner)
        : index(index_of), context(index_of, parallelism), op(std::move(runner), KeyOfElement{}) {
      op.setup(context);
      op.addOutput(out);
      op.addSideOutput("late", late);
    }
    std::uint32_t index;
    functions::FakeContext context;
    functions::Received<Result> out;
    functions::Received<Element> late;
    Operator op;
  };

  void start(std::uint32_t parallelism, const functions::Snapshots* snapshots) {
    left_ = takeResults();
    for (const auto& subtask : running_) {
      subtask->op.close();
    }
    running_.clear();
    parallelism_ = parallelism;
    for (std::uint32_t i = 0; i < parallelism; ++i) {
      running_.push_back(std::make_unique<Subtask>(i, parallelism, runner_));
      Subtask& subtask = *running_.back();
      if (now_ != kBegin) {
        subtask.context.time().advanceTo(now_);
      }
      if (snapshots != nullptr) {
        const Status restored = subtask.op.restore(snapshots->restoreFor(subtask.context.task()));
        ASSERT_TRUE(restored.has_value()) << restored.error().text();
      }
      subtask.op.open();
    }
  }

  windows::WindowRunner<P> runner_;
  std::uint32_t parallelism_ = 1;
  std::int64_t now_ = kBegin;
  std::vector<std::unique_ptr<Subtask>> running_;
  std::vector<Result> left_;
};

}  // namespace weir::model
