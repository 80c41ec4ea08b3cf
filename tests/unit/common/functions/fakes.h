#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/functions/accumulator_registry.h"
#include "common/functions/alarms.h"
#include "common/functions/operator.h"
#include "common/state/section.h"

namespace weir::functions {

/// The context of one subtask, without a task.
class FakeContext final : public OperatorContext {
 public:
  explicit FakeContext(std::uint32_t subtask = 0, std::uint32_t parallelism = 1) {
    task_.operator_name = "tested";
    task_.attempt = AttemptId(1);
    task_.subtask = subtask;
    task_.parallelism = parallelism;
    task_.max_parallelism = 128;
  }
  const TaskInfo& task() const override { return task_; }
  AccumulatorRegistry& accumulators() override { return accumulators_; }
  std::function<void()> waker() override {
    return [this] { ++woken; };
  }
  ManualTime& time() override { return time_; }

  /// The lease of the worker, which outlives this.
  void setLease(const Lease& lease) { task_.lease = &lease; }

  int woken = 0;

 private:
  TaskInfo task_;
  AccumulatorRegistry accumulators_;
  ManualTime time_;
};

/// Keeps what it receives.
template <typename T>
class Received final : public Receiver<T> {
 public:
  void receive(Batch<T>& batch) override {
    ++batches;
    for (const T& one : batch.records) {
      records.push_back(one);
    }
    timestamps.insert(timestamps.end(), batch.timestamps.begin(), batch.timestamps.end());
  }
  /// Each with the number of records before it.
  void receive(const Signal& signal) override { signals.emplace_back(records.size(), signal); }

  std::vector<T> records;
  std::vector<std::int64_t> timestamps;
  std::vector<std::pair<std::size_t, Signal>> signals;
  int batches = 0;
};

template <typename T>
Batch<T> batchOf(std::vector<T> records, std::vector<std::int64_t> timestamps = {}) {
  Batch<T> batch;
  for (T one : records) {
    batch.records.push_back(std::move(one));
  }
  batch.timestamps = std::move(timestamps);
  return batch;
}

/// Sends one batch into a port.
template <typename T>
void feed(Operator& to, std::vector<T> records, std::uint32_t port = 0) {
  Batch<T> batch = batchOf(std::move(records));
  static_cast<Receiver<T>*>(to.input(port))->receive(batch);
}

/// The bytes of a section, written and readable.
class Section final : public state::ByteSink, public state::ByteSource {
 public:
  Status append(std::string_view bytes) override {
    bytes_ += bytes;
    return ok();
  }
  std::uint64_t size() const override { return bytes_.size(); }
  Result<std::string> read(std::uint64_t offset, std::uint64_t length) const override {
    return bytes_.substr(offset, length);
  }

 private:
  std::string bytes_;
};

/// Snapshots of the subtasks of one operator, to be restored elsewhere.
class Snapshots {
 public:
  void take(Operator& from, std::uint32_t subtask) {
    const auto frozen = from.snapshot(CheckpointId(7));
    ++parallelism_;
    if (frozen == nullptr) {
      return;
    }
    auto section = std::make_shared<Section>();
    state::SectionWriter writer(*section);
    if (!frozen->write(writer).has_value() || !writer.finish().has_value()) {
      std::abort();
    }
    sections_.push_back(section);
    auto reader = state::SectionReader::open(*section);
    restored_.push_back({subtask, std::shared_ptr<state::SectionReader>(*std::move(reader))});
  }
  OperatorRestore restoreFor(const TaskInfo& task) const {
    return {restored_,
            keyGroupRangeOf(task.subtask, task.parallelism, task.max_parallelism),
            parallelism_,
            {}};
  }

 private:
  std::vector<std::shared_ptr<Section>> sections_;
  std::vector<RestoredSection> restored_;
  std::uint32_t parallelism_ = 0;
};

}  // namespace weir::functions
