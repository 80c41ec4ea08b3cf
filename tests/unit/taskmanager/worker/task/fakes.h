#pragma once

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "common/fs/memory_file_system.h"
#include "common/functions/edge_reader.h"
#include "common/functions/edge_writer.h"
#include "common/state/operator_state.h"
#include "taskmanager/worker/task/worker.h"

namespace weir::worker {

struct Item {
  std::uint64_t key = 0;
  std::uint64_t value = 0;
};

/// What a test and the operators of its job share.
struct JobSpace {
  std::uint64_t count = 1000;  // Records of each source.
  std::uint64_t keys = 10;
  std::uint64_t watermark_every = 0;        // Records of a source, where not 0: with its position.
  std::atomic<bool> hold{false};            // Sources have nothing while set.
  std::atomic<std::int64_t> sink_nanos{0};  // Time that a sink takes for a record.
  std::atomic<std::uint64_t> emitted{0};
  std::atomic<std::uint64_t> received{0};
  std::atomic<std::uint64_t> fail_at{~0ULL};  // A sink throws at this sum of values.
  std::string failure = "the sink has enough";
  int histogram_values = 0;  // Distinct ones in the accumulator of each sink.
  std::atomic<int> closed{0};
  std::atomic<std::int64_t> alarm_after{
      0};  // Milliseconds after which a sink's alarm rings; 0: none.
  std::atomic<int> rung{0};
  std::atomic<std::uint64_t> last_watermark_behind{0};  // The values before the last possible one.
  std::mutex mutex;
  std::map<std::uint64_t, std::uint64_t> sums;  // By key, at the end of input.
  std::vector<std::string> events;
};

/// State of one number.
class FrozenNumber final : public state::FrozenState {
 public:
  explicit FrozenNumber(std::uint64_t number) : number_(number) {}
  Status write(state::SectionWriter& to) const override {
    return state::writeOperatorState(
        to, {state::operatorInfo<std::uint64_t>(), {state::encodeElement(number_)}});
  }

 private:
  std::uint64_t number_;
};

inline std::uint64_t restoredNumber(const functions::OperatorRestore& restore,
                                    std::uint32_t subtask) {
  for (const auto& one : restore.sections) {
    if (one.subtask == subtask) {
      const auto states = state::readOperatorStates(*one.section);
      return *state::decodeElement<std::uint64_t>((*states)[0].elements[0],
                                                  (*states)[0].info.schema);
    }
  }
  return 0;
}

class FakeOperator : public functions::Operator {
 public:
  explicit FakeOperator(JobSpace& space) : space_(space) {}
  void setup(functions::OperatorContext& context) override { task_ = context.task(); }
  functions::AnyReceiver* input(std::uint32_t /*port*/) override { return nullptr; }
  void addOutput(functions::AnyReceiver& next) override {
    next_ = &static_cast<functions::Receiver<Item>&>(next);
  }
  Status restore(const functions::OperatorRestore& restore) override {
    number_ = restoredNumber(restore, task_.subtask);
    return ok();
  }
  void setFinished() override { finished_ = true; }
  void check(const functions::OperatorRestore& /*restore*/,
             state::CheckListener& /*listener*/) override {}
  void open() override {}
  void emit(const functions::Signal& signal) override {
    if (next_ != nullptr) {
      next_->receive(signal);
    }
  }
  void close() override { ++space_.closed; }
  std::unique_ptr<state::FrozenState> snapshot(CheckpointId /*checkpoint*/) override {
    return std::make_unique<FrozenNumber>(number_);
  }

 protected:
  JobSpace& space_;
  functions::TaskInfo task_;
  functions::Receiver<Item>* next_ = nullptr;
  std::uint64_t number_ = 0;
  bool finished_ = false;
};

/// Emits `count` records; its state is its position.
class NumberSource final : public FakeOperator {
 public:
  using FakeOperator::FakeOperator;
  InputStatus poll(std::size_t limit) override {
    if (number_ >= space_.count) {
      return InputStatus::kEndOfInput;
    }
    if (space_.hold) {
      return InputStatus::kNothingAvailable;
    }
    std::uint64_t end = std::min<std::uint64_t>(space_.count, number_ + limit);
    if (space_.watermark_every != 0) {
      end = std::min(end, (number_ / space_.watermark_every + 1) * space_.watermark_every);
    }
    for (; number_ < end; ++number_) {
      batch_.records.push_back(Item{number_ % space_.keys, 1});
    }
    space_.emitted += batch_.size();
    next_->receive(batch_);
    batch_.clear();
    if (space_.watermark_every != 0 && number_ % space_.watermark_every == 0) {
      emit(functions::Watermark{static_cast<std::int64_t>(number_)});
    }
    return InputStatus::kMoreAvailable;
  }

 private:
  Batch<Item> batch_;
};

/// Sums values by key; its state is the sum of all.
class SumSink final : public FakeOperator,
                      public functions::Receiver<Item>,
                      private functions::Alarm {
 public:
  using FakeOperator::FakeOperator;
  void setup(functions::OperatorContext& context) override {
    FakeOperator::setup(context);
    if (space_.alarm_after != 0) {
      context.time().set(*this, context.time().now() + space_.alarm_after);
    }
    EXPECT_TRUE(context.accumulators().add("values", histogram_).has_value());
    for (int value = 0; value < space_.histogram_values; ++value) {  // It grows while it is used.
      histogram_.add(value);
    }
  }
  functions::AnyReceiver* input(std::uint32_t /*port*/) override { return this; }
  void receive(Batch<Item>& batch) override {
    for (const Item& item : batch.records) {
      if (const auto nanos = space_.sink_nanos.load(); nanos != 0) {
        std::this_thread::sleep_for(std::chrono::nanoseconds(nanos));
      }
      number_ += item.value;
      sums_[item.key % sums_.size()] += item.value;
      if (number_ >= space_.fail_at) {
        throw std::runtime_error(space_.failure);
      }
    }
    space_.received += batch.size();
  }
  void receive(const functions::Signal& signal) override {
    std::lock_guard lock(space_.mutex);
    if (signal == functions::Signal(functions::Watermark{functions::Watermark::kEnd})) {
      space_.last_watermark_behind = number_;
    } else if (const auto* watermark = std::get_if<functions::Watermark>(&signal)) {
      space_.events.push_back("watermark " + std::to_string(watermark->time) + " behind " +
                              std::to_string(number_));
    }
    if (finished_ || !std::holds_alternative<functions::EndOfInput>(signal)) {
      return;
    }
    for (std::size_t key = 0; key < sums_.size(); ++key) {
      if (sums_[key] != 0) {
        space_.sums[key] += sums_[key];
      }
    }
    space_.events.push_back("end " + std::to_string(task_.subtask));
  }
  void notifyCheckpointComplete(CheckpointId checkpoint) override {
    std::lock_guard lock(space_.mutex);
    space_.events.push_back("complete " + std::to_string(checkpoint.value()));
  }

 private:
  void ring(std::int64_t /*now*/) override { ++space_.rung; }

  Histogram histogram_;
  std::vector<std::uint64_t> sums_ = std::vector<std::uint64_t>(1024);
};

/// Source -> (by key) -> sink, `parallelism` each.
inline graph::ProgramGraph keyedJob(JobSpace& space, std::uint32_t parallelism) {
  graph::ProgramGraph program;
  graph::JobGraph& graph = program.graph;
  graph.name = "sum";
  for (const char* name : {"Source", "Sink"}) {
    Bytes16 id{};
    id[0] = static_cast<std::uint8_t>(name[1]);
    graph::JobOperator one;
    one.id = OperatorId(id);
    one.name = name;
    one.parallelism = parallelism;
    graph.operators.push_back(one);
    graph::JobVertex vertex;
    vertex.id = one.id;
    vertex.name = name;
    vertex.parallelism = parallelism;
    vertex.operators = {static_cast<std::uint32_t>(graph.operators.size() - 1)};
    graph.vertices.push_back(vertex);
  }
  program.code.operators.resize(2);
  program.code.operators[0].make = [&space] { return std::make_unique<NumberSource>(space); };
  program.code.operators[1].make = [&space] { return std::make_unique<SumSink>(space); };
  graph::JobEdge edge;
  edge.target_vertex = 1;
  edge.target_operator = 1;
  edge.partitioning = graph::Partitioning::kHash;
  graph.edges.push_back(edge);
  graph::EdgeCode& code = program.code.edges.emplace_back();
  code.make_writer = [](functions::EdgeOutput& output, const functions::TaskInfo&) {
    const auto key = [channels = output.channels()](const Item& item) {
      return static_cast<std::uint32_t>(item.key % channels);
    };
    return std::unique_ptr<functions::EdgeWriter>(
        std::make_unique<functions::TypedEdgeWriter<Item, decltype(key)>>(output, key));
  };
  code.make_reader = functions::edgeReaderFactory<Item>();
  return program;
}

/// Keeps what workers report and lets a test wait for it.
class Reports {
 public:
  void add(runtime::WorkerReport report) {
    std::lock_guard lock(mutex_);
    reports_.push_back(std::move(report));
    changed_.notify_all();
  }
  /// Waits until `count` reports satisfy the condition, and returns them.
  template <typename Report>
  std::vector<Report> await(std::size_t count, std::function<bool(const Report&)> wanted) {
    std::unique_lock lock(mutex_);
    std::vector<Report> found;
    const bool there = changed_.wait_for(lock, std::chrono::seconds(60), [&] {
      found.clear();
      for (const auto& report : reports_) {
        const auto* one = std::get_if<Report>(&report);
        if (one != nullptr && wanted(*one)) {
          found.push_back(*one);
        }
      }
      return found.size() >= count;
    });
    EXPECT_TRUE(there) << "waited in vain for " << count << " reports";
    return found;
  }
  std::vector<runtime::TaskUpdate> awaitState(std::size_t count, runtime::TaskState state) {
    return await<runtime::TaskUpdate>(count, [state](const auto& u) { return u.state == state; });
  }
  std::vector<runtime::TaskUpdate> awaitInputEnded(std::size_t count) {
    return await<runtime::TaskUpdate>(count, [](const auto& u) {
      return u.input_ended && u.state == runtime::TaskState::kRunning;
    });
  }
  std::vector<runtime::CheckpointAck> awaitAcks(std::size_t count, std::uint64_t id) {
    return await<runtime::CheckpointAck>(
        count, [id](const auto& ack) { return ack.checkpoint.value() == id; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<runtime::WorkerReport> reports_;
};

}  // namespace weir::worker
