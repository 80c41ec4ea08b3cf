#include "common/state/timer_queue.h"

#include <map>
#include <random>
#include <set>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/state/timer_times.h"

namespace weir::state {
namespace {

using ::testing::ElementsAre;

/// Takes everything out that is not after `until`.
std::vector<std::int64_t> popAll(TimerQueue& queue, std::int64_t until) {
  std::vector<std::int64_t> times;
  TimerQueue::Entry entry;
  while (queue.pop(until, entry)) {
    times.push_back(entry.time);
  }
  return times;
}

TEST(TimerQueueTest, GivesTimesInOrderUpToALimit) {
  TimerQueue queue;
  for (const std::int64_t time : {500L, -3L, 70L, 1'700'000'000'000L, 500L}) {
    queue.push(time, 0);
  }
  EXPECT_EQ(queue.earliest(), -3);
  EXPECT_THAT(popAll(queue, 499), ElementsAre(-3, 70));
  EXPECT_EQ(queue.earliest(), 500);
  EXPECT_THAT(popAll(queue, 500), ElementsAre(500, 500));
  EXPECT_EQ(queue.size(), 1U);
}

TEST(TimerQueueTest, HasRoomForTheEndsOfTime) {
  TimerQueue queue;
  const std::int64_t first = std::numeric_limits<std::int64_t>::min();
  const std::int64_t last = std::numeric_limits<std::int64_t>::max();
  queue.push(last, 1);
  queue.push(first, 2);
  EXPECT_THAT(popAll(queue, last), ElementsAre(first, last));
}

TEST(TimerQueueTest, EqualTimesComeInTheOrderInWhichTheyWerePut) {
  TimerQueue queue;
  for (std::uint32_t id = 0; id < 1000; ++id) {
    queue.push(id % 2 == 0 ? 777 : 1000 + id, id);
  }
  TimerQueue::Entry entry;
  for (std::uint32_t id = 0; id < 1000; id += 2) {
    ASSERT_TRUE(queue.pop(777, entry));
    EXPECT_EQ(entry.id, id);
  }
}

TEST(TimerQueueTest, AgreesWithASortedMapWhateverComesWhen) {
  for (std::uint32_t seed = 0; seed < 300; ++seed) {
    std::mt19937_64 random(seed);
    TimerQueue queue;
    std::multimap<std::int64_t, std::uint32_t> model;
    std::int64_t now = static_cast<std::int64_t>(random() % 2000) - 1000;
    const std::int64_t span = std::int64_t{1} << (random() % 40 + 1);
    for (std::uint32_t id = 0; id < 400; ++id) {
      const auto time =
          now + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(span)) - span / 8;
      queue.push(time, id);
      model.emplace(time, id);
      if (random() % 4 == 0) {
        now += static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(span)) / 16;
      }
      TimerQueue::Entry entry;
      while (random() % 3 != 0 && queue.pop(now, entry)) {
        ASSERT_EQ(entry.time, model.begin()->first) << "seed " << seed;
        const auto [from, to] = model.equal_range(entry.time);
        const auto same = std::find_if(from, to, [&](auto& one) { return one.second == entry.id; });
        ASSERT_NE(same, to) << "seed " << seed;
        model.erase(same);
      }
      ASSERT_EQ(queue.size(), model.size());
      ASSERT_EQ(queue.earliest(), model.empty() ? INT64_MAX : model.begin()->first);
    }
  }
}

TEST(TimerTimesTest, AgreesWithASet) {
  for (std::uint32_t seed = 0; seed < 100; ++seed) {
    std::mt19937_64 random(seed);
    TimerTimes times;
    std::set<std::int64_t> model;
    const std::uint64_t span = 1 + random() % 300;
    for (int i = 0; i < 1000; ++i) {
      const auto time = static_cast<std::int64_t>(random() % span) * 1000 - 5000;
      if (random() % 5 < 3) {
        ASSERT_EQ(times.insert(time), model.insert(time).second);
      } else {
        ASSERT_EQ(times.erase(time), model.erase(time) == 1);
      }
      ASSERT_EQ(times.size(), model.size());
      ASSERT_EQ(times.empty(), model.empty());
    }
    EXPECT_EQ(times.sorted(), std::vector<std::int64_t>(model.begin(), model.end()));
    Writer to;
    record::write(times, to);
    Reader from(to.view());
    EXPECT_EQ(record::read<TimerTimes>(from).sorted(), times.sorted());
    const TimerTimes copy = times;
    EXPECT_EQ(copy.sorted(), times.sorted());
  }
}

}  // namespace
}  // namespace weir::state
