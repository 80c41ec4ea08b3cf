#include "common/functions/accumulators.h"

#include <gmock/gmock.h>
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

TEST(AccumulatorsTest, ANameHasOneType) {
  IntCounter ints;
  DoubleCounter doubles;
  AccumulatorRegistry registry;
  ASSERT_TRUE(registry.add("n", ints).has_value());
  const Status clash = registry.add("n", doubles);
  ASSERT_FALSE(clash.has_value());
  EXPECT_THAT(clash.error().message(), ::testing::HasSubstr("IntCounter and a DoubleCounter"));
}

TEST(AccumulatorsTest, FrozenValuesOutliveTheirAccumulators) {
  AccumulatorRegistry registry;
  {
    IntCounter counter;
    ASSERT_TRUE(registry.add("n", counter).has_value());
    counter.add(5);
    registry.freeze();
  }
  ASSERT_EQ(registry.values().size(), 1U);
  EXPECT_EQ(accumulatorJson(registry.values().front()), "5");
}

TEST(AccumulatorsTest, DamagedBytesAreNoValue) {
  EXPECT_EQ(accumulatorJson({"n", "IntCounter", "abc"}), "null");
  EXPECT_FALSE(IntCounter().decode("abc").has_value());
  EXPECT_FALSE(Histogram().decode("\x05").has_value());
}

}  // namespace
}  // namespace weir::functions
