#include "common/windows/window_operator.h"

#include <memory>
#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/windows/join_functions.h"
#include "common/windows/session_assigners.h"
#include "common/windows/timed_windows.h"
#include "tests/unit/common/windows/running.h"

namespace weir::windows {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

/// All elements to a function of process().
template <typename A, typename F>
auto processing(A assigner, F function) {
  using Tr = decltype(assigner.getDefaultTrigger());
  using P = Parts<Entry, std::string, std::string, A, Tr, ListedContents<Entry>, F, KnowsClear<F>>;
  Tr trigger = assigner.getDefaultTrigger();
  return Running<P>(WindowRunner<P>(
      std::move(assigner), std::move(trigger), {}, std::move(function), 0, std::nullopt));
}

struct Total : AggregateFunction<Entry, int, std::string> {
  int createAccumulator() override { return 0; }
  void add(const Entry& entry, int& total) override { total += entry.second; }
  std::string getResult(const int& total) override { return std::to_string(total); }
  int merge(const int& a, const int& b) override { return a + b; }
};
/// Windows of ten seconds, every two, in panes.
auto totaling(std::int64_t lateness) {
  using A = SlidingEventTimeWindows;
  using Contents = AggregatedContents<Entry, int, std::string, Total>;
  using P =
      Parts<Entry, std::string, std::string, A, EventTimeTrigger, Contents, NoFunction, false>;
  return Running<P>(WindowRunner<P>(
      A::of(seconds(10), seconds(2)), {}, Contents(Total{}), {}, lateness, std::nullopt));
}

// From Flink's WindowOperatorTest, testSlidingEventTimeWindows: apache/flink
// flink-streaming-java/src/test/java/org/apache/flink/streaming/runtime/operators/windowing/.
TEST(WindowOperatorTest, FlinksSlidingWindows) {
  auto running = summing(SlidingEventTimeWindows::of(seconds(3), seconds(1)));
  for (const std::int64_t t : {3999, 3000}) {
    running.element({"key2", 1}, t);
  }
  for (const std::int64_t t : {20, 0, 999}) {
    running.element({"key1", 1}, t);
  }
  for (const std::int64_t t : {1998, 1999, 1000}) {
    running.element({"key2", 1}, t);
  }
  running.watermark(999);
  EXPECT_THAT(running.take(), ElementsAre("key1-3@999"));
  running.watermark(1999);
  EXPECT_THAT(running.take(), UnorderedElementsAre("key1-3@1999", "key2-3@1999"));
  running.watermark(2999);
  EXPECT_THAT(running.take(), UnorderedElementsAre("key1-3@2999", "key2-3@2999"));
  running.restart();
  running.watermark(3999);
  EXPECT_THAT(running.take(), ElementsAre("key2-5@3999"));
  running.watermark(4999);
  EXPECT_THAT(running.take(), ElementsAre("key2-2@4999"));
  running.watermark(5999);
  EXPECT_THAT(running.take(), ElementsAre("key2-2@5999"));
  running.watermark(7999);
  EXPECT_THAT(running.take(), IsEmpty());
}

TEST(WindowOperatorTest, OfWindowsInPanesOnlyTheNextOneOfAKeyHasATimer) {
  auto running = totaling(0);
  running.element({"a", 1}, 1000);
  running.element({"a", 2}, 1500);
  running.element({"b", 3}, 3000);
  EXPECT_EQ(running.timers().size(), 2U);
  running.watermark(1999);
  EXPECT_THAT(running.take(), ElementsAre("3@1999"));
  running.restart();
  EXPECT_EQ(running.timers().size(), 2U);
  running.watermark(9999);
  EXPECT_THAT(running.take(),
              UnorderedElementsAre(
                  "3@3999", "3@3999", "3@5999", "3@5999", "3@7999", "3@7999", "3@9999", "3@9999"));
  EXPECT_EQ(running.timers().size(), 1U);
  running.watermark(20'000);
  EXPECT_THAT(running.take(), ElementsAre("3@11999"));
  EXPECT_EQ(running.timers().size(), 0U);
  EXPECT_EQ(running.stateEntries(), 0U);
}

TEST(WindowOperatorTest, EachWindowInPanesFiresOnceWhenLatenessChangesOverARestore) {
  for (const std::int64_t before : {0, 4000}) {
    auto first = totaling(before);
    first.element({"a", 1}, 1000);
    first.element({"a", 2}, 3000);
    first.watermark(1999);
    EXPECT_THAT(first.take(), ElementsAre("1@1999"));
    auto second = totaling(4000 - before);
    second.restore(first.snapshot());
    second.element({"a", 4}, 5000);
    second.watermark(3999);
    EXPECT_THAT(second.take(), ElementsAre("3@3999")) << before;
    auto third = totaling(before);
    third.restore(second.snapshot());
    third.watermark(5999);
    EXPECT_THAT(third.take(), ElementsAre("7@5999")) << before;
    third.watermark(30'000);
    EXPECT_THAT(third.take(), ElementsAre("7@7999", "7@9999", "6@11999", "4@13999")) << before;
    EXPECT_EQ(third.stateEntries(), 0U);
  }
}

TEST(WindowOperatorTest, WindowsInPanesThatHaveFiredAreOverWhenLatenessIsLessAfterARestore) {
  for (const std::int64_t after : {0, 1000}) {
    auto first = totaling(4000);
    first.element({"a", 1}, 1000);
    first.watermark(10'500);  // The windows from -2 s and 0 s on are kept.
    auto second = totaling(after);
    second.restore(first.snapshot());
    second.watermark(30'000);
    EXPECT_THAT(second.take(), IsEmpty()) << after;
    EXPECT_EQ(second.stateEntries(), 0U) << after;
  }
}

TEST(WindowOperatorTest, WindowsInPanesFireAgainForARecordAfterARestoreWithoutLateness) {
  auto first = totaling(4000);
  first.element({"a", 1}, 1000);
  first.watermark(10'500);
  auto second = totaling(0);
  second.restore(first.snapshot());
  second.element({"a", 4}, 1500);
  second.watermark(30'000);
  EXPECT_THAT(second.take(), ElementsAre("4@1999", "4@3999", "4@5999", "5@7999", "5@9999"));
  EXPECT_EQ(second.stateEntries(), 0U);
}

TEST(WindowOperatorTest, AWindowFiresAgainForARecordAfterARestoreWithoutLateness) {
  auto first = summing(TumblingEventTimeWindows::of(seconds(1)), 500);
  first.element({"a", 1}, 100);
  first.watermark(1200);
  EXPECT_THAT(first.take(), ElementsAre("a-1@999"));
  auto second = summing(TumblingEventTimeWindows::of(seconds(1)), 0);
  second.restore(first.snapshot());
  second.element({"a", 1}, 200);
  second.watermark(999);
  EXPECT_THAT(second.take(), ElementsAre("a-2@999"));
  second.watermark(5000);
  EXPECT_THAT(second.take(), IsEmpty());
  EXPECT_EQ(second.stateEntries(), 0U);
}

TEST(WindowOperatorTest, ATriggerOfTheClockFiresAlsoForWhatComesAfterItHasFired) {
  using P = Parts<Entry,
                  Entry,
                  std::string,
                  TumblingEventTimeWindows,
                  ProcessingTimeTrigger,
                  ReducedContents<Entry, Sum>,
                  NoFunction,
                  false>;
  Running<P> running(WindowRunner<P>(TumblingEventTimeWindows::of(seconds(1)),
                                     ProcessingTimeTrigger::create(),
                                     ReducedContents<Entry, Sum>(Sum{}),
                                     {},
                                     0,
                                     std::nullopt));
  running.setProcessingTime(5000);
  running.element({"a", 1}, 100);
  running.setProcessingTime(5001);
  EXPECT_THAT(running.take(), ElementsAre("a-1@999"));
  running.element({"a", 1}, 200);
  running.setProcessingTime(5002);
  EXPECT_THAT(running.take(), ElementsAre("a-2@999"));
}

// The same, testTumblingEventTimeWindows.
TEST(WindowOperatorTest, FlinksTumblingWindows) {
  auto running = summing(TumblingEventTimeWindows::of(seconds(3)));
  for (const std::int64_t t : {3999, 3000, 1998, 1999, 1000}) {
    running.element({"key2", 1}, t);
  }
  for (const std::int64_t t : {20, 0, 999}) {
    running.element({"key1", 1}, t);
  }
  running.watermark(1999);
  EXPECT_THAT(running.take(), IsEmpty());
  running.restart();
  running.watermark(2999);
  EXPECT_THAT(running.take(), UnorderedElementsAre("key1-3@2999", "key2-3@2999"));
  running.watermark(5999);
  EXPECT_THAT(running.take(), ElementsAre("key2-2@5999"));
}

// The same, testReduceSessionWindows.
TEST(WindowOperatorTest, FlinksSessions) {
  auto running = summing(EventTimeSessionWindows::withGap(seconds(3)));
  running.element({"key2", 1}, 0);
  running.element({"key2", 2}, 1000);
  running.element({"key2", 3}, 2500);
  running.element({"key1", 1}, 10);
  running.element({"key1", 2}, 1000);
  running.restart();
  running.element({"key1", 3}, 2500);
  running.element({"key2", 4}, 5501);
  running.element({"key2", 5}, 6000);
  running.element({"key2", 5}, 6000);
  running.element({"key2", 6}, 6050);
  running.watermark(12000);
  EXPECT_THAT(running.take(), UnorderedElementsAre("key1-6@5499", "key2-6@5499", "key2-20@9049"));
  running.element({"key2", 10}, 15000);
  running.element({"key2", 20}, 15000);
  running.watermark(17999);
  EXPECT_THAT(running.take(), ElementsAre("key2-30@17999"));
}

TEST(WindowOperatorTest, LateRecordsGoToTheSideOutputAndOthersFireAgain) {
  auto running = summing(TumblingEventTimeWindows::of(seconds(1)), 500, OutputTag<Entry>("late"));
  running.element({"a", 1}, 100);
  running.watermark(1200);
  EXPECT_THAT(running.take(), ElementsAre("a-1@999"));
  running.element({"a", 2}, 200);
  EXPECT_THAT(running.take(), ElementsAre("a-3@999"));
  running.watermark(1499);
  running.element({"a", 4}, 300);
  EXPECT_THAT(running.take(), IsEmpty());
  EXPECT_THAT(running.sideOutput(OutputTag<Entry>("late")), ElementsAre(Entry("a", 4)));
}

TEST(WindowOperatorTest, AWindowThatWasRestoredStaysAsLongAsTheLatenessThatItHasNow) {
  for (const std::int64_t lateness : {0, 200, 2000}) {
    SCOPED_TRACE(lateness);
    auto before = summing(TumblingEventTimeWindows::of(seconds(1)), 500);
    before.element({"a", 1}, 100);
    before.watermark(1200);
    EXPECT_THAT(before.take(), ElementsAre("a-1@999"));
    auto after = summing(TumblingEventTimeWindows::of(seconds(1)), lateness);
    after.restore(before.snapshot());
    after.element({"b", 1}, 5000);
    const std::size_t both = after.stateEntries();
    after.watermark(1500);
    EXPECT_THAT(after.take(), IsEmpty()) << "it has fired before";
    after.element({"a", 2}, 200);
    if (lateness == 2000) {
      EXPECT_THAT(after.take(), ElementsAre("a-3@999"));
    } else {
      EXPECT_EQ(after.dropped(), 1);
    }
    after.watermark(2998);
    EXPECT_EQ(after.stateEntries(), lateness == 2000 ? both : both / 2);
    after.watermark(2999);
    EXPECT_EQ(after.stateEntries(), both / 2) << "that of the other key";
    EXPECT_THAT(after.take(), IsEmpty());
  }
}

TEST(WindowOperatorTest, LateRecordsThatGoNowhereAreCounted) {
  auto running = summing(TumblingEventTimeWindows::of(seconds(1)));
  running.watermark(5000);
  running.element({"a", 1}, 100);
  running.element({"a", 1}, 5100);
  EXPECT_EQ(running.dropped(), 1);
}

TEST(WindowOperatorTest, ARecordWithoutTimestampFailsTheTask) {
  auto running = summing(TumblingEventTimeWindows::of(seconds(1)));
  try {
    running.element({"a", 1}, kNoTimestamp);
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("assignTimestampsAndWatermarks"));
  }
}

/// Counts how often each window fired and how many elements its key has had.
struct Counts : ProcessWindowFunction<Entry, std::string, std::string, TimeWindow> {
  ValueStateDescriptor<int> fired{"fired", 0};
  ValueStateDescriptor<int> all{"all", 0};
  ValueState<int> windows{*this, "windows", 0};
  OutputTag<std::string> side{"side"};

  void process(const std::string& key,
               Context& context,
               Iterable<Entry>& elements,
               Collector<std::string>& out) override {
    auto& in_window = context.windowState().getState(fired);
    auto& in_key = context.globalState().getState(all);
    in_key.update(in_key.value() + static_cast<int>(elements.size()));
    in_window.update(in_window.value() + 1);
    windows.update(windows.value() + 1);
    out.collect(key + " " + std::to_string(in_window.value()) + " " +
                std::to_string(in_key.value()) + " " + std::to_string(windows.value()));
    context.output(side, key + " at " + std::to_string(context.window().start));
  }
  void clear(Context& context) override { context.windowState().getState(fired).clear(); }
};

TEST(WindowOperatorTest, AFunctionHasStateOfTheWindowAndOfTheKey) {
  auto running = processing(TumblingEventTimeWindows::of(seconds(1)), Counts{});
  running.element({"a", 1}, 100);
  running.element({"a", 1}, 200);
  running.element({"b", 1}, 200);
  running.element({"a", 1}, 1200);
  running.watermark(1000);
  EXPECT_THAT(running.take(), UnorderedElementsAre("a 1 2 1@999", "b 1 1 1@999"));
  running.restart();
  running.watermark(2000);
  EXPECT_THAT(running.take(), ElementsAre("a 1 3 2@1999"));
  EXPECT_THAT(running.sideOutput(OutputTag<std::string>("side")),
              UnorderedElementsAre("a at 0", "b at 0", "a at 1000"));
}

TEST(WindowOperatorTest, AWindowThatWasPurgedIsCleanedUpWhereItWasRestoredWithLessLateness) {
  using Tr = decltype(PurgingTrigger::of(EventTimeTrigger::create()));
  using A = TumblingEventTimeWindows;
  using P = Parts<Entry, std::string, std::string, A, Tr, ListedContents<Entry>, Counts, true>;
  const auto counting = [](std::int64_t lateness) {
    return Running<P>(WindowRunner<P>(A::of(seconds(1)),
                                      PurgingTrigger::of(EventTimeTrigger::create()),
                                      {},
                                      Counts{},
                                      lateness,
                                      std::nullopt));
  };
  for (const std::int64_t lateness : {0, 200, 2000}) {
    auto before = counting(500);
    before.element({"a", 1}, 100);
    before.watermark(1200);
    EXPECT_THAT(before.take(), ElementsAre("a 1 1 1@999"));
    auto after = counting(lateness);
    after.restore(before.snapshot());
    after.watermark(10'000);
    EXPECT_THAT(after.take(), IsEmpty());
    EXPECT_EQ(after.stateEntries(), 2U) << "of the key alone; lateness " << lateness;
  }
}

TEST(WindowOperatorTest, WindowsThatMergeHaveNoStateOfTheirOwn) {
  auto running = processing(EventTimeSessionWindows::withGap(seconds(1)), Counts{});
  running.element({"a", 1}, 100);
  EXPECT_THROW(running.watermark(5000), std::logic_error);
}

TEST(WindowOperatorTest, WindowsOfTheClockFireByItAlone) {
  auto running = summing(TumblingWindows(false, seconds(1)));
  running.advanceProcessingTime(Time::milliseconds(100));
  running.element({"a", 1}, kNoTimestamp);
  running.watermark(5000);
  EXPECT_THAT(running.take(), IsEmpty());
  running.restart();
  running.advanceProcessingTime(Time::milliseconds(899));
  EXPECT_THAT(running.take(), ElementsAre("a-1@999"));
}

}  // namespace
}  // namespace weir::windows
