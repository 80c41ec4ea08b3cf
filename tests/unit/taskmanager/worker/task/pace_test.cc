#include "taskmanager/worker/task/pace.h"

#include <gtest/gtest.h>

#include "taskmanager/worker/task/exception_text.h"
#include "taskmanager/worker/task/waker.h"

namespace weir::worker {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

TEST(PaceTest, StartsWithOneRecordAndGrowsWhileTheyAreFast) {
  Pace pace;
  EXPECT_EQ(pace.limit(), 1U);
  for (int i = 0; i < 30; ++i) {
    pace.took(microseconds(100), {}, true);
  }
  EXPECT_EQ(pace.limit(), Pace::kMost);
}

TEST(PaceTest, ShrinksToAboutAMillisecondWhenRecordsAreSlow) {
  Pace pace;
  for (int i = 0; i < 10; ++i) {
    pace.took(microseconds(100), {}, true);
  }
  pace.took(milliseconds(1024), {}, true);
  EXPECT_EQ(pace.limit(), 1U);
}

TEST(PaceTest, LongWaitsForRoomShrinkItToo) {
  Pace pace;
  for (int i = 0; i < 6; ++i) {
    pace.took(microseconds(100), {}, true);
  }
  pace.took(microseconds(100), milliseconds(80), true);
  EXPECT_EQ(pace.limit(), 8U);
}

TEST(BackOffTest, DoublesToTenMillisecondsAndStartsOverAfterReset) {
  BackOff back_off;
  EXPECT_EQ(back_off.next(), microseconds(50));
  EXPECT_EQ(back_off.next(), microseconds(100));
  for (int i = 0; i < 10; ++i) {
    back_off.next();
  }
  EXPECT_EQ(back_off.next(), milliseconds(10));
  back_off.reset();
  EXPECT_EQ(back_off.next(), microseconds(50));
}

TEST(WakerTest, ACopyThatOutlivesTheTaskDoesNothing) {
  WakeSignal signal;
  std::function<void()> copy;
  {
    Waker waker(signal);
    copy = waker.function();
    copy();
    EXPECT_TRUE(waker.take());
    EXPECT_FALSE(waker.take());
  }
  copy();
}

TEST(ExceptionTextTest, NamesTypeAndMessage) {
  EXPECT_EQ(describeException(std::make_exception_ptr(std::runtime_error("boom"))),
            "std::runtime_error: boom");
  EXPECT_EQ(describeException(std::make_exception_ptr(42)), "int");
}

}  // namespace
}  // namespace weir::worker
