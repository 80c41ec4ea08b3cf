// Counts events by key and second of their own time, with timers, in jobs that go through whatever
// a test does to them; what comes out can be computed independently. Modes: "seconds" counts,
// "alarms" sets a timer of the clock for each number, "rules" judges each by what a broadcast
// stream has said, "unkeyed" and "untimed" do what is an error.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>

#include <weir/weir.h>

namespace {

using namespace std::chrono_literals;

struct Flags {
  std::map<std::string, std::string> values;
  Flags(int argc, char** argv) {
    for (int i = 1; i + 1 < argc; i += 2) {
      values[std::string(argv[i]).substr(2)] = argv[i + 1];
    }
  }
  std::string text(const std::string& name, const std::string& fallback) const {
    const auto found = values.find(name);
    return found == values.end() ? fallback : found->second;
  }
  std::int64_t number(const std::string& name, std::int64_t fallback) const {
    return values.contains(name) ? std::stoll(values.at(name)) : fallback;
  }
};

struct Event {
  std::int64_t number = 0;
  std::int64_t time = 0;
};

struct Position {
  std::int64_t step = 1;
  std::int64_t next = 0;
};

// Event i happens at -5000 + 10 i, up to 50 ms earlier or later. Where it is to be idle, subtask 1
// has nothing, says so, and watermarks come of the source.
class Events : public weir::RichSourceFunction<Event>, public weir::ListCheckpointed<Position> {
 public:
  Events(std::int64_t count, std::int64_t rate, bool idle)
      : count_(count), rate_(rate), idle_(idle) {}

  std::vector<Position> snapshotState(std::uint64_t /*checkpoint*/) override { return splits_; }
  void restoreState(const std::vector<Position>& splits) override {
    splits_ = splits;
    restored_ = true;
  }
  void open(weir::RuntimeContext& context) override {
    subtask_ = context.getIndexOfThisSubtask();
    if (!restored_) {
      splits_.push_back({idle_ ? 1 : context.getNumberOfParallelSubtasks(), idle_ ? 0 : subtask_});
    }
    start_ = std::chrono::steady_clock::now();
  }
  weir::InputStatus pollNext(weir::SourceContext<Event>& context) override {
    if (idle_ && subtask_ == 1) {
      context.markAsTemporarilyIdle();
      return weir::InputStatus::kNothingAvailable;
    }
    const auto first = std::min_element(
        splits_.begin(), splits_.end(), [](auto& a, auto& b) { return a.next < b.next; });
    if (first == splits_.end() || first->next >= count_) {
      return weir::InputStatus::kEndOfInput;
    }
    const auto due = start_ + std::chrono::nanoseconds(emitted_ * 1'000'000'000 / rate_);
    if (due > std::chrono::steady_clock::now()) {
      context.pollAgainAt(due);
      return weir::InputStatus::kNothingAvailable;
    }
    const std::int64_t i = first->next;
    const std::int64_t time = -5000 + 10 * i + (i * 7919 % 101) - 50;
    context.collectWithTimestamp({i, time}, time);
    first->next += first->step;
    if (++emitted_ % 10 == 0 && idle_) {
      context.emitWatermark(-5000 + 10 * i - 110);
    }
    return weir::InputStatus::kMoreAvailable;
  }

 private:
  std::int64_t count_;
  std::int64_t rate_;
  bool idle_;
  std::int64_t subtask_ = 0;
  std::int64_t emitted_ = 0;
  bool restored_ = false;
  std::vector<Position> splits_;
  std::chrono::steady_clock::time_point start_;
};

std::int64_t secondOf(std::int64_t time) {
  return time >= 0 ? time / 1000 : -((-time + 999) / 1000);
}

const weir::OutputTag<std::string> kOdd("odd");

class CountSeconds : public weir::KeyedProcessFunction<std::int64_t, Event, std::string> {
 public:
  void processElement(const Event& event,
                      Context& context,
                      weir::Collector<std::string>&) override {
    const std::int64_t second = secondOf(context.timestamp().value());
    counts_.put(second, counts_.get(second).value_or(0) + 1);
    context.timerService().registerEventTimeTimer((second + 1) * 1000 - 1);
    if (event.number % 2 == 1) {
      context.output(kOdd, std::to_string(event.number));
    }
  }
  void onTimer(std::int64_t time,
               OnTimerContext& context,
               weir::Collector<std::string>& out) override {
    const std::int64_t second = secondOf(time);
    out.collect(std::to_string(context.getCurrentKey()) + " " + std::to_string(second) + " " +
                std::to_string(counts_.get(second).value_or(0)));
    counts_.remove(second);
  }

 private:
  weir::MapState<std::int64_t, std::int64_t> counts_{*this, "counts"};
};

class Alarms : public weir::KeyedProcessFunction<std::int64_t, Event, std::string> {
 public:
  explicit Alarms(std::int64_t delay) : delay_(delay) {}
  void processElement(const Event&, Context& context, weir::Collector<std::string>&) override {
    auto& timers = context.timerService();
    timers.registerProcessingTimeTimer(timers.currentProcessingTime() + delay_);
  }
  void onTimer(std::int64_t, OnTimerContext& context, weir::Collector<std::string>& out) override {
    out.collect(std::to_string(context.getCurrentKey()));
  }

 private:
  std::int64_t delay_;
};

struct Rule {
  std::string name;
  std::int64_t divisor = 1;
};
const weir::MapStateDescriptor<std::string, Rule> kRules("rules");

// Says of each event how many rules are known, and how many it fits.
class Judges : public weir::KeyedBroadcastProcessFunction<std::int64_t, Event, Rule, std::string> {
 public:
  void processElement(const Event& event,
                      ReadOnlyContext& context,
                      weir::Collector<std::string>& out) override {
    const auto& rules = context.getBroadcastState(kRules).entries();
    std::int64_t fits = 0;
    for (const auto& [name, rule] : rules) {
      fits += event.number % rule.divisor == 0 ? 1 : 0;
    }
    judged_.update(judged_.value() + 1);
    out.collect(std::to_string(event.number) + " " + std::to_string(rules.size()) + " " +
                std::to_string(fits));
  }
  void processBroadcastElement(const Rule& rule,
                               Context& context,
                               weir::Collector<std::string>&) override {
    context.getBroadcastState(kRules).put(rule.name, rule);
  }

 private:
  weir::ValueState<std::int64_t> judged_{*this, "judged", 0};
};

class Unkeyed : public weir::ProcessFunction<Event, std::string> {
 public:
  void processElement(const Event&, Context& context, weir::Collector<std::string>&) override {
    context.timerService().registerEventTimeTimer(5);
  }
  void onTimer(std::int64_t, OnTimerContext&, weir::Collector<std::string>&) override {}
};

}  // namespace

int main(int argc, char** argv) {
  const Flags flags(argc, argv);
  const std::string mode = flags.text("mode", "seconds");
  const std::int64_t keys = flags.number("keys", 7);
  auto env = weir::StreamExecutionEnvironment::getExecutionEnvironment();
  env.setStreamTimeCharacteristic(weir::TimeCharacteristic::kEventTime);
  env.setAutoWatermarkInterval(50ms);
  env.enableCheckpointing(flags.number("checkpoints", 200));
  env.setMaxParallelism(64);
  auto events = env.addSource(Events(flags.number("count", 1000),
                                     flags.number("rate", 1000),
                                     flags.number("idle", 0) != 0),
                              "Events")
                    .uid("events");
  if (flags.number("idle", 0) == 0) {
    auto strategy = weir::WatermarkStrategy<Event>::forBoundedOutOfOrderness(100ms);
    if (mode == "untimed") {
      env.generateSequence(1, 1000)
          .assignTimestampsAndWatermarks(
              weir::WatermarkStrategy<std::int64_t>::forMonotonousTimestamps())
          .addSink([](const std::int64_t&) {});
    }
    events = events.assignTimestampsAndWatermarks(strategy).uid("assigner");
  }
  const auto key = [keys](const Event& event) { return event.number % keys; };
  const std::string out = flags.text("out", "");
  if (mode == "alarms") {
    events.keyBy(key)
        .process(Alarms(flags.number("delay", 3000)))
        .uid("alarms")
        .writeAsText(out)
        .uid("sink");
  } else if (mode == "rules") {
    auto rules = env.fromElements(Rule{"even", 2}, Rule{"thirds", 3}, Rule{"fives", 5})
                     .uid("rules")
                     .broadcast(kRules);
    events.keyBy(key).connect(rules).process(Judges()).uid("judges").writeAsText(out).uid("sink");
  } else if (mode == "unkeyed") {
    events.process(Unkeyed()).writeAsText(out);
  } else {
    auto counted = events.rebalance().keyBy(key).process(CountSeconds()).uid("seconds");
    counted.writeAsText(out).uid("sink");
    counted.getSideOutput(kOdd).writeAsText(out + "-odd").uid("odd");
  }
  env.execute("Event time");
}
