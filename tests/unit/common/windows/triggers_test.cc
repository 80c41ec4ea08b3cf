#include "common/windows/triggers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/windows/continuous_triggers.h"
#include "tests/unit/common/windows/fakes.h"

namespace weir {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using windows::FakeTriggerContext;

constexpr auto kContinue = TriggerResult::kContinue;
constexpr auto kFire = TriggerResult::kFire;
constexpr std::int64_t kLast = std::numeric_limits<std::int64_t>::max();
const TimeWindow kWindow{0, 100};

TEST(TriggersTest, EventTimeFiresAtTheEndAndForEachLateElement) {
  FakeTriggerContext context;
  EventTimeTrigger trigger = EventTimeTrigger::create();
  EXPECT_EQ(trigger.onElement(1, 5, kWindow, context), kContinue);
  EXPECT_THAT(context.event_timers[0], ElementsAre(99));
  EXPECT_EQ(trigger.onEventTime(99, kWindow, context), kFire);
  EXPECT_EQ(trigger.onEventTime(150, kWindow, context), kContinue);
  context.watermark = 98;
  EXPECT_EQ(trigger.onElement(1, 5, kWindow, context), kContinue);
  context.watermark = 99;
  EXPECT_EQ(trigger.onElement(1, 5, kWindow, context), kFire);
  trigger.clear(kWindow, context);
  EXPECT_THAT(context.event_timers[0], IsEmpty());
}

TEST(TriggersTest, ProcessingTimeFiresWhenTheClockPassesTheEnd) {
  FakeTriggerContext context;
  ProcessingTimeTrigger trigger = ProcessingTimeTrigger::create();
  EXPECT_EQ(trigger.onElement(1, kNoTimestamp, kWindow, context), kContinue);
  EXPECT_THAT(context.clock_timers[0], ElementsAre(99));
  EXPECT_EQ(trigger.onProcessingTime(99, kWindow, context), kFire);
  EXPECT_EQ(trigger.onEventTime(99, kWindow, context), kContinue);
  trigger.clear(kWindow, context);
  EXPECT_THAT(context.clock_timers[0], IsEmpty());
}

TEST(TriggersTest, CountFiresForEveryNthElementOfAWindow) {
  FakeTriggerContext context;
  CountTrigger trigger = CountTrigger::of(3);
  std::vector<bool> fired;
  for (int i = 0; i < 7; ++i) {
    context.use(1);
    EXPECT_EQ(trigger.onElement(1, 5, kWindow, context), i == 2 || i == 5 ? kFire : kContinue);
    context.use(2);
    EXPECT_EQ(trigger.onElement(1, 5, kWindow, context), i == 2 || i == 5 ? kFire : kContinue);
  }
  trigger.clear(kWindow, context);
  context.use(1);
  trigger.clear(kWindow, context);
  EXPECT_EQ(context.stateCount(), 0U);
}

TEST(TriggersTest, CountsOfMergedWindowsAddUp) {
  FakeTriggerContext context;
  CountTrigger trigger = CountTrigger::of(5);
  for (const int window : {1, 1, 2, 2}) {
    context.use(window);
    EXPECT_EQ(trigger.onElement(1, 5, kWindow, context), kContinue);
  }
  context.use(3);
  context.beginMerge({1, 2});
  trigger.onMerge(kWindow, context);
  context.endMerge();
  EXPECT_EQ(trigger.onElement(1, 5, kWindow, context), kFire);
  EXPECT_EQ(context.stateCount(), 0U);
}

TEST(TriggersTest, DeltaComparesWithTheElementItFiredFor) {
  FakeTriggerContext context;
  auto trigger = DeltaTrigger::of(10, [](int last, int now) { return double(now - last); });
  EXPECT_EQ(trigger.onElement(0, 1, kWindow, context), kContinue);
  EXPECT_EQ(trigger.onElement(10, 1, kWindow, context), kContinue);
  EXPECT_EQ(trigger.onElement(11, 1, kWindow, context), kFire);
  EXPECT_EQ(trigger.onElement(21, 1, kWindow, context), kContinue);
  EXPECT_EQ(trigger.onElement(22, 1, kWindow, context), kFire);
}

TEST(TriggersTest, PurgingPurgesWhenAnotherFires) {
  FakeTriggerContext context;
  auto trigger = PurgingTrigger::of(CountTrigger::of(2));
  EXPECT_EQ(trigger.onElement(0, 1, kWindow, context), kContinue);
  EXPECT_EQ(trigger.onElement(0, 1, kWindow, context), TriggerResult::kFireAndPurge);
  EXPECT_FALSE(windows::kNeverPurges<decltype(trigger)>);
  EXPECT_TRUE(windows::kNeverPurges<CountTrigger>);
}

/// Lets the watermark pass one timer after the other, as an operator does; returns at which it
/// fired.
template <typename Tr, typename W>
std::vector<std::int64_t> advance(Tr& trigger,
                                  const W& window,
                                  FakeTriggerContext& context,
                                  std::int64_t watermark) {
  std::vector<std::int64_t> fired;
  context.watermark = watermark;
  auto& timers = context.event_timers[0];
  while (!timers.empty() && *timers.begin() <= watermark) {
    const std::int64_t time = *timers.begin();
    timers.erase(timers.begin());
    if (trigger.onEventTime(time, window, context) == kFire) {
      fired.push_back(time);
    }
  }
  return fired;
}

TEST(TriggersTest, ContinuousEventTimeFiresForEachIntervalPassedAndAtTheEnd) {
  FakeTriggerContext context;
  auto trigger = ContinuousEventTimeTrigger::of(Time::milliseconds(30));
  EXPECT_EQ(trigger.onElement(1, 5, kWindow, context), kContinue);
  EXPECT_EQ(trigger.onElement(1, 6, kWindow, context), kContinue);
  EXPECT_THAT(advance(trigger, kWindow, context, 29), IsEmpty());
  EXPECT_THAT(advance(trigger, kWindow, context, 65), ElementsAre(30, 60));
  EXPECT_THAT(advance(trigger, kWindow, context, 1000), ElementsAre(90, 99));
  EXPECT_EQ(trigger.onElement(1, 6, kWindow, context), kFire);
}

TEST(TriggersTest, ContinuousEventTimeKnowsIntervalsOfNegativeTime) {
  FakeTriggerContext context;
  auto trigger = ContinuousEventTimeTrigger::of(Time::milliseconds(30));
  const TimeWindow window{-100, 0};
  EXPECT_EQ(trigger.onElement(1, -45, window, context), kContinue);
  EXPECT_THAT(advance(trigger, window, context, 0), ElementsAre(-30, -1));
}

TEST(TriggersTest, ContinuousEventTimeEndsWithTimeInAWindowWithoutEnd) {
  FakeTriggerContext context;
  auto trigger = ContinuousEventTimeTrigger::of(Time::milliseconds(30));
  EXPECT_EQ(trigger.onElement(1, 5, GlobalWindow{}, context), kContinue);
  EXPECT_THAT(advance(trigger, GlobalWindow{}, context, kLast), ElementsAre(30, kLast));
  trigger.clear(GlobalWindow{}, context);
  EXPECT_EQ(context.stateCount(), 0U);
}

TEST(TriggersTest, ContinuousEventTimeOfMergedWindowsFiresAtTheEarliest) {
  FakeTriggerContext context;
  auto trigger = ContinuousEventTimeTrigger::of(Time::milliseconds(30));
  context.use(1);
  trigger.onElement(1, 65, TimeWindow{65, 75}, context);
  context.use(2);
  trigger.onElement(1, 5, TimeWindow{5, 65}, context);
  context.use(0);
  context.beginMerge({1, 2});
  trigger.onMerge(TimeWindow{5, 75}, context);
  context.endMerge();
  EXPECT_THAT(context.event_timers[0], ElementsAre(30, 74));
}

TEST(TriggersTest, ContinuousProcessingTimeFiresForEachInterval) {
  FakeTriggerContext context;
  context.now = 1005;
  auto trigger = ContinuousProcessingTimeTrigger::of(Time::milliseconds(30));
  const TimeWindow window{1000, 1060};
  trigger.onElement(1, kNoTimestamp, window, context);
  EXPECT_THAT(context.clock_timers[0], ElementsAre(1020));
  EXPECT_EQ(trigger.onProcessingTime(1020, window, context), kFire);
  EXPECT_EQ(trigger.onProcessingTime(1033, window, context), kContinue);
  EXPECT_THAT(context.clock_timers[0], ElementsAre(1020, 1050));
  EXPECT_EQ(trigger.onProcessingTime(1050, window, context), kFire);
  EXPECT_EQ(trigger.onProcessingTime(1059, window, context), kFire);
}

TEST(TriggersTest, ContinuousProcessingTimeGoesOnInWindowsOfPastEventTime) {
  FakeTriggerContext context;
  context.now = 1005;
  auto trigger = ContinuousProcessingTimeTrigger::of(Time::milliseconds(30));
  trigger.onElement(1, 5, kWindow, context);
  EXPECT_EQ(trigger.onProcessingTime(1020, kWindow, context), kFire);
  EXPECT_THAT(context.clock_timers[0], ElementsAre(1020, 1050));
  trigger.clear(kWindow, context);
  EXPECT_THAT(context.clock_timers[0], ElementsAre(1020));
  EXPECT_EQ(context.stateCount(), 0U);
}

/// A user's own.
struct EveryOther : Trigger<int, TimeWindow> {
  ValueStateDescriptor<bool> odd{"odd", false};
  TriggerResult onElement(const int& /*element*/,
                          std::int64_t /*timestamp*/,
                          const TimeWindow& /*window*/,
                          TriggerContext& context) override {
    auto& state = context.getPartitionedState(odd);
    state.update(!state.value());
    return state.value() ? kContinue : kFire;
  }
  TriggerResult onEventTime(std::int64_t, const TimeWindow&, TriggerContext&) override {
    return kContinue;
  }
  TriggerResult onProcessingTime(std::int64_t, const TimeWindow&, TriggerContext&) override {
    return kContinue;
  }
  void clear(const TimeWindow& /*window*/, TriggerContext& context) override {
    context.getPartitionedState(odd).clear();
  }
};

TEST(TriggersTest, AUsersTriggerHasStateOfItsOwn) {
  static_assert(windows::Triggers<EveryOther, int, TimeWindow>);
  static_assert(!windows::Triggers<EveryOther, std::string, TimeWindow>);
  static_assert(!windows::Triggers<EveryOther, int, GlobalWindow>);
  static_assert(!windows::Triggers<int, int, GlobalWindow>);
  static_assert(windows::Triggers<PurgingTriggerOf<EveryOther>, int, TimeWindow>);
  FakeTriggerContext context;
  EveryOther trigger;
  EXPECT_EQ(trigger.onElement(1, 1, kWindow, context), kContinue);
  EXPECT_EQ(trigger.onElement(1, 1, kWindow, context), kFire);
  EXPECT_EQ(trigger.onElement(1, 1, kWindow, context), kContinue);
}

TEST(TriggersTest, ArgumentsThatMakeNoSenseAreProblems) {
  EXPECT_THAT(CountTrigger::of(0).problem(), HasSubstr("1 or more"));
  EXPECT_THAT(PurgingTrigger::of(CountTrigger::of(-1)).problem(), HasSubstr("1 or more"));
  EXPECT_THAT(ContinuousEventTimeTrigger::of(Time::seconds(0)).problem(), HasSubstr("Continuous"));
  EXPECT_THAT(CountTrigger::of(1).problem(), IsEmpty());
}

}  // namespace
}  // namespace weir
