#include "common/windows/assigners.h"

#include <algorithm>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/windows/session_assigners.h"
#include "tests/unit/common/windows/fakes.h"

namespace weir {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::int64_t kLast = std::numeric_limits<std::int64_t>::max();

template <typename A>
std::vector<TimeWindow> windowsOf(const A& assigner, std::int64_t timestamp, std::int64_t now = 0) {
  windows::FakeClock clock(now);
  return assigner.assignWindows(0, timestamp, clock);
}

/// Every window of `size` that begins at a multiple of `slide` shifted by `offset` and has
/// `timestamp` in it, found by looking at all that might.
std::vector<TimeWindow> allAround(std::int64_t timestamp,
                                  std::int64_t size,
                                  std::int64_t slide,
                                  std::int64_t offset) {
  std::vector<TimeWindow> found;
  for (std::int64_t start = timestamp; start > timestamp - size; --start) {
    if ((start - offset) % slide == 0) {
      found.push_back({start, start + size});
    }
  }
  return found;
}

TEST(AssignersTest, TumblingWindowsTileAllTime) {
  EXPECT_THAT(windowsOf(TumblingEventTimeWindows::of(Time::milliseconds(10)), 9),
              ElementsAre(TimeWindow{0, 10}));
  EXPECT_THAT(windowsOf(TumblingEventTimeWindows::of(Time::milliseconds(10)), 10),
              ElementsAre(TimeWindow{10, 20}));
  EXPECT_THAT(windowsOf(TumblingEventTimeWindows::of(Time::milliseconds(10)), -1),
              ElementsAre(TimeWindow{-10, 0}));
  EXPECT_THAT(windowsOf(TumblingEventTimeWindows::of(Time::milliseconds(10)), -10),
              ElementsAre(TimeWindow{-10, 0}));
}

TEST(AssignersTest, AssignersAgreeWithASearchForAnySizeSlideAndOffset) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 20000; ++i) {
    const auto size = static_cast<std::int64_t>(random() % 50 + 1);
    const auto slide = static_cast<std::int64_t>(random() % 60 + 1);
    const auto offset = static_cast<std::int64_t>(random() % 300) - 150;
    const auto timestamp = static_cast<std::int64_t>(random() % 1000) - 500;
    ASSERT_EQ(windowsOf(SlidingEventTimeWindows::of(Time::milliseconds(size),
                                                    Time::milliseconds(slide),
                                                    Time::milliseconds(offset)),
                        timestamp),
              allAround(timestamp, size, slide, offset))
        << size << " " << slide << " " << offset << " " << timestamp;
    ASSERT_EQ(windowsOf(TumblingEventTimeWindows::of(Time::milliseconds(size),
                                                     Time::milliseconds(offset)),
                        timestamp),
              allAround(timestamp, size, size, offset));
    ASSERT_EQ(windowsOf(SlidingProcessingTimeWindows::of(Time::milliseconds(size),
                                                         Time::milliseconds(slide),
                                                         Time::milliseconds(offset)),
                        1,
                        timestamp),
              allAround(timestamp, size, slide, offset));
    ASSERT_EQ(windowsOf(TumblingProcessingTimeWindows::of(Time::milliseconds(size),
                                                          Time::milliseconds(offset)),
                        1,
                        timestamp),
              allAround(timestamp, size, size, offset));
  }
}

TEST(AssignersTest, PanesAreWhatTheWindowsAroundThemAreMadeOf) {
  std::mt19937_64 random(8);
  for (int i = 0; i < 20000; ++i) {
    const auto size = static_cast<std::int64_t>(random() % 50 + 1);
    const auto slide = static_cast<std::int64_t>(random() % 60 + 1);
    const auto offset = static_cast<std::int64_t>(random() % 300) - 150;
    const auto timestamp = static_cast<std::int64_t>(random() % 1000) - 500;
    const auto assigner = SlidingEventTimeWindows::of(
        Time::milliseconds(size), Time::milliseconds(slide), Time::milliseconds(offset));
    const TimeWindow pane = assigner.times().paneOf(timestamp);
    ASSERT_LE(pane.start, timestamp);
    ASSERT_GT(pane.end, timestamp);
    ASSERT_EQ(pane.end - pane.start, std::gcd(size, slide));
    ASSERT_EQ(windowsOf(assigner, pane.start), windowsOf(assigner, pane.end - 1));
    for (const TimeWindow& window : windowsOf(assigner, timestamp)) {
      ASSERT_EQ((pane.start - window.start) % (pane.end - pane.start), 0);
    }
  }
}

TEST(AssignersTest, WindowsAtTheEndsOfTimeHaveTheirTimestampInThem) {
  const auto tumbling = TumblingEventTimeWindows::of(Time::days(1), Time::hours(5));
  const auto sliding = SlidingEventTimeWindows::of(Time::days(7), Time::hours(1));
  for (const std::int64_t timestamp : {kLast - 1, kLast - 86'400'000, -kLast, -kLast + 5}) {
    for (const TimeWindow& window : windowsOf(tumbling, timestamp)) {
      EXPECT_LE(window.start, timestamp);
      EXPECT_GT(window.end, timestamp);
    }
    EXPECT_GE(windowsOf(sliding, timestamp).size(), 167U);
    for (const TimeWindow& window : windowsOf(sliding, timestamp)) {
      EXPECT_LE(window.start, timestamp);
      EXPECT_GT(window.end, timestamp);
    }
  }
}

TEST(AssignersTest, ASessionBeginsAsLongAsItsGap) {
  EXPECT_THAT(windowsOf(EventTimeSessionWindows::withGap(Time::milliseconds(7)), -3),
              ElementsAre(TimeWindow{-3, 4}));
  EXPECT_THAT(windowsOf(ProcessingTimeSessionWindows::withGap(Time::milliseconds(7)), -3, 100),
              ElementsAre(TimeWindow{100, 107}));
}

TEST(AssignersTest, AGapMayBeTheRecordsOwn) {
  windows::FakeClock clock(50);
  const auto gap = [](const std::string& s) { return std::chrono::milliseconds(s.size()); };
  EXPECT_THAT(
      EventTimeSessionWindows::withDynamicGap(gap).assignWindows(std::string("four"), 10, clock),
      ElementsAre(TimeWindow{10, 14}));
  EXPECT_THAT(ProcessingTimeSessionWindows::withDynamicGap(gap).assignWindows(
                  std::string("four"), 10, clock),
              ElementsAre(TimeWindow{50, 54}));
  EXPECT_THROW(EventTimeSessionWindows::withDynamicGap(gap).assignWindows(std::string(), 10, clock),
               std::invalid_argument);
}

TEST(AssignersTest, ARecordWithoutTimestampIsRefusedWithTheWayToGiveOne) {
  try {
    windowsOf(TumblingEventTimeWindows::of(Time::seconds(1)), kNoTimestamp);
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("assignTimestampsAndWatermarks"));
  }
  EXPECT_THROW(
      windowsOf(SlidingEventTimeWindows::of(Time::seconds(1), Time::seconds(1)), kNoTimestamp),
      std::runtime_error);
  EXPECT_THROW(windowsOf(EventTimeSessionWindows::withGap(Time::seconds(1)), kNoTimestamp),
               std::runtime_error);
}

TEST(AssignersTest, LengthsThatAreNoneAreProblems) {
  EXPECT_THAT(TumblingEventTimeWindows::of(Time::seconds(1)).problem(), IsEmpty());
  EXPECT_THAT(TumblingEventTimeWindows::of(Time::seconds(0)).problem(), HasSubstr("size"));
  EXPECT_THAT(TumblingEventTimeWindows::of(std::chrono::microseconds(1500)).problem(),
              HasSubstr("size"));
  EXPECT_THAT(
      TumblingEventTimeWindows::of(Time::seconds(1), std::chrono::microseconds(1)).problem(),
      HasSubstr("offset"));
  EXPECT_THAT(TumblingEventTimeWindows::of(Time::seconds(1), Time::seconds(-3)).problem(),
              IsEmpty());
  EXPECT_THAT(SlidingEventTimeWindows::of(Time::seconds(1), Time::seconds(-1)).problem(),
              HasSubstr("slide"));
  EXPECT_THAT(EventTimeSessionWindows::withGap(Time::seconds(0)).problem(), HasSubstr("gap"));
}

TEST(AssignersTest, ALengthInFractionsOfSecondsIsWholeWhereItSaysWholeMilliseconds) {
  for (int tenths = 1; tenths <= 1000; ++tenths) {
    const Time time = std::chrono::duration<double>(tenths / 10.0);
    EXPECT_EQ(time.toMilliseconds(), tenths * 100) << time.lengthProblem();
  }
  EXPECT_THAT(Time(std::chrono::duration<double>(0.0015)).lengthProblem(), HasSubstr("1.5 ms"));
}

TEST(AssignersTest, TheGlobalWindowHasNoEnd) {
  windows::FakeClock clock(0);
  EXPECT_THAT(GlobalWindows::create().assignWindows(1, kNoTimestamp, clock),
              ElementsAre(GlobalWindow{}));
  EXPECT_EQ(GlobalWindow{}.maxTimestamp(), kLast);
}

}  // namespace
}  // namespace weir
