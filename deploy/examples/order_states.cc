// A state machine with time-outs: what becomes of each order, and what happens to one that waits
// too long for its next step. Timers are state: they survive savepoints and failures.
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>

#include <weir/weir.h>

namespace {

struct Event {
  std::string order;
  std::int64_t at = 0;  // In milliseconds since the epoch.
  std::string what;     // placed, paid, shipped or cancelled.
};

enum class State : std::uint8_t { kNone = 0, kPlaced = 1, kPaid = 2, kShipped = 3, kCancelled = 4 };

std::string_view nameOf(State state) {
  constexpr std::string_view kNames[] = {"none", "placed", "paid", "shipped", "cancelled"};
  return kNames[static_cast<int>(state)];
}

// Where an event leads; kNone: nowhere, it is not expected.
State after(State state, const std::string& what) {
  if (state == State::kNone && what == "placed") {
    return State::kPlaced;
  }
  if (state == State::kPlaced && what == "paid") {
    return State::kPaid;
  }
  if (state == State::kPaid && what == "shipped") {
    return State::kShipped;
  }
  if ((state == State::kPlaced || state == State::kPaid) && what == "cancelled") {
    return State::kCancelled;
  }
  return State::kNone;
}

const weir::OutputTag<std::string>& unexpected() {
  static const weir::OutputTag<std::string> tag("unexpected");
  return tag;
}

class Orders : public weir::KeyedProcessFunction<std::string, Event, std::string> {
 public:
  explicit Orders(std::int64_t patience) : patience_(patience) {}

  void processElement(const Event& event,
                      Context& context,
                      weir::Collector<std::string>& out) override {
    const State next = after(state_.value(), event.what);
    if (next == State::kNone) {
      context.output(unexpected(),
                     "unexpected " + event.order + " " + event.what + " when " +
                         std::string(nameOf(state_.value())));
      return;
    }
    if (deadline_.value() != 0) {
      context.timerService().deleteEventTimeTimer(deadline_.value());
      deadline_.clear();
    }
    if (next == State::kPlaced || next == State::kPaid) {
      deadline_.update(event.at + patience_);
      context.timerService().registerEventTimeTimer(deadline_.value());
    }
    enter(event.order, next, event.at, out);
  }
  void onTimer(std::int64_t time,
               OnTimerContext& context,
               weir::Collector<std::string>& out) override {
    deadline_.clear();
    if (state_.value() == State::kPlaced) {
      enter(context.getCurrentKey(), State::kCancelled, time, out);
    } else {
      out.collect("order " + context.getCurrentKey() + " waits for shipping at " +
                  std::to_string(time));
    }
  }

 private:
  void enter(const std::string& order,
             State state,
             std::int64_t at,
             weir::Collector<std::string>& out) {
    state_.update(state);
    out.collect("order " + order + " " + std::string(nameOf(state)) + " at " + std::to_string(at));
  }

  std::int64_t patience_;
  // An order that is over is forgotten after a month.
  weir::ValueState<State> state_{
      *this, "state", State::kNone, weir::StateTtlConfig::newBuilder(weir::Time::days(30)).build()};
  weir::ValueState<std::int64_t> deadline_{*this, "deadline", 0};  // Of the timer; 0: none.
};

Event parse(const std::string& line) {
  std::istringstream words(line);
  Event event;
  words >> event.order >> event.at >> event.what;
  return event;
}

// Time stands where the last event does: what is due by then happens before what comes next.
struct EventByEvent : weir::AssignerWithPunctuatedWatermarks<Event> {
  std::int64_t extractTimestamp(const Event& event, std::int64_t /*previous*/) override {
    return event.at;
  }
  std::optional<std::int64_t> checkAndGetNextWatermark(const Event& /*event*/,
                                                       std::int64_t at) override {
    return at - 1;
  }
};

constexpr std::string_view kUsage = R"(Usage: order_states EVENTS [PATIENCE]
Prints what becomes of each order; one that is not paid in time is cancelled.
  EVENTS    a file of lines: order, milliseconds since the epoch, and placed, paid, shipped or
            cancelled; in order of time
  PATIENCE  for the next step, in seconds (default 900)
)";

}  // namespace

int main(int argc, char** argv) {
  const std::int64_t patience = argc > 2 ? std::atoll(argv[2]) : 900;
  if (argc < 2 || argc > 3 || patience <= 0 || std::string_view(argv[1]).starts_with("-")) {
    const bool asked = argc == 2 && std::string_view(argv[1]) == "--help";
    (asked ? std::cout : std::cerr) << kUsage;
    return asked ? 0 : 2;
  }

  auto env = weir::StreamExecutionEnvironment::getExecutionEnvironment();
  env.setStreamTimeCharacteristic(weir::TimeCharacteristic::kEventTime);
  env.enableCheckpointing(std::chrono::seconds(1));
  auto states = env.readTextFile(argv[1])
                    .map(parse)
                    .setParallelism(1)
                    .assignTimestampsAndWatermarks(EventByEvent{})
                    .setParallelism(1)
                    .keyBy([](const Event& event) { return event.order; })
                    .process(Orders(1000 * patience))
                    .uid("orders")
                    .name("Orders");
  states.print();
  states.getSideOutput(unexpected()).print();
  env.execute("Order states");
}
