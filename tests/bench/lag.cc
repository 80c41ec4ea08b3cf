// lag: events at a fixed rate, each with the time of day as its timestamp -> keyBy -> windows of a
// second -> sink, which notes how long after the end of its window each result has come.
#include <algorithm>
#include <vector>

#include "generator.h"

namespace {

std::int64_t nowMicros() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

struct Event {
  std::uint64_t key;
  std::uint64_t count;
};

/// So many events in each millisecond, when it is over, and the watermark behind them: it allows a
/// window as soon as its time is over.
class Clocked : public weir::RichSourceFunction<Event> {
 public:
  Clocked(std::int64_t rate, std::int64_t keys, std::int64_t seconds, std::int64_t interval)
      : rate_(rate), keys_(keys), seconds_(seconds), interval_(interval) {}
  void open(weir::RuntimeContext& context) override {
    share_ = context.getNumberOfParallelSubtasks();
    next_ = static_cast<std::uint64_t>(context.getIndexOfThisSubtask()) << 40;
    begin_ = done_ = nowMicros() / 1000;
  }
  weir::InputStatus pollNext(weir::SourceContext<Event>& context) override {
    const std::int64_t now = nowMicros() / 1000;
    for (; done_ < now; ++done_) {
      const std::int64_t until = (done_ + 1 - begin_) * rate_ / share_ / 1000;
      for (; sent_ < until; ++sent_) {
        context.collectWithTimestamp({bench::key(next_++, static_cast<std::uint64_t>(keys_)), 1},
                                     done_);
      }
      if ((done_ + 1) % interval_ == 0) {
        context.emitWatermark(done_);
      }
    }
    if (now - begin_ >= seconds_ * 1000) {
      return weir::InputStatus::kEndOfInput;
    }
    context.pollAgainAt(std::chrono::steady_clock::now() +
                        std::chrono::microseconds((now + 1) * 1000 - nowMicros()));
    return weir::InputStatus::kNothingAvailable;
  }

 private:
  std::int64_t rate_;
  std::int64_t keys_;
  std::int64_t seconds_;
  std::int64_t interval_;
  std::int64_t share_ = 1;
  std::uint64_t next_ = 0;
  std::int64_t begin_ = 0;
  std::int64_t done_ = 0;
  std::int64_t sent_ = 0;
};

struct Result {
  std::int64_t end;  // Of the window, in milliseconds.
  std::uint64_t count;
};

/// Notes the microseconds from the end of a window to each result of it, and says them at its end.
class Lags : public weir::RichSinkFunction<Result> {
 public:
  explicit Lags(std::string events) : events_(std::move(events)) {}
  void invoke(const Result& result) override {
    lags_.push_back(nowMicros() - result.end * 1000);
    ends_.push_back(result.end);
    count_ += result.count;
  }
  void endInput() override {
    if (lags_.empty()) {
      return;
    }
    // The first windows warm up; what is open at the end of the input comes before its time.
    const std::int64_t first = *std::min_element(ends_.begin(), ends_.end()) + 2000;
    std::string said = "lags";
    for (std::size_t i = 0; i < lags_.size(); ++i) {
      if (ends_[i] > first && lags_[i] >= 0) {
        said += " " + std::to_string(lags_[i]);
      }
    }
    bench::say(events_, said);
    bench::say(events_, "end " + std::to_string(count_));
  }

 private:
  std::string events_;
  std::vector<std::int64_t> lags_;
  std::vector<std::int64_t> ends_;
  std::uint64_t count_ = 0;
};

struct Close : weir::WindowFunction<Event, Result, std::uint64_t, weir::TimeWindow> {
  void apply(const std::uint64_t& /*key*/,
             const weir::TimeWindow& window,
             weir::Iterable<Event>& events,
             weir::Collector<Result>& out) override {
    out.collect({window.end, events.begin()->count});
  }
};

}  // namespace

int main(int argc, char** argv) {
  const auto number = [&](const std::string& name, const std::string& fallback) {
    return std::stoll(bench::option(argc, argv, name, fallback));
  };
  auto env = weir::StreamExecutionEnvironment::getExecutionEnvironment();
  env.setStreamTimeCharacteristic(weir::TimeCharacteristic::kEventTime);
  if (const auto checkpoint = number("checkpoint", "0"); checkpoint > 0) {
    env.enableCheckpointing(std::chrono::milliseconds(checkpoint));
  }
  env.addSource(Clocked(number("rate", "100000"),
                        number("keys", "1000"),
                        number("seconds", "30"),
                        number("interval", "1")),
                "clocked")
      .keyBy([](const Event& event) { return event.key; })
      .timeWindow(std::chrono::seconds(1))
      .reduce([](const Event& a, const Event& b) { return Event{a.key, a.count + b.count}; },
              Close{})
      .name("windows")
      .rebalance()
      .addSink(Lags(bench::option(argc, argv, "events", "")))
      .name("lags");
  env.execute("lag");
}
