#include "common/functions/accumulator_registry.h"

#include <chrono>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::functions {
namespace {

TEST(AccumulatorRegistryTest, ANameHasOneType) {
  IntCounter ints;
  DoubleCounter doubles;
  AccumulatorRegistry registry;
  ASSERT_TRUE(registry.add("n", ints).has_value());
  const Status clash = registry.add("n", doubles);
  ASSERT_FALSE(clash.has_value());
  EXPECT_THAT(clash.error().message(),
              ::testing::HasSubstr("IntCounter and of type DoubleCounter"));
}

TEST(AccumulatorRegistryTest, EqualNamesOfSeveralFunctionsAddUpAndOneIsAddedOnce) {
  AccumulatorRegistry registry;
  IntCounter first(1);
  IntCounter second(2);
  for (const IntCounter* one : {&first, &second, &first}) {
    ASSERT_TRUE(registry.add("n", *one).has_value());
  }
  ASSERT_EQ(registry.values().size(), 1U);
  EXPECT_EQ(accumulatorJson(registry.values().front()), "3");
}

TEST(AccumulatorRegistryTest, AsManyAsMayBeAreAddedWithoutDelay) {
  AccumulatorRegistry registry;
  const std::vector<IntCounter> many(200'000);
  const auto begun = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < many.size(); ++i) {
    ASSERT_TRUE(registry.add("counter-" + std::to_string(i), many[i]).has_value());
  }
  EXPECT_EQ(registry.values().size(), many.size());
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(20));  // Not squared.
}

TEST(AccumulatorRegistryTest, MoreThanAllowedAreRefusedWhenTheyAreAdded) {
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

TEST(AccumulatorRegistryTest, ANameOfMoreThanAKibibyteIsRefused) {
  AccumulatorRegistry registry;
  const IntCounter counter;
  EXPECT_TRUE(registry.add(std::string(1024, 'n'), counter).has_value());
  const Status added = registry.add(std::string(1025, 'n'), counter);
  ASSERT_FALSE(added.has_value());
  EXPECT_THAT(added.error().text(), ::testing::HasSubstr("has 1025 bytes, more than 1024"));
  EXPECT_LT(added.error().text().size(), 200U);
}

TEST(AccumulatorRegistryTest, FrozenValuesOutliveTheirAccumulators) {
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

}  // namespace
}  // namespace weir::functions
