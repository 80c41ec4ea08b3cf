#include "taskmanager/worker/memory/buffer_pool.h"

#include <gtest/gtest.h>

namespace weir::worker {
namespace {

TEST(BufferPoolTest, IsExhaustedOnceAllSegmentsAreOutAndNotAfterOneCameBack) {
  BufferPool pool(4096, 2);
  Buffer first = pool.take();
  EXPECT_FALSE(pool.exhausted());
  Buffer second = pool.take();
  EXPECT_TRUE(pool.exhausted());
  pool.give(std::move(first));
  EXPECT_FALSE(pool.exhausted());
  pool.give(std::move(second));
  EXPECT_EQ(pool.taken(), 0U);
}

TEST(BufferPoolTest, HandsOutTheMemoryThatCameBackLast) {
  BufferPool pool(4096, 4);
  Buffer buffer = pool.take();
  const std::byte* memory = buffer.data();
  buffer.resize(100);
  pool.give(std::move(buffer));
  Buffer again = pool.take(4096);
  EXPECT_EQ(again.data(), memory);
  EXPECT_EQ(again.size(), 0U);
}

TEST(BufferPoolTest, ALargerBufferCountsAsTheSegmentsItFills) {
  BufferPool pool(4096, 8);
  Buffer large = pool.take(3 * 4096 + 1);
  EXPECT_GE(large.capacity(), 3U * 4096U + 1U);
  EXPECT_EQ(pool.taken(), 4U);
  pool.give(std::move(large));
  EXPECT_EQ(pool.taken(), 0U);
}

TEST(BufferPoolTest, TakesItsSizesFromTheConfiguration) {
  auto pool = BufferPool::fromConfiguration(
      {{"taskmanager.memory.segment-size", "8192"}, {"taskmanager.network.numberOfBuffers", "16"}});
  ASSERT_TRUE(pool.has_value());
  EXPECT_EQ((*pool)->segmentBytes(), 8192U);
}

}  // namespace
}  // namespace weir::worker
