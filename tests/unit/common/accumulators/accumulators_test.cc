#include "common/accumulators/accumulators.h"

#include <gtest/gtest.h>

namespace weir::functions {
namespace {

TEST(AccumulatorsTest, EncodedCountersAddUp) {
  EncodedAccumulator sum{"n", "LongCounter", LongCounter(40).encode()};
  ASSERT_TRUE(mergeAccumulator(sum, {"n", "LongCounter", LongCounter(2).encode()}).has_value());
  EXPECT_EQ(accumulatorJson(sum), "42");
}

TEST(AccumulatorsTest, HistogramsMergeByValue) {
  Histogram first;
  first.add(3);
  Histogram second;
  second.add(3);
  second.add(-1);
  EncodedAccumulator merged{"h", "Histogram", first.encode()};
  ASSERT_TRUE(mergeAccumulator(merged, {"h", "Histogram", second.encode()}).has_value());
  EXPECT_EQ(accumulatorJson(merged), R"({"-1": 1, "3": 2})");
}

TEST(AccumulatorsTest, DamagedBytesAreNoValue) {
  EXPECT_EQ(accumulatorJson({"n", "IntCounter", "abc"}), "null");
  EXPECT_FALSE(IntCounter().decode("abc").has_value());
  EXPECT_FALSE(Histogram().decode("\x05").has_value());
}

}  // namespace
}  // namespace weir::functions
