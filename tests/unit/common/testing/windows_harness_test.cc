#include <cstdint>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/api/weir.h"
#include "common/testing/testing.h"

namespace weir::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Optional;
using ::testing::UnorderedElementsAre;

struct Click {
  std::string user;
  int page = 0;
  bool operator==(const Click&) const = default;
};

Time ms(std::int64_t n) { return Time::milliseconds(n); }
TumblingEventTimeWindows hundreds() { return TumblingEventTimeWindows::of(ms(100)); }

std::string label(const std::string& user, const TimeWindow& window, int sum) {
  return user + "@" + std::to_string(window.start) + ":" + std::to_string(sum);
}

/// Counts the windows of a user, and how often each of them fired.
struct Pages : ProcessWindowFunction<Click, std::string, std::string, TimeWindow> {
  ValueState<int> windows_{*this, "windows", 0};
  static ValueStateDescriptor<int> firings() { return ValueStateDescriptor<int>("firings", 0); }

  void process(const std::string& user,
               Context& context,
               Iterable<Click>& clicks,
               Collector<std::string>& out) override {
    auto fired = context.windowState().getState(firings());
    fired.update(fired.value() + 1);
    windows_.update(windows_.value() + (fired.value() == 1 ? 1 : 0));
    context.output(OutputTag<int>("sizes"), static_cast<int>(clicks.size()));
    out.collect(label(user, context.window(), static_cast<int>(clicks.size())));
  }
  void clear(Context& context) override { context.windowState().getState(firings()).clear(); }
};

TEST(WindowsHarnessTest, RunsAFunctionOfWindowsInTenLines) {
  OneInputHarness h(Pages{}, &Click::user, hundreds());
  h.push({"ann", 1}, 10);
  h.push({"bob", 1}, 20);
  h.push({"ann", 2}, 90);
  h.push({"ann", 3}, 100);
  EXPECT_THAT(h.output(), IsEmpty());
  h.watermark(99);
  EXPECT_THAT(h.output(), UnorderedElementsAre("ann@0:2", "bob@0:1"));
  EXPECT_THAT(h.timers(), ElementsAre(Timer<std::string>{"ann", 199, TimeDomain::kEventTime}));
}

TEST(WindowsHarnessTest, ResultsHaveTheTimestampOfTheirWindow) {
  OneInputHarness h(Pages{}, &Click::user, hundreds());
  h.push({"ann", 1}, -10);
  h.endInput();
  EXPECT_THAT(h.records(), ElementsAre(Timestamped<std::string>{"ann@-100:1", -1}));
  EXPECT_THAT(h.sideOutput(OutputTag<int>("sizes")), ElementsAre(1));
}

TEST(WindowsHarnessTest, TellsStateOfTheKeyFromStateOfAWindowAndThatNothingIsLeftBehind) {
  OneInputHarness h(Pages{}, &Click::user, inWindows([](auto clicks) {
                      return clicks.window(hundreds()).allowedLateness(ms(50));
                    }));
  h.push({"ann", 1}, 10);
  h.watermark(99);
  h.push({"ann", 2}, 20);
  EXPECT_THAT(h.output(), ElementsAre("ann@0:1", "ann@0:2"));
  EXPECT_THAT(h.state(Pages::firings(), "ann", TimeWindow{0, 100}), Optional(2));
  EXPECT_EQ(h.state(Pages::firings(), "ann", TimeWindow{100, 200}), std::nullopt);
  EXPECT_THAT(h.state(ValueStateDescriptor<int>("windows", 0), "ann"), Optional(1));
  h.watermark(149);
  EXPECT_EQ(h.state(Pages::firings(), "ann", TimeWindow{0, 100}), std::nullopt);
  EXPECT_EQ(h.stateEntries(), 1U) << "but for the windows of the key";
}

/// The sum of the pages of a window's clicks.
struct SumOfPages : AggregateFunction<Click, std::int64_t, int> {
  std::int64_t createAccumulator() override { return 0; }
  void add(const Click& click, std::int64_t& sum) override { sum += click.page; }
  int getResult(const std::int64_t& sum) override { return static_cast<int>(sum); }
  std::int64_t merge(const std::int64_t& a, const std::int64_t& b) override { return a + b; }
};
struct LaterPage : ReduceFunction<Click> {
  Click reduce(const Click& a, const Click& b) override { return a.page < b.page ? b : a; }
};
struct CountClicks : FoldFunction<Click, int> {
  int fold(const int& count, const Click&) override { return count + 1; }
};
struct Label : WindowFunction<int, std::string, std::string, TimeWindow> {
  void apply(const std::string& user,
             const TimeWindow& window,
             Iterable<int>& sums,
             Collector<std::string>& out) override {
    out.collect(label(user, window, sums.front()));
  }
};

/// What a harness emits of three clicks in one window and one in the next.
template <typename... Arguments>
auto outputOf(Arguments... arguments) {
  OneInputHarness h(arguments...);
  h.push({"ann", 1}, 10);
  h.push({"ann", 5}, 20);
  h.push({"ann", 2}, 30);
  h.push({"ann", 7}, 110);
  h.watermark(199);
  return h.output();
}

TEST(WindowsHarnessTest, RunsEveryFormOfFunctionThatWindowsTake) {
  EXPECT_THAT(outputOf(SumOfPages{}, &Click::user, hundreds()), ElementsAre(8, 7));
  EXPECT_THAT(outputOf(LaterPage{}, &Click::user, hundreds()),
              ElementsAre(Click{"ann", 5}, Click{"ann", 7}));
  EXPECT_THAT(outputOf(CountClicks{}, &Click::user, hundreds()), ElementsAre(3, 1));
  EXPECT_THAT(outputOf(combine(SumOfPages{}, Label{}), &Click::user, hundreds()),
              ElementsAre("ann@0:8", "ann@100:7"));
  EXPECT_THAT(outputOf(combine(CountClicks{}, Label{}), &Click::user, hundreds()),
              ElementsAre("ann@0:3", "ann@100:1"));
  const auto sizes = [](const std::string& user,
                        const TimeWindow& window,
                        Iterable<Click>& clicks,
                        Collector<std::string>& out) {
    out.collect(label(user, window, static_cast<int>(clicks.size())));
  };
  EXPECT_THAT(outputOf(sizes, &Click::user, hundreds()), ElementsAre("ann@0:3", "ann@100:1"));
  const auto watermarks = [](const std::string&,
                             ProcessWindowContext<TimeWindow>& context,
                             Iterable<Click>&,
                             Collector<std::int64_t>& out) {
    out.collect(context.currentWatermark());
  };
  EXPECT_THAT(outputOf(watermarks, &Click::user, hundreds()), ElementsAre(199, 199));
}

struct AllPages : AllWindowFunction<Click, int, TimeWindow> {
  void apply(const TimeWindow&, Iterable<Click>& clicks, Collector<int>& out) override {
    out.collect(static_cast<int>(clicks.size()));
  }
};
struct Total : ProcessAllWindowFunction<Click, int, TimeWindow> {
  ValueState<int> total_{*this, "total", 0};
  void process(Context&, Iterable<Click>& clicks, Collector<int>& out) override {
    total_.update(total_.value() + static_cast<int>(clicks.size()));
    out.collect(total_.value());
  }
};

TEST(WindowsHarnessTest, WithoutKeySelectorWindowsAreThoseOfAllRecords) {
  EXPECT_THAT(outputOf(AllPages{}, hundreds()), ElementsAre(3, 1));
  EXPECT_THAT(outputOf(SumOfPages{}, hundreds()), ElementsAre(8, 7));
  const auto pairs = inWindows([](auto clicks) { return clicks.countWindowAll(2); });
  EXPECT_THAT(outputOf(SumOfPages{}, pairs), ElementsAre(6, 9));
  OneInputHarness h(Total{}, hundreds());
  h.push({"ann", 1}, 10);
  h.push({"bob", 1}, 110);
  h.endInput();
  EXPECT_THAT(h.output(), ElementsAre(1, 2));
  EXPECT_THAT(h.state(ValueStateDescriptor<int>("total", 0), 0), Optional(2));
}

TEST(WindowsHarnessTest, AnAggregateWithoutWindowsGivesItsResultAfterEachRecord) {
  OneInputHarness all(SumOfPages{});
  all.push({"ann", 1});
  all.push({"bob", 2});
  EXPECT_THAT(all.output(), ElementsAre(1, 3));
  OneInputHarness keyed(SumOfPages{}, &Click::user);
  keyed.push({"ann", 1});
  keyed.push({"bob", 2});
  const Snapshot snapshot = keyed.snapshot();
  keyed.restore(snapshot);
  keyed.push({"ann", 3});
  EXPECT_THAT(keyed.output(), ElementsAre(1, 2, 4));
}

TEST(WindowsHarnessTest, SessionsMergeAndGoOnAfterARestoreInOtherSubtasks) {
  const auto sessions = EventTimeSessionWindows::withGap(ms(50));
  OneInputHarness h(combine(SumOfPages{}, Label{}), &Click::user, sessions);
  h.push({"ann", 1}, 0);
  h.push({"ann", 2}, 100);
  h.push({"bob", 4}, 10);
  std::vector<std::string> all;
  for (const Snapshot& part : split(h.snapshot(), 2)) {
    OneInputHarness other(combine(SumOfPages{}, Label{}), &Click::user, sessions);
    other.restore(part);
    if (other.owns("ann")) {
      other.push({"ann", 8}, 50);  // Touches both of its sessions.
    }
    other.watermark(1000);
    EXPECT_EQ(other.stateEntries(), 0U);
    const auto output = other.output();
    all.insert(all.end(), output.begin(), output.end());
  }
  EXPECT_THAT(all, UnorderedElementsAre("ann@0:11", "bob@10:4"));
}

TEST(WindowsHarnessTest, TriggersAndEvictorsAreThoseOfTheProgram) {
  OneInputHarness h(SumOfPages{}, &Click::user, inWindows([](auto clicks) {
                      return clicks.window(GlobalWindows::create())
                          .trigger(CountTrigger::of(2))
                          .evictor(CountEvictor::of(3));
                    }));
  for (const int page : {1, 2, 4, 8}) {
    h.push({"ann", page});
  }
  EXPECT_THAT(h.output(), ElementsAre(3, 14));
}

TEST(WindowsHarnessTest, LateRecordsGoToTheirSideOutputOrAreCounted) {
  const OutputTag<Click> late("late");
  OneInputHarness h(SumOfPages{}, &Click::user, inWindows([&late](auto clicks) {
                      return clicks.window(hundreds()).sideOutputLateData(late);
                    }));
  h.watermark(99);
  h.push({"ann", 1}, 50);
  EXPECT_THAT(h.sideOutput(late), ElementsAre(Click{"ann", 1}));

  OneInputHarness counts(SumOfPages{}, &Click::user, hundreds());
  counts.watermark(99);
  counts.push({"ann", 1}, 50);
  EXPECT_EQ(counts.accumulator<LongCounter>("numLateRecordsDropped")->getLocalValue(), 1);
  EXPECT_THAT(counts.output(), IsEmpty());
}

TEST(WindowsHarnessTest, WindowsOfTheClockFireWhenTheTestMovesIt) {
  const auto by = TumblingProcessingTimeWindows::of(ms(100));
  OneInputHarness h(SumOfPages{}, &Click::user, by);
  h.setProcessingTime(1000);
  h.push({"ann", 1});
  h.advanceProcessingTime(ms(98));
  EXPECT_THAT(h.output(), IsEmpty());
  h.advanceProcessingTime(ms(2));
  EXPECT_THAT(h.output(), ElementsAre(1));
}

TEST(WindowsHarnessTest, TimeWindowGoesByTheTimeThatTheHarnessIsTold) {
  const auto cut = [](auto clicks) { return clicks.timeWindow(ms(100)); };
  OneInputHarness clock(SumOfPages{}, &Click::user, inWindows(cut));
  clock.push({"ann", 1}, 10);
  clock.watermark(1000);
  EXPECT_THAT(clock.output(), IsEmpty());
  clock.advanceProcessingTime(ms(100));
  EXPECT_THAT(clock.output(), ElementsAre(1));
  OneInputHarness event(SumOfPages{}, &Click::user, inWindows(cut, TimeCharacteristic::kEventTime));
  event.push({"ann", 1}, 10);
  event.watermark(1000);
  EXPECT_THAT(event.output(), ElementsAre(1));
}

TEST(WindowsHarnessTest, SlidingWindowsGoOnAfterARestore) {
  const auto sliding = SlidingEventTimeWindows::of(ms(100), ms(50));
  OneInputHarness h(combine(SumOfPages{}, Label{}), &Click::user, sliding);
  h.push({"ann", 1}, 10);
  h.push({"ann", 2}, 60);
  h.restore(h.snapshot());
  h.push({"ann", 4}, 70);
  h.watermark(99);
  EXPECT_THAT(h.output(), ElementsAre("ann@-50:1", "ann@0:7"));
  h.endInput();
  EXPECT_EQ(h.output().back(), "ann@50:6");
  EXPECT_EQ(h.stateEntries(), 0U);
}

TEST(WindowsHarnessTest, WhatIsWrongWithTheWindowsIsSaidWhenTheHarnessIsMade) {
  try {
    OneInputHarness h(SumOfPages{}, &Click::user, TumblingEventTimeWindows::of(ms(0)));
    FAIL();
  } catch (const JobExecutionException& error) {
    EXPECT_THAT(error.what(), HasSubstr("TumblingEventTimeWindows"));
  }
}

/// Throws for a user.
struct Refuses : WindowFunction<Click, int, std::string, TimeWindow> {
  void apply(const std::string& user,
             const TimeWindow&,
             Iterable<Click>&,
             Collector<int>&) override {
    throw std::runtime_error("no " + user);
  }
};

TEST(WindowsHarnessTest, WhatAFunctionOfWindowsThrowsComesOutOfTheCallThatFiresThem) {
  OneInputHarness h(Refuses{}, &Click::user, hundreds());
  h.push({"ann", 1}, 10);
  try {
    h.watermark(99);
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "no ann");
  }
  EXPECT_THROW(h.push({"ann", 1}), std::runtime_error) << "there is no timestamp";
}

TEST(WindowsHarnessTest, AJobOfTheSameWindowsGivesTheSame) {
  const std::vector<Timestamped<Click>> clicks = {
      {{"ann", 1}, 5}, {{"bob", 2}, 40}, {{"ann", 4}, 49}, {{"ann", 8}, 120}, {{"bob", 16}, 30}};
  const auto cut = [](auto stream) {
    return stream.window(EventTimeSessionWindows::withGap(ms(50)));
  };
  OneInputHarness h(combine(SumOfPages{}, Label{}), &Click::user, inWindows(cut));
  for (const auto& one : clicks) {
    h.push(one.value, one.timestamp);
  }
  h.endInput();
  auto results = sink<std::string>();
  Job job([&](StreamExecutionEnvironment& env) {
    cut(env.addSource(timestampedSource<Click>(clicks)).keyBy(&Click::user))
        .aggregate(SumOfPages{}, Label{})
        .addSink(results);
  });
  job.runToEnd();
  EXPECT_THAT(h.output(), ::testing::UnorderedElementsAreArray(results.values()));
  EXPECT_EQ(h.output().size(), 3U);
}

}  // namespace
}  // namespace weir::testing
