// A job whose result can be computed independently: counts the numbers below N by key, exactly,
// through whatever happens to it. Flags make it slow, change its functions, or make it misbehave.
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <thread>

#include <unistd.h>

#include <weir/weir.h>

namespace {

struct Flags {
  std::map<std::string, std::string> values;
  Flags(int argc, char** argv) {
    for (int i = 1; i + 1 < argc; i += 2) {
      values[std::string(argv[i]).substr(2)] = argv[i + 1];
    }
  }
  std::string text(const std::string& name, const std::string& fallback = "") const {
    const auto found = values.find(name);
    return found == values.end() ? fallback : found->second;
  }
  std::int64_t number(const std::string& name, std::int64_t fallback) const {
    return values.contains(name) ? std::stoll(values.at(name)) : fallback;
  }
};

struct Position {
  std::int64_t first = 0;  // The split: numbers first, first + step, ...
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
      const std::int64_t subtask = context.getIndexOfThisSubtask();
      splits_.push_back(
          {subtask, static_cast<std::int64_t>(context.getNumberOfParallelSubtasks()), subtask});
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

struct KeyCount {
  std::int64_t key = 0;
  std::int64_t count = 0;
};

struct Count : weir::RichMapFunction<std::int64_t, KeyCount> {
  weir::ValueState<std::int64_t> seen_;
  std::int64_t keys;
  std::int64_t add;
  std::int64_t slow_micros;
  weir::LongCounter records_;
  Count(const std::string& state, std::int64_t keys_, std::int64_t add_, std::int64_t slow_micros_)
      : seen_(*this, state, 0), keys(keys_), add(add_), slow_micros(slow_micros_) {}
  void open(weir::RuntimeContext& context) override { context.addAccumulator("records", records_); }
  KeyCount map(const std::int64_t& number) override {
    if (slow_micros > 0) {
      std::this_thread::sleep_for(std::chrono::microseconds(slow_micros));
    }
    records_.add(1);
    seen_.update(seen_.value() + add);
    return {number % keys, seen_.value()};
  }
};

// Remembers the last count of each key; writes them, sorted, when the input ends.
class LastCounts : public weir::RichSinkFunction<KeyCount>,
                   public weir::ListCheckpointed<KeyCount> {
 public:
  explicit LastCounts(std::string directory) : directory_(std::move(directory)) {}
  void open(weir::RuntimeContext& context) override { subtask_ = context.getIndexOfThisSubtask(); }
  void invoke(const KeyCount& count) override {
    std::int64_t& last = last_[count.key];
    last = std::max(last, count.count);
  }
  std::vector<KeyCount> snapshotState(std::uint64_t /*checkpoint*/) override {
    std::vector<KeyCount> all;
    for (const auto& [key, count] : last_) {
      all.push_back({key, count});
    }
    return all;
  }
  void restoreState(const std::vector<KeyCount>& all) override {
    for (const KeyCount& one : all) {
      last_[one.key] = std::max(last_[one.key], one.count);
    }
  }
  void endInput() override {
    if (directory_.empty()) {
      return;
    }
    std::filesystem::create_directories(directory_);
    std::ofstream file(directory_ + "/" + std::to_string(subtask_));
    for (const auto& [key, count] : last_) {
      file << key << " " << count << "\n";
    }
  }

 private:
  std::string directory_;
  int subtask_ = 0;
  std::map<std::int64_t, std::int64_t> last_;
};

// Does what `kind` says at the record `at`, unless `marker` exists already (so that it happens
// once).
struct Misbehave : weir::RichMapFunction<std::int64_t, std::int64_t> {
  std::string kind;
  std::int64_t at;
  std::string marker;
  Misbehave(std::string kind_, std::int64_t at_, std::string marker_)
      : kind(std::move(kind_)), at(at_), marker(std::move(marker_)) {}
  void open(weir::RuntimeContext& /*context*/) override {
    if (kind == "segfault-in-open") {
      std::raise(SIGSEGV);
    }
  }
  std::int64_t map(const std::int64_t& number) override {
    if (number == at && !kind.empty() && (marker.empty() || !std::filesystem::exists(marker))) {
      if (!marker.empty()) {
        std::ofstream(marker) << "once";
      }
      act();
    }
    return number;
  }
  void act() const {
    if (kind == "throw") {
      throw std::runtime_error("thrown on purpose");
    }
    if (kind == "novel") {
      throw std::runtime_error("begins here" + std::string(70 << 20, '.') + "ends here");
    }
    if (kind == "child") {
      (void)!std::system("setsid sleep 1000 > /dev/null 2>&1 &");
    }
    if (kind == "hidden-child") {  // Neither its parent nor its environment says whose it is.
      (void)!std::system(
          "env -i setsid sh -c 'while :; do sleep 1; done' \"$TMPDIR\" > /dev/null 2>&1 &");
    }
    if (kind == "segfault") {
      std::fprintf(stderr, "about to crash on purpose\n");
      std::raise(SIGSEGV);
    }
    if (kind == "exit") {
      std::fprintf(stderr, "last words\n");
      std::_Exit(7);
    }
    if (kind == "spin") {
      for (volatile bool forever = true; forever;) {
      }
    }
  }
};

}  // namespace

int main(int argc, char** argv) {
  const Flags flags(argc, argv);
  auto env = weir::StreamExecutionEnvironment::getExecutionEnvironment();
  if (const std::int64_t interval = flags.number("interval", 200); interval > 0) {
    env.enableCheckpointing(std::chrono::milliseconds(interval));
  }
  if (flags.text("unaligned") == "yes") {
    env.checkpointConfig().enableUnalignedCheckpoints();
  }
  if (flags.text("restart") == "none") {
    env.setRestartStrategy(weir::RestartStrategies::noRestart());
  }
  const std::int64_t keys = flags.number("keys", 100);
  auto numbers =
      env.addSource(Numbers(flags.number("count", 10000), flags.number("rate", 0)), "Numbers")
          .uid(flags.text("source-uid", "numbers"));
  // A program that builds another graph on the worker than at submission.
  const bool on_worker =
      std::getenv("WEIR_MODE") != nullptr && std::string(std::getenv("WEIR_MODE")) == "worker";
  // The first worker that sees this dies there.
  if (const std::string point = flags.text("crash-at");
      on_worker && !point.empty() && !std::filesystem::exists(flags.text("marker"))) {
    std::ofstream(flags.text("marker")) << "once";
    ::setenv("WEIR_CRASH_AT", point.c_str(), 1);
    ::setenv("WEIR_CRASH_LOG", flags.text("crash-log", "/dev/null").c_str(), 1);
  }
  auto checked =
      numbers.map(Misbehave(flags.text("misbehave"), flags.number("at", -1), flags.text("marker")))
          .name("Misbehave")
          .uid(flags.text("differs") == "yes" && on_worker ? "another-uid" : "misbehave");
  if (const std::string text = flags.text("text"); !text.empty()) {
    checked.map([](const std::int64_t& number) { return std::to_string(number); })
        .uid("as-text")
        .writeAsText(text)
        .uid("text");
  }
  checked.shuffle()
      .keyBy([keys](const std::int64_t& number) { return number % keys; })
      .map(
          Count(flags.text("state", "seen"), keys, flags.number("add", 1), flags.number("slow", 0)))
      .uid(flags.text("count-uid", "count"))
      .name("Count")
      .addSink(LastCounts(flags.text("out")))
      .uid("last-counts")
      .name("Last counts");
  env.execute(flags.text("name", "Counting"));
}
