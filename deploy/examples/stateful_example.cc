// The program of the savepoints page: a source, a mapper and a keyed function, each with state and
// an id of its own. Take a savepoint of it, cancel it, change it, and start it again from there: it
// goes on with the next word and with the counts that it had.
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>

#include <weir/weir.h>

namespace {

using Clock = std::chrono::steady_clock;

// Emits words in turn, at a steady rate, and remembers which comes next.
class StatefulSource : public weir::RichSourceFunction<std::string>,
                       public weir::Checkpointed<std::int64_t> {
 public:
  StatefulSource(std::int64_t count, double rate) : count_(count), rate_(rate) {}

  void open(weir::RuntimeContext& context) override {
    step_ = context.getNumberOfParallelSubtasks();
    if (next_ < 0) {  // Not restored.
      next_ = context.getIndexOfThisSubtask();
    }
    interval_ = std::chrono::nanoseconds(static_cast<std::int64_t>(1e9 * step_ / rate_));
    due_ = Clock::now();
  }

  weir::InputStatus pollNext(weir::SourceContext<std::string>& context) override {
    if (count_ > 0 && next_ >= count_) {
      return weir::InputStatus::kEndOfInput;
    }
    if (Clock::now() < due_) {
      context.pollAgainAt(due_);
      return weir::InputStatus::kNothingAvailable;
    }
    context.collect(std::string(kWords[next_ % kWords.size()]));
    next_ += step_;
    due_ += interval_;
    return weir::InputStatus::kMoreAvailable;
  }

  std::int64_t snapshotState(std::uint64_t /*checkpoint*/) override { return next_; }
  void restoreState(const std::int64_t& next) override { next_ = next; }

 private:
  static constexpr std::array<std::string_view, 5> kWords{"to", "be", "or", "not", "that"};

  std::int64_t count_;  // In all subtasks together; 0: without end.
  double rate_;         // Words a second, in all subtasks together.
  std::int64_t step_ = 1;
  std::int64_t next_ = -1;
  Clock::duration interval_{};
  Clock::time_point due_;
};

// Passes words on and counts them: operator state, one value per subtask.
class StatefulMapper : public weir::MapFunction<std::string, std::string>,
                       public weir::Checkpointed<std::int64_t> {
 public:
  std::string map(const std::string& word) override {
    ++mapped_;
    return word;
  }
  std::int64_t snapshotState(std::uint64_t /*checkpoint*/) override { return mapped_; }
  void restoreState(const std::int64_t& mapped) override { mapped_ = mapped; }

 private:
  std::int64_t mapped_ = 0;
};

// Counts each word by itself: keyed state, declared as a member.
struct CountPerWord : weir::RichMapFunction<std::string, std::string> {
  explicit CountPerWord(std::string separator) : separator_(std::move(separator)) {}

  std::string map(const std::string& word) override {
    seen_.update(seen_.value() + 1);
    return word + separator_ + std::to_string(seen_.value());
  }

  weir::ValueState<std::int64_t> seen_{*this, "seen", 0};
  std::string separator_;
};

constexpr std::string_view kUsage =
    R"(Usage: stateful_example [--count N] [--rate N] [--separator TEXT]
Counts words that it makes itself and prints word=count for each.
  --count N         ends after N words (0, the default: never)
  --rate N          words a second (default 10)
  --separator TEXT  between word and count (default "="): a change to try at a restore
)";

}  // namespace

int main(int argc, char** argv) {
  std::int64_t count = 0;
  double rate = 10;
  std::string separator = "=";
  for (int i = 1; i < argc; i += 2) {
    const std::string_view flag = argv[i];
    if (flag == "--help" || flag == "-h") {
      std::cout << kUsage;
      return 0;
    }
    const bool has_value = i + 1 < argc;
    if (has_value && flag == "--count") {
      count = std::atoll(argv[i + 1]);
    } else if (has_value && flag == "--rate" && std::atof(argv[i + 1]) > 0) {
      rate = std::atof(argv[i + 1]);
    } else if (has_value && flag == "--separator") {
      separator = argv[i + 1];
    } else {
      std::cerr << "stateful_example: '" << flag << "' is unknown or lacks its value\n" << kUsage;
      return 2;
    }
  }

  auto env = weir::StreamExecutionEnvironment::getExecutionEnvironment();
  env.setParallelism(2);
  env.enableCheckpointing(std::chrono::seconds(1));
  env.addSource(StatefulSource(count, rate))
      .uid("source-id")
      .shuffle()
      .map(StatefulMapper{})
      .uid("mapper-id")
      .keyBy([](const std::string& word) { return word; })
      .map(CountPerWord{separator})
      .uid("keyed-id")
      .name("Count per word")
      .print();
  env.execute("Stateful example");
}
