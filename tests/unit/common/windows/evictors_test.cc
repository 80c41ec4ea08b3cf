#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/windows/evictor.h"
#include "common/windows/iterable.h"
#include "common/windows/merging_windows.h"
#include "common/windows/window.h"

namespace weir {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

template <typename E>
std::vector<int> left(const E& evictor,
                      std::vector<Timestamped<int>> elements,
                      bool after = false) {
  if (after) {
    evictor.evictAfter(elements, TimeWindow{});
  } else {
    evictor.evictBefore(elements, TimeWindow{});
  }
  std::vector<int> values;
  for (const auto& one : elements) {
    values.push_back(one.value);
  }
  return values;
}

TEST(EvictorsTest, CountKeepsTheLast) {
  const std::vector<Timestamped<int>> four{{1, 0}, {2, 0}, {3, 0}, {4, 0}};
  EXPECT_THAT(left(CountEvictor::of(3), four), ElementsAre(2, 3, 4));
  EXPECT_THAT(left(CountEvictor::of(4), four), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(left(CountEvictor::of(0), four), IsEmpty());
  EXPECT_THAT(left(CountEvictor::of(3), four, true), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(left(CountEvictor::of(3, true), four, true), ElementsAre(2, 3, 4));
  EXPECT_THAT(CountEvictor::of(-1).problem(), HasSubstr("0 or more"));
}

TEST(EvictorsTest, TimeKeepsWhatIsNotOlderThanTheYoungestByItsLength) {
  const auto evictor = TimeEvictor::of(Time::milliseconds(10));
  EXPECT_THAT(left(evictor, {{1, 5}, {2, 20}, {3, 10}, {4, 11}}), ElementsAre(2, 4));
  EXPECT_THAT(left(evictor, {{1, kNoTimestamp}, {2, kNoTimestamp}}), ElementsAre(1, 2));
  EXPECT_THAT(left(evictor, {}), IsEmpty());
}

TEST(EvictorsTest, DeltaEvictsFromTheOldestOnWhileItIsFarFromTheLast) {
  const auto evictor = DeltaEvictor::of(10, [](int a, int last) { return double(last - a); });
  EXPECT_THAT(left(evictor, {{0, 0}, {10, 0}, {11, 0}, {5, 0}, {20, 0}}), ElementsAre(11, 5, 20));
  EXPECT_THAT(left(evictor, {{1, 0}}), ElementsAre(1));
}

TEST(IterableTest, GivesValuesThatLieApart) {
  const std::vector<Timestamped<int>> elements{{1, 0}, {2, 0}, {3, 0}};
  const Iterable<int> values(&elements[0].value, 3, sizeof(elements[0]));
  EXPECT_THAT(std::vector<int>(values.begin(), values.end()), ElementsAre(1, 2, 3));
  EXPECT_EQ(values.size(), 3U);
  EXPECT_EQ(values[1], 2);
  EXPECT_EQ(values.back(), 3);
  EXPECT_EQ(values.end() - values.begin(), 3);
  const int one = 7;
  EXPECT_EQ(Iterable<int>(&one).front(), 7);
}

using Merging = windows::MergingWindows<TimeWindow>;

TEST(MergingWindowsTest, WindowsThatMeetBecomeOne) {
  Merging windows({});
  EXPECT_TRUE(windows.add({0, 10}).is_new);
  EXPECT_TRUE(windows.add({20, 30}).is_new);
  const auto added = windows.add({10, 15});
  EXPECT_EQ(added.window, (TimeWindow{0, 15}));
  EXPECT_THAT(added.merged, ElementsAre(TimeWindow{0, 10}));
  EXPECT_THAT(added.emptied, IsEmpty());
  EXPECT_EQ(*windows.stateOf({0, 15}), (TimeWindow{0, 10}));
  EXPECT_EQ(windows.stateOf({0, 10}), nullptr);
}

TEST(MergingWindowsTest, OneThatFillsAGapMergesBothSides) {
  Merging windows({});
  windows.add({0, 10});
  windows.add({20, 30});
  const auto added = windows.add({5, 20});
  EXPECT_EQ(added.window, (TimeWindow{0, 30}));
  EXPECT_THAT(added.merged, UnorderedElementsAre(TimeWindow{0, 10}, TimeWindow{20, 30}));
  EXPECT_THAT(added.emptied, ElementsAre(TimeWindow{20, 30}));
  EXPECT_EQ(*windows.stateOf({0, 30}), (TimeWindow{0, 10}));
  windows.retire({0, 30});
  EXPECT_THAT(windows.pairs(), IsEmpty());
}

TEST(MergingWindowsTest, OneInsideAnotherChangesNothing) {
  Merging windows({});
  windows.add({0, 100});
  const auto added = windows.add({5, 20});
  EXPECT_EQ(added.window, (TimeWindow{0, 100}));
  EXPECT_THAT(added.merged, IsEmpty());
  EXPECT_THAT(added.emptied, IsEmpty());
  EXPECT_FALSE(added.is_new);
}

}  // namespace
}  // namespace weir
