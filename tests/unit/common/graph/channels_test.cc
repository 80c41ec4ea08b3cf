#include <vector>

#include <gtest/gtest.h>

#include "common/graph/job_graph.h"

namespace weir::graph {
namespace {

TEST(Channels, ConnectAllWithAllUnlessPointwise) {
  const auto consumers = consumersOf(Partitioning::kHash, 1, 3, 5);
  EXPECT_EQ(consumers.first, 0U);
  EXPECT_EQ(consumers.last, 4U);
  EXPECT_EQ(producersOf(Partitioning::kBroadcast, 4, 3, 5).count(), 3U);
}

TEST(Channels, LookTheSameFromBothEnds) {
  for (std::uint32_t producers = 1; producers <= 12; ++producers) {
    for (std::uint32_t consumers = 1; consumers <= 12; ++consumers) {
      for (std::uint32_t p = 0; p < producers; ++p) {
        const auto to = consumersOf(Partitioning::kRescale, p, producers, consumers);
        ASSERT_LE(to.first, to.last);
        ASSERT_LT(to.last, consumers);
        for (std::uint32_t c = 0; c < consumers; ++c) {
          const auto from = producersOf(Partitioning::kRescale, c, producers, consumers);
          ASSERT_LE(from.first, from.last);
          ASSERT_LT(from.last, producers);
          EXPECT_EQ(to.contains(c), from.contains(p))
              << p << " of " << producers << ", " << c << " of " << consumers;
        }
      }
    }
  }
}

TEST(Channels, DistributePointwiseAsFlinkDoes) {
  // 2 producers, 4 consumers: two consumers each. 4 to 2: two producers each.
  EXPECT_EQ(producersOf(Partitioning::kRescale, 1, 2, 4).first, 0U);
  EXPECT_EQ(producersOf(Partitioning::kRescale, 2, 2, 4).first, 1U);
  EXPECT_EQ(producersOf(Partitioning::kRescale, 1, 4, 2).first, 2U);
  EXPECT_EQ(producersOf(Partitioning::kRescale, 1, 4, 2).last, 3U);
  // Irregular: of 5 producers the second of 3 consumers has 1 and 2.
  EXPECT_EQ(producersOf(Partitioning::kRescale, 1, 5, 3).first, 1U);
  EXPECT_EQ(producersOf(Partitioning::kRescale, 1, 5, 3).last, 2U);
  EXPECT_EQ(producersOf(Partitioning::kForward, 2, 3, 3).first, 2U);
  EXPECT_EQ(producersOf(Partitioning::kForward, 2, 3, 3).count(), 1U);
}

}  // namespace
}  // namespace weir::graph
