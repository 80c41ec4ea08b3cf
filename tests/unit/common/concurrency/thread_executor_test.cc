#include "common/concurrency/thread_executor.h"

#include <atomic>
#include <future>
#include <memory>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/concurrency/thread_pool.h"

namespace weir::concurrency {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using testing::ElementsAre;

/// Whether the executor takes nothing any more.
bool dropsAtOnce(Executor& executor) {
  const auto token = std::make_shared<int>();
  executor.post([token] {});
  return token.use_count() == 1;
}

TEST(ThreadExecutorTest, RunsInTheOrderPostedOnOneThread) {
  ThreadExecutor executor("test");
  std::vector<int> order;
  for (int i = 0; i < 3; ++i) {
    executor.post([&, i] { order.push_back(executor.isCurrent() ? i : -1); });
  }
  EXPECT_TRUE(executor.runSync([] {}));
  EXPECT_THAT(order, ElementsAre(0, 1, 2));
  EXPECT_FALSE(executor.isCurrent());
}

TEST(ThreadExecutorTest, TimersFireInOrderOfTime) {
  std::vector<int> order;
  std::promise<void> done;
  ThreadExecutor executor("test");
  std::unique_ptr<Executor::Timer> later;
  std::unique_ptr<Executor::Timer> sooner;
  EXPECT_TRUE(executor.runSync([&] {  // So that neither fires before both are there.
    later = executor.schedule(milliseconds(2), [&] {
      order.push_back(2);
      done.set_value();
    });
    sooner = executor.schedule(milliseconds(1), [&] { order.push_back(1); });
  }));
  done.get_future().wait();
  EXPECT_THAT(order, ElementsAre(1, 2));
}

TEST(ThreadExecutorTest, ADestroyedTimerDoesNotFire) {
  ThreadExecutor executor("test");
  bool fired = false;
  EXPECT_TRUE(
      executor.runSync([&] { executor.schedule(Duration(0), [&] { fired = true; }).reset(); }));
  EXPECT_TRUE(executor.runSync([] {}));
  EXPECT_FALSE(fired);
}

TEST(ThreadExecutorTest, ShutdownDropsWhatIsQueued) {
  std::promise<void> started;
  std::promise<void> release;
  bool ran = false;
  ThreadExecutor executor("test");
  executor.post([&] {
    started.set_value();
    release.get_future().wait();
  });
  started.get_future().wait();
  executor.post([&] { ran = true; });
  const auto timer = executor.schedule(hours(1), [&] { ran = true; });
  std::thread stopper([&] { executor.shutdown(); });
  while (!dropsAtOnce(executor)) {
    std::this_thread::yield();
  }
  release.set_value();
  stopper.join();
  EXPECT_FALSE(ran);
  EXPECT_FALSE(executor.runSync([&] { ran = true; }));
  EXPECT_FALSE(ran);
}

TEST(ThreadExecutorTest, WhatIsDroppedMayHoldTimers) {
  auto executor = std::make_unique<ThreadExecutor>("test");
  std::shared_ptr<Executor::Timer> timer = executor->schedule(hours(1), [] {});
  const auto holder = executor->schedule(hours(1), [timer] {});
  timer.reset();
  executor.reset();  // Must not deadlock, and `holder` may still be destroyed.
}

TEST(ThreadPoolTest, RunsEverythingBeforeItEnds) {
  std::atomic<int> ran = 0;
  ThreadPool pool("test", 2, 4);
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(pool.post([&] { ++ran; }).has_value());
  }
  pool.shutdown();
  EXPECT_EQ(ran, 100);
  EXPECT_EQ(pool.post([] {}).error().code(), ErrorCode::kFailedPrecondition);
}

TEST(ThreadPoolTest, AFullQueueIsSaidAtOnce) {
  std::promise<void> started;
  std::promise<void> release;
  ThreadPool pool("test", 1, 1);
  ASSERT_TRUE(pool.post([&] {
                    started.set_value();
                    release.get_future().wait();
                  })
                  .has_value());
  started.get_future().wait();
  ASSERT_TRUE(pool.tryPost([] {}).has_value());
  EXPECT_EQ(pool.tryPost([] {}).error().code(), ErrorCode::kResourceExhausted);
  release.set_value();
}

TEST(BoundedQueueTest, GivesWhatIsLeftAfterClosing) {
  BoundedQueue<int> queue(2);
  EXPECT_TRUE(queue.push(1));
  EXPECT_TRUE(queue.tryPush(2));
  EXPECT_FALSE(queue.tryPush(3));
  queue.close();
  EXPECT_FALSE(queue.push(4));
  EXPECT_EQ(queue.pop(), 1);
  EXPECT_EQ(queue.pop(), 2);
  EXPECT_EQ(queue.pop(), std::nullopt);
}

}  // namespace
}  // namespace weir::concurrency
