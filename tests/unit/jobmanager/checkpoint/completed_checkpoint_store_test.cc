#include "jobmanager/checkpoint/completed_checkpoint_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::jobmanager {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class CompletedCheckpointStoreTest : public ::testing::Test {
 protected:
  static CompletedCheckpoint checkpoint(std::uint64_t id) {
    CompletedCheckpoint one;
    one.metadata.checkpoint = CheckpointId(id);
    one.directory = "file:/c/chk-" + std::to_string(id);
    return one;
  }
  static std::vector<std::uint64_t> ids(const std::vector<CompletedCheckpoint>& checkpoints) {
    std::vector<std::uint64_t> numbers;
    for (const CompletedCheckpoint& one : checkpoints) {
      numbers.push_back(one.metadata.checkpoint.value());
    }
    return numbers;
  }
  std::vector<std::uint64_t> add(std::uint64_t id, bool pinned = false) {
    return ids(store_.add(checkpoint(id), pinned));
  }
  std::uint64_t latest() const { return store_.latest()->metadata.checkpoint.value(); }

  CompletedCheckpointStore store_{2};
};

TEST_F(CompletedCheckpointStoreTest, HasNoLatestBeforeTheFirst) {
  EXPECT_EQ(store_.latest(), nullptr);
  EXPECT_FALSE(store_.contains(CheckpointId(1)));
}

TEST_F(CompletedCheckpointStoreTest, HandsBackTheOldestBeyondWhatItRetains) {
  EXPECT_THAT(add(1), IsEmpty());
  EXPECT_THAT(add(2), IsEmpty());
  EXPECT_THAT(add(3), ElementsAre(1));
  EXPECT_EQ(latest(), 3U);
  EXPECT_FALSE(store_.contains(CheckpointId(1)));
  EXPECT_TRUE(store_.contains(CheckpointId(2)));
}

TEST_F(CompletedCheckpointStoreTest, AnOlderOneThatCompletesLaterIsNotTheLatest) {
  add(5);
  EXPECT_THAT(add(3), IsEmpty());
  EXPECT_EQ(latest(), 5U);
}

TEST_F(CompletedCheckpointStoreTest, AnOlderOneThatCompletesTooLateFallsOutAtOnce) {
  add(5);
  add(6);
  EXPECT_THAT(add(3), ElementsAre(3));
  EXPECT_EQ(latest(), 6U);
}

TEST_F(CompletedCheckpointStoreTest, NeverHandsBackWhatASavepointPointsTo) {
  add(1, true);
  add(2);
  EXPECT_THAT(add(3), IsEmpty());
  EXPECT_FALSE(store_.contains(CheckpointId(1)));
  EXPECT_THAT(store_.pinnedIds(), ElementsAre(CheckpointId(1)));
  EXPECT_THAT(ids(store_.drain(false)), ElementsAre(2, 3));
}

TEST_F(CompletedCheckpointStoreTest, ADisposedSavepointIsHandedBackWhenItFallsOut) {
  add(1, true);
  EXPECT_TRUE(store_.unpin(CheckpointId(1)));
  add(2);
  EXPECT_THAT(add(3), ElementsAre(1));
}

TEST_F(CompletedCheckpointStoreTest, LeavesADisposedSavepointThatFellOutToWhoDisposesIt) {
  add(1, true);
  add(2);
  add(3);
  EXPECT_FALSE(store_.unpin(CheckpointId(1)));
  EXPECT_THAT(store_.pinnedIds(), IsEmpty());
  EXPECT_THAT(add(4), ElementsAre(2));
}

TEST_F(CompletedCheckpointStoreTest, DrainingHandsAllBackButWhatIsPinnedOrToBeKept) {
  add(1);
  add(2);
  EXPECT_THAT(ids(store_.drain(true)), ElementsAre(1));
  EXPECT_EQ(store_.latest(), nullptr);
  EXPECT_THAT(ids(store_.drain(false)), IsEmpty());
}

TEST_F(CompletedCheckpointStoreTest, RetainsNothingWhenItIsToRetainNothing) {
  CompletedCheckpointStore store(0);
  EXPECT_THAT(ids(store.add(checkpoint(1), false)), ElementsAre(1));
  EXPECT_EQ(store.latest(), nullptr);
}

}  // namespace
}  // namespace weir::jobmanager
