#include "taskmanager/worker/task/task_alarms.h"

#include <vector>

#include <gmock/gmock.h>

#include "common/concurrency/simulated_executor.h"

namespace weir::worker {
namespace {

using namespace std::chrono_literals;  // NOLINT: durations of a test.
using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Bell final : functions::Alarm {
  void ring(std::int64_t now) override { rung.push_back(now); }
  std::vector<std::int64_t> rung;
};

TEST(TaskAlarmsTest, RingsWhenTheMillisecondIsOverAndNotWithinIt) {
  concurrency::SimulatedTime time;
  TaskAlarms alarms(time);
  Bell bell;
  const std::int64_t set_for = alarms.now() + 9;
  alarms.set(bell, set_for);
  EXPECT_EQ(alarms.next() - time.now(), 10ms);
  time.advance(9ms);
  alarms.ring();
  EXPECT_THAT(bell.rung, IsEmpty()) << "records of this millisecond may still come";
  EXPECT_EQ(alarms.next() - time.now(), 1ms);
  time.advance(1ms);
  alarms.ring();
  EXPECT_THAT(bell.rung, ElementsAre(set_for));
  EXPECT_EQ(alarms.next(), SteadyTime::max());
}

TEST(TaskAlarmsTest, WhatIsOverRingsAtOnceAndWhatIsFarIsLookedAtEverySecond) {
  concurrency::SimulatedTime time;
  TaskAlarms alarms(time);
  Bell bell;
  alarms.set(bell, alarms.now() - 1);
  EXPECT_EQ(alarms.next(), time.now());
  alarms.set(bell, alarms.now() + 3'600'000);
  EXPECT_LE(alarms.next() - time.now(), 1001ms);
}

}  // namespace
}  // namespace weir::worker
