#include "common/functions/accumulators.h"

#include <chrono>
#include <vector>

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
  EXPECT_THAT(clash.error().message(),
              ::testing::HasSubstr("IntCounter and of type DoubleCounter"));
}

TEST(AccumulatorsTest, EqualNamesOfSeveralFunctionsAddUpAndOneIsAddedOnce) {
  AccumulatorRegistry registry;
  IntCounter first(1);
  IntCounter second(2);
  for (const IntCounter* one : {&first, &second, &first}) {
    ASSERT_TRUE(registry.add("n", *one).has_value());
  }
  ASSERT_EQ(registry.values().size(), 1U);
  EXPECT_EQ(accumulatorJson(registry.values().front()), "3");
}

TEST(AccumulatorsTest, AsManyAsMayBeAreAddedWithoutDelay) {
  AccumulatorRegistry registry;
  const std::vector<IntCounter> many(200'000);
  const auto begun = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < many.size(); ++i) {
    ASSERT_TRUE(registry.add("counter-" + std::to_string(i), many[i]).has_value());
  }
  EXPECT_EQ(registry.values().size(), many.size());
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(20));  // Not squared.
}

TEST(AccumulatorsTest, MoreThanAllowedAreRefusedWhenTheyAreAdded) {
  AccumulatorRegistry registry;
  registry.limit(1000);
  const std::vector<IntCounter> many(1000);
  Status added = ok();
  std::size_t i = 0;
  for (; i < many.size() && added.has_value(); ++i) {
    added = registry.add("counter-" + std::to_string(i), many[i]);
  }
  ASSERT_FALSE(added.has_value());
  EXPECT_LT(i, 60U);
  EXPECT_EQ(added.error().code(), ErrorCode::kResourceExhausted);
  EXPECT_THAT(added.error().text(),
              ::testing::HasSubstr("taskmanager.worker.max-accumulator-size"));
  EXPECT_EQ(registry.values().size(), i - 1);
}

TEST(AccumulatorsTest, ANameOfMoreThanAKibibyteIsRefused) {
  AccumulatorRegistry registry;
  const IntCounter counter;
  EXPECT_TRUE(registry.add(std::string(1024, 'n'), counter).has_value());
  const Status added = registry.add(std::string(1025, 'n'), counter);
  ASSERT_FALSE(added.has_value());
  EXPECT_THAT(added.error().text(), ::testing::HasSubstr("has 1025 bytes, more than 1024"));
  EXPECT_LT(added.error().text().size(), 200U);
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
