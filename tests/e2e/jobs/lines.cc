// Writes the numbers below N as lines, each exactly once, through whatever happens to it.
#include <cstdlib>
#include <filesystem>
#include <map>
#include <stdexcept>
#include <string>

#include <fcntl.h>
#include <unistd.h>

#include <weir/weir.h>

namespace {

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

// A sink of the program's own, outside of all that Weir commits: a line for each record, at once,
// in a file of the attempt's.
class OwnSink : public weir::RichSinkFunction<std::string> {
 public:
  explicit OwnSink(std::string folder) : folder_(std::move(folder)) {}

  void open(weir::RuntimeContext& context) override {
    const std::string path = folder_ + "/" + std::to_string(context.getAttemptNumber()) + "-" +
                             std::to_string(context.getIndexOfThisSubtask());
    file_ = ::open(path.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0644);
    if (file_ < 0) {
      throw std::runtime_error("cannot open " + path);
    }
  }
  void invoke(const std::string& line) override {
    const std::string whole = line + "\n";
    if (::write(file_, whole.data(), whole.size()) != static_cast<ssize_t>(whole.size())) {
      throw std::runtime_error("cannot write");
    }
  }
  void close() override { ::close(file_); }

 private:
  std::string folder_;
  int file_ = -1;
};

}  // namespace

int main(int argc, char** argv) {
  std::map<std::string, std::string> flags;
  for (int i = 1; i + 1 < argc; i += 2) {
    flags[argv[i]] = argv[i + 1];
  }
  const auto number = [&](const char* name, std::int64_t fallback) {
    return flags.contains(name) ? std::stoll(flags[name]) : fallback;
  };
  auto env = weir::StreamExecutionEnvironment::getExecutionEnvironment();
  if (const std::int64_t interval = number("--interval", 200); interval > 0) {
    env.enableCheckpointing(std::chrono::milliseconds(interval));
  } else {
    env.setRestartStrategy(
        weir::RestartStrategies::fixedDelay(100, std::chrono::milliseconds(100)));
  }
  const auto mode =
      number("--overwrite", 0) != 0 ? weir::WriteMode::kOverwrite : weir::WriteMode::kNoOverwrite;
  auto numbers =
      env.addSource(Numbers(number("--count", 1000), number("--rate", 0))).uid("numbers");
  auto lines = numbers.rebalance()
                   .map([](std::int64_t value) { return std::to_string(value); })
                   .uid("lines");
  if (flags.contains("--print")) {
    lines.print().uid("print");
  } else if (flags.contains("--own")) {
    lines.addSink(OwnSink(flags["--own"])).uid("own");
  } else {
    lines.writeAsText(flags["--out"], mode).uid("out");
  }
  if (flags.contains("--second")) {
    lines.writeAsText(flags["--second"], mode).uid("second");
  }
  env.execute("lines");
}
