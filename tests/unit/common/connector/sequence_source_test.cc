#include "common/connector/sequence_source.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/common/connector/harness.h"

namespace weir {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::int64_t> numbers(SequenceSource source,
                                  std::uint32_t index = 0,
                                  std::uint32_t parallelism = 1) {
  Subtask subtask(index, parallelism);
  source.open(subtask.context());
  Collected<std::int64_t> context;
  return drain(source, context);
}

TEST(SequenceSource, GivesEachSubtaskEveryNthNumber) {
  EXPECT_THAT(numbers(SequenceSource(1, 7), 0, 3), ElementsAre(1, 4, 7));
  EXPECT_THAT(numbers(SequenceSource(1, 7), 2, 3), ElementsAre(3, 6));
  EXPECT_THAT(numbers(SequenceSource(1, 2), 2, 3), IsEmpty());
}

TEST(SequenceSource, IsEmptyWhenItEndsBeforeItsBegin) {
  EXPECT_THAT(numbers(SequenceSource(5, 4)), IsEmpty());
}

TEST(SequenceSource, ReachesTheLargestNumber) {
  constexpr auto kMax = std::numeric_limits<std::int64_t>::max();
  EXPECT_THAT(numbers(SequenceSource(kMax - 1, kMax)), ElementsAre(kMax - 1, kMax));
}

TEST(SequenceSource, EmitsEachNumberOnceWhenRescaled) {
  std::vector<SequenceRange> state;
  std::vector<std::int64_t> all;
  for (std::uint32_t i = 0; i < 3; ++i) {
    SequenceSource source(0, 9999);
    Subtask subtask(i, 3);
    source.open(subtask.context());
    Collected<std::int64_t> context;
    source.pollNext(context);
    for (const auto number : context.take()) {
      all.push_back(number);
    }
    for (const auto& range : source.snapshotState(1)) {
      state.push_back(range);
    }
  }
  for (std::uint32_t i = 0; i < 2; ++i) {
    SequenceSource source(0, 9999);
    source.restoreState(i == 0 ? std::vector{state[0], state[2]} : std::vector{state[1]});
    for (const auto number : numbers(source, i, 2)) {
      all.push_back(number);
    }
  }
  std::sort(all.begin(), all.end());
  ASSERT_EQ(all.size(), 10000U);
  for (std::size_t i = 0; i < all.size(); ++i) {
    ASSERT_EQ(all[i], static_cast<std::int64_t>(i));
  }
}

}  // namespace
}  // namespace weir
