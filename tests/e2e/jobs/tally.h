#pragma once

// A program that a cluster runs and the test kit too: counts the numbers below N by their last
// digit, and writes the counts when its input has ended.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include <weir/weir.h>

namespace tally {

constexpr std::int64_t kDigits = 10;

struct Split {
  std::int64_t next = 0;
  std::int64_t step = 1;
};

// Emits 0 ... count-1 over all subtasks, at `rate` a second in each (0: as fast as it can).
class Numbers : public weir::RichSourceFunction<std::int64_t>,
                public weir::ListCheckpointed<Split> {
 public:
  Numbers(std::int64_t count, std::int64_t rate) : count_(count), rate_(rate) {}
  void open(weir::RuntimeContext& context) override {
    if (!restored_) {
      splits_.push_back({context.getIndexOfThisSubtask(), context.getNumberOfParallelSubtasks()});
    }
    start_ = std::chrono::steady_clock::now();
  }
  weir::InputStatus pollNext(weir::SourceContext<std::int64_t>& context) override {
    if (rate_ > 0) {
      const auto due = start_ + std::chrono::nanoseconds(emitted_ * 1'000'000'000 / rate_);
      if (due > std::chrono::steady_clock::now()) {
        context.pollAgainAt(due);
        return weir::InputStatus::kNothingAvailable;
      }
    }
    for (Split& split : splits_) {
      if (split.next < count_) {
        context.collect(split.next);
        split.next += split.step;
        ++emitted_;
        return weir::InputStatus::kMoreAvailable;
      }
    }
    return weir::InputStatus::kEndOfInput;
  }
  std::vector<Split> snapshotState(std::uint64_t) override { return splits_; }
  void restoreState(const std::vector<Split>& splits) override {
    splits_ = splits;
    restored_ = true;
  }

 private:
  std::int64_t count_;
  std::int64_t rate_;
  std::int64_t emitted_ = 0;
  bool restored_ = false;
  std::vector<Split> splits_;
  std::chrono::steady_clock::time_point start_;
};

struct Count {
  std::int64_t digit = 0;
  std::int64_t count = 0;
};

template <typename State>
struct Counting : weir::RichMapFunction<std::int64_t, Count> {
  weir::ValueState<State> seen_;
  explicit Counting(const std::string& state) : seen_(*this, state) {}
  Count map(const std::int64_t& number) override {
    seen_.update(static_cast<State>(seen_.value() + 1));
    return {number % kDigits, static_cast<std::int64_t>(seen_.value())};
  }
};

// Keeps the largest count of each digit, and writes them to directory/<subtask> at the end.
class Largest : public weir::RichSinkFunction<Count>, public weir::ListCheckpointed<Count> {
 public:
  explicit Largest(std::string directory) : directory_(std::move(directory)) {}
  void open(weir::RuntimeContext& context) override { subtask_ = context.getIndexOfThisSubtask(); }
  void invoke(const Count& count) override {
    std::int64_t& largest = largest_[count.digit];
    largest = std::max(largest, count.count);
  }
  void endInput() override {
    std::filesystem::create_directories(directory_);
    std::ofstream file(directory_ + "/" + std::to_string(subtask_));
    for (const auto& [digit, count] : largest_) {
      file << digit << " " << count << "\n";
    }
  }
  std::vector<Count> snapshotState(std::uint64_t) override {
    std::vector<Count> all;
    for (const auto& [digit, count] : largest_) {
      all.push_back({digit, count});
    }
    return all;
  }
  void restoreState(const std::vector<Count>& all) override {
    for (const Count& one : all) {
      invoke(one);
    }
  }

 private:
  std::string directory_;
  int subtask_ = 0;
  std::map<std::int64_t, std::int64_t> largest_;
};

template <typename State = std::int64_t>
void build(weir::StreamExecutionEnvironment& env,
           std::int64_t count,
           std::int64_t rate,
           const std::string& directory,
           const std::string& state = "seen") {
  env.enableCheckpointing(std::chrono::milliseconds(200));
  env.addSource(Numbers(count, rate))
      .uid("numbers")
      .keyBy([](const std::int64_t& number) { return number % kDigits; })
      .map(Counting<State>(state))
      .uid("counts")
      .name("Count")
      .addSink(Largest(directory))
      .uid("largest");
}

}  // namespace tally
