#include "common/concurrency/elastic_pool.h"

#include <atomic>
#include <future>

#include <gtest/gtest.h>

namespace weir::concurrency {
namespace {

using namespace std::chrono_literals;  // NOLINT: durations of a test.

TEST(ElasticPoolTest, ATaskThatHangsHoldsUpNoOther) {
  std::promise<void> let_go;
  std::promise<void> other;
  ElasticPool pool("test", 2);
  pool.post([&] { let_go.get_future().wait(); });
  pool.post([&] { other.set_value(); });
  other.get_future().wait();
  while (pool.shutdown(1ms) > 1) {  // What said so last is about to end.
  }
  EXPECT_EQ(pool.shutdown(1ms), 1U);
  let_go.set_value();
  EXPECT_EQ(pool.shutdown(Duration::max()), 0U);
}

TEST(ElasticPoolTest, StartsNoMoreThreadsThanAllowed) {
  std::atomic<int> begun = 0;
  std::promise<void> let_go;
  const std::shared_future<void> told = let_go.get_future().share();
  std::promise<void> all;
  ElasticPool pool("test", 2);
  for (int i = 0; i < 3; ++i) {
    pool.post([&, told] {
      const int number = ++begun;
      told.wait();
      if (number == 3) {
        all.set_value();
      }
    });
  }
  while (begun < 2) {
    std::this_thread::yield();
  }
  EXPECT_EQ(begun, 2);
  let_go.set_value();
  all.get_future().wait();
}

TEST(ElasticPoolTest, RunsWhatWasScheduled) {
  std::promise<void> ran;
  ElasticPool pool("test", 1);
  const auto timer = pool.schedule(1ms, [&] { ran.set_value(); });
  ran.get_future().wait();
}

}  // namespace
}  // namespace weir::concurrency
