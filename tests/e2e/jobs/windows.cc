// Windows and joins of each kind over numbers with timestamps, each result a line of one text file
// per subtask: what the test computes itself. Nothing is late: time is never further behind than
// the bound of the watermarks.
#include <map>
#include <string>
#include <utility>

#include "numbers.h"
#include <weir/weir.h>

namespace {

struct Event {
  std::int64_t key = 0;
  std::int64_t at = 0;  // In milliseconds.
  std::int64_t id = 0;
};

Event eventOf(const std::int64_t& id) {
  const std::int64_t disorder = (id * 7919 % 13 - 6) * 10;
  return {id % 7, (id + id / 50 * 100) * 10 + disorder, id};
}

std::string line(const std::string& kind,
                 std::int64_t key,
                 const weir::TimeWindow& window,
                 std::int64_t count,
                 std::int64_t sum) {
  return kind + " " + std::to_string(key) + " " + std::to_string(window.start) + " " +
         std::to_string(window.end) + " " + std::to_string(count) + " " + std::to_string(sum);
}

struct Total {
  std::int64_t count = 0;
  std::int64_t sum = 0;
};
struct Totals : weir::AggregateFunction<Event, Total, Total> {
  Total createAccumulator() override { return {}; }
  void add(const Event& event, Total& total) override {
    ++total.count;
    total.sum += event.id;
  }
  Total getResult(const Total& total) override { return total; }
  Total merge(const Total& a, const Total& b) override {
    return {a.count + b.count, a.sum + b.sum};
  }
};
/// Gives totals as lines.
auto totalsAs(std::string kind) {
  return [kind = std::move(kind)](const std::int64_t& key,
                                  const weir::TimeWindow& window,
                                  weir::Iterable<Total>& totals,
                                  weir::Collector<std::string>& out) {
    out.collect(line(kind, key, window, totals.front().count, totals.front().sum));
  };
}
void listed(const std::int64_t& key,
            const weir::TimeWindow& window,
            weir::Iterable<Event>& events,
            weir::Collector<std::string>& out) {
  std::int64_t sum = 0;
  for (const Event& event : events) {
    sum += event.id;
  }
  out.collect(line("tumbling", key, window, static_cast<std::int64_t>(events.size()), sum));
}

void counted(const std::int64_t& key,
             const weir::GlobalWindow& /*window*/,
             weir::Iterable<Event>& events,
             weir::Collector<std::string>& out) {
  out.collect("counted " + std::to_string(key) + " " + std::to_string(events.size()));
}

using Flags = std::map<std::string, std::string>;

/// The numbers as events with timestamps and watermarks, in one subtask.
auto eventsOf(weir::StreamExecutionEnvironment& env, Flags& flags) {
  return env.addSource(Numbers(std::stoll(flags["count"]), std::stoll(flags["rate"])))
      .uid("numbers")
      .setParallelism(1)
      .map(eventOf)
      .setParallelism(1)
      .assignTimestampsAndWatermarks(
          weir::WatermarkStrategy<Event>::forBoundedOutOfOrderness(weir::Time::milliseconds(150))
              .withTimestampAssigner([](const Event& event) { return event.at; }))
      .setParallelism(1);
}

template <typename Keyed>
auto tumblingOf(const Keyed& keyed, const Flags& flags) {
  return flags.at("tumbling") == "by count"
             ? keyed.countWindow(50).apply(counted)
             : keyed.window(weir::TumblingEventTimeWindows::of(weir::Time::milliseconds(500)))
                   .apply(listed);
}

std::string pairOf(const std::string& kind, const Event& left, const Event& right) {
  return kind + " " + std::to_string(left.id) + " " + std::to_string(right.id);
}

}  // namespace

int main(int argc, char** argv) {
  using weir::Time;
  Flags flags{{"tumbling", "by time"},
              {"count", "3000"},
              {"rate", "1000"},
              {"size", "1000"},
              {"slide", "250"}};
  for (int i = 1; i + 1 < argc; i += 2) {
    flags[std::string(argv[i]).substr(2)] = argv[i + 1];
  }
  auto env = weir::StreamExecutionEnvironment::getExecutionEnvironment();
  env.enableCheckpointing(std::chrono::milliseconds(200));
  env.setStreamTimeCharacteristic(weir::TimeCharacteristic::kEventTime);
  env.setAutoWatermarkInterval(std::chrono::milliseconds(20));
  auto events = eventsOf(env, flags);
  const auto key = [](const Event& event) { return event.key; };
  auto keyed = events.keyBy(key);
  auto evens = events.filter([](const Event& e) { return e.id % 2 == 0; }).setParallelism(1);
  auto odds = events.filter([](const Event& e) { return e.id % 2 != 0; }).setParallelism(1);

  auto tumbling = tumblingOf(keyed, flags);
  auto sliding = keyed
                     .timeWindow(Time::milliseconds(std::stoll(flags["size"])),
                                 Time::milliseconds(std::stoll(flags["slide"])))
                     .aggregate(Totals{}, totalsAs("sliding"));
  auto sessions = keyed.window(weir::EventTimeSessionWindows::withGap(Time::milliseconds(300)))
                      .aggregate(Totals{}, totalsAs("session"));
  auto near = evens.keyBy(key)
                  .intervalJoin(odds.keyBy(key))
                  .between(Time::milliseconds(-200), Time::milliseconds(200))
                  .process([](const Event& left,
                              const Event& right,
                              weir::ProcessJoinContext& /*context*/,
                              weir::Collector<std::string>& out) {
                    out.collect(pairOf("near", left, right));
                  });
  auto same =
      evens.join(odds)
          .where(key)
          .equalTo(key)
          .window(weir::TumblingEventTimeWindows::of(Time::milliseconds(500)))
          .apply([](const Event& left, const Event& right) { return pairOf("same", left, right); });
  auto all = events.timeWindowAll(Time::seconds(1))
                 .apply([](const weir::TimeWindow& window,
                           weir::Iterable<Event>& in_it,
                           weir::Collector<std::string>& out) {
                   out.collect(line("all", 0, window, static_cast<std::int64_t>(in_it.size()), 0));
                 });
  tumbling.uid("tumbling")
      .union_(sliding.uid("sliding"),
              sessions.uid("sessions"),
              near.uid("near"),
              same.uid("same"),
              all.uid("all"))
      .writeAsText(flags["out"])
      .uid("out");
  env.execute("Windows");
}
