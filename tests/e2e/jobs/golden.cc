// The job of the golden savepoints: every kind of state, with results that follow from its input
// alone. It must build the same graph and the same states for ever.
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <weir/weir.h>

namespace {

constexpr std::int64_t kKeys = 50;

struct Position {
  std::int64_t next = 0;
  std::int64_t step = 1;
};

// Emits 0 ... count-1, `rate` a second over all subtasks.
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
      const std::int64_t subtask = context.getIndexOfThisSubtask();
      const std::int64_t parallelism = context.getNumberOfParallelSubtasks();
      splits_.push_back({subtask, parallelism});
    }
    due_ = std::chrono::steady_clock::now();
  }
  weir::InputStatus pollNext(weir::SourceContext<std::int64_t>& context) override {
    bool more = false;
    for (Position& split : splits_) {
      if (split.next >= count_) {
        continue;
      }
      more = true;
      if (due_ > std::chrono::steady_clock::now()) {
        context.pollAgainAt(due_);
        return weir::InputStatus::kNothingAvailable;
      }
      context.collect(split.next);
      split.next += split.step;
      due_ += std::chrono::nanoseconds(1'000'000'000 / rate_);
    }
    return more ? weir::InputStatus::kMoreAvailable : weir::InputStatus::kEndOfInput;
  }

 private:
  std::int64_t count_;
  std::int64_t rate_;
  bool restored_ = false;
  std::vector<Position> splits_;
  std::chrono::steady_clock::time_point due_;
};

// Counts what passes: operator state that fits one parallelism only.
class Passed : public weir::MapFunction<std::int64_t, std::int64_t>,
               public weir::Checkpointed<std::int64_t> {
 public:
  std::int64_t map(const std::int64_t& number) override {
    ++passed_;
    return number;
  }
  std::int64_t snapshotState(std::uint64_t /*checkpoint*/) override { return passed_; }
  void restoreState(const std::int64_t& passed) override { passed_ = passed; }

 private:
  std::int64_t passed_ = 0;
};

struct Reading {
  std::string name;
  double value = 0;
  std::optional<std::int64_t> previous;
  std::vector<std::int32_t> parts;
};

struct Mean {
  std::int64_t sum = 0;
  std::int64_t count = 0;
};

struct MeanOf : weir::AggregateFunction<std::int64_t, Mean, double> {
  Mean createAccumulator() override { return {}; }
  void add(const std::int64_t& number, Mean& mean) override {
    mean.sum += number;
    ++mean.count;
  }
  double getResult(const Mean& mean) override {
    return mean.count == 0 ? 0 : static_cast<double>(mean.sum) / static_cast<double>(mean.count);
  }
  Mean merge(const Mean& a, const Mean& b) override { return {a.sum + b.sum, a.count + b.count}; }
};

std::int64_t add(const std::int64_t& a, const std::int64_t& b) { return a + b; }
std::string appended(const std::string& text, const std::int64_t& number) {
  return text.size() < 12 ? text + std::to_string(number % 10) : text;
}

// One state of each kind, and one that is asked for late.
struct Every : weir::RichMapFunction<std::int64_t, std::string> {
  weir::ValueState<std::int64_t> value_{*this, "value", 7};
  weir::ValueState<Reading> reading_{*this, "reading", Reading{}};
  weir::ListState<std::int64_t> list_{*this, "list"};
  weir::MapState<std::string, std::int32_t> map_{*this, "map"};
  weir::ReducingState<std::int64_t> sum_{*this, "sum", add};
  weir::FoldingState<std::int64_t, std::string> fold_{*this, "fold", std::string("f"), appended};
  weir::AggregatingState<std::int64_t, Mean, double> mean_{*this, "mean", MeanOf{}};
  weir::ValueState<std::string> late_;

  void open(weir::RuntimeContext& context) override {
    late_ = context.getState(weir::ValueStateDescriptor<std::string>("late", "none"));
  }
  std::string map(const std::int64_t& number) override {
    value_.update(value_.value() + 1);
    Reading reading = reading_.value();
    reading.previous = reading.name.empty() ? std::nullopt : std::optional(number - kKeys);
    reading.name = "r" + std::to_string(number % kKeys);
    reading.value += static_cast<double>(number) / 4;
    if (reading.parts.size() < 5) {
      reading.parts.push_back(static_cast<std::int32_t>(number));
    }
    reading_.update(reading);
    if (number < 10 * kKeys) {
      list_.add(number);
    }
    const std::string parity = number / kKeys % 2 == 0 ? "even" : "odd";
    map_.put(parity, map_.get(parity).value_or(0) + 1);
    sum_.add(number);
    fold_.add(number / kKeys);
    mean_.add(number);
    late_.update("late " + std::to_string(number));
    return line(number % kKeys);
  }
  std::string line(std::int64_t key) {
    std::int64_t listed = 0;
    for (const std::int64_t one : list_) {
      listed += one;
    }
    const Reading& reading = reading_.value();
    std::int64_t parts = 0;
    for (const std::int32_t part : reading.parts) {
      parts += part;
    }
    return std::to_string(key) + " value=" + std::to_string(value_.value()) +
           " reading=" + reading.name + "/" + std::to_string(reading.value) + "/" +
           std::to_string(reading.previous.value_or(-1)) + "/" + std::to_string(parts) +
           " list=" + std::to_string(listed) +
           " map=" + std::to_string(map_.get("even").value_or(0)) + "/" +
           std::to_string(map_.get("odd").value_or(0)) + " sum=" + std::to_string(sum_.get()) +
           " fold=" + fold_.get() + " mean=" + std::to_string(mean_.get()) +
           " late=" + late_.value();
  }
};

// Without uid: its id follows from the structure.
struct Generated : weir::RichMapFunction<std::string, std::string> {
  weir::ValueState<std::int64_t> lines_{*this, "lines", 0};
  std::string map(const std::string& line) override {
    lines_.update(lines_.value() + 1);
    return line + " lines=" + std::to_string(lines_.value());
  }
};

// Keeps the last line of each key; writes them when the input ends.
class LastLines : public weir::RichSinkFunction<std::string>,
                  public weir::ListCheckpointed<std::string> {
 public:
  explicit LastLines(std::string directory) : directory_(std::move(directory)) {}
  void open(weir::RuntimeContext& context) override { subtask_ = context.getIndexOfThisSubtask(); }
  void invoke(const std::string& line) override { last_[line.substr(0, line.find(' '))] = line; }
  std::vector<std::string> snapshotState(std::uint64_t /*checkpoint*/) override {
    std::vector<std::string> all;
    for (const auto& [key, line] : last_) {
      all.push_back(line);
    }
    return all;
  }
  void restoreState(const std::vector<std::string>& lines) override {
    for (const std::string& line : lines) {
      invoke(line);
    }
  }
  void endInput() override {
    std::filesystem::create_directories(directory_);
    std::ofstream file(directory_ + "/" + std::to_string(subtask_));
    for (const auto& [key, line] : last_) {
      file << line << "\n";
    }
  }

 private:
  std::string directory_;
  int subtask_ = 0;
  std::map<std::string, std::string> last_;
};

}  // namespace

// golden COUNT RATE DIR: only the keyed operators are parallel, so that each key keeps its order.
int main(int argc, char** argv) {
  if (argc != 4) {
    return 2;
  }
  auto env = weir::StreamExecutionEnvironment::getExecutionEnvironment();
  env.enableCheckpointing(std::chrono::milliseconds(200));
  env.addSource(Numbers(std::stoll(argv[1]), std::stoll(argv[2])), "Numbers")
      .uid("numbers")
      .setParallelism(1)
      .map(Passed{})
      .uid("passed")
      .setParallelism(1)
      .keyBy([](const std::int64_t& number) { return number % kKeys; })
      .map(Every{})
      .uid("every")
      .name("Every kind of state")
      .keyBy([](const std::string& line) { return line.substr(0, line.find(' ')); })
      .map(Generated{})
      .addSink(LastLines(argv[3]))
      .uid("last-lines")
      .setParallelism(1);
  env.execute("Golden");
}
