#include "jobmanager/checkpoint/stored_checkpoints.h"

#include <optional>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/jobmanager/checkpoint/fake_tasks.h"

namespace weir::jobmanager {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class StoredCheckpointsTest : public ::testing::Test {
 protected:
  static CompletedCheckpoint checkpoint(std::uint64_t id) {
    CompletedCheckpoint one;
    one.metadata.checkpoint = CheckpointId(id);
    return one;
  }
  /// Only where the tasks answer at once.
  bool write(std::optional<StoredCheckpoints::News> news = {}) {
    bool stored = false;
    checkpoints_.write(news, [&stored](const Status& answer) { stored = answer.has_value(); });
    return stored;
  }
  /// How many ids are given out before one has to be stored.
  std::size_t ids() {
    std::size_t count = 0;
    while (const auto id = checkpoints_.takeId()) {
      last_ = *id;
      ++count;
    }
    return count;
  }

  CompletedCheckpointStore store_{1};
  FakeTasks tasks_;
  StoredCheckpoints checkpoints_{store_, tasks_};
  CheckpointId last_;
};

TEST_F(StoredCheckpointsTest, GivesOutNoIdThatTheStoreDoesNotKnow) {
  EXPECT_EQ(ids(), 16U);
  EXPECT_EQ(last_, CheckpointId(16));
  tasks_.point_result = Error(ErrorCode::kUnavailable, "the journal is full");
  EXPECT_FALSE(write());
  EXPECT_EQ(ids(), 0U);
  tasks_.point_result = ok();
  EXPECT_TRUE(write());
  EXPECT_EQ(ids(), 16U);
}

TEST_F(StoredCheckpointsTest, ANewLeaderUsesNoIdThatTheOneBeforeMayUse) {
  ids();
  write();
  ids();
  const CheckpointId last = last_;
  StoredCheckpoints next(store_, tasks_);
  next.resume(tasks_.stored.next);
  EXPECT_FALSE(next.takeId());
  next.write({}, [](const Status&) {});
  EXPECT_GT(*next.takeId(), last);
}

TEST_F(StoredCheckpointsTest, GoesOnBehindTheSavepointThatAJobStartsFrom) {
  checkpoints_.continueAfter(CheckpointId(5000));
  EXPECT_FALSE(checkpoints_.takeId());
  EXPECT_TRUE(write());
  EXPECT_EQ(*checkpoints_.takeId(), CheckpointId(5001));
}

TEST_F(StoredCheckpointsTest, StoresWhichCheckpointsSavepointsHold) {
  const CompletedCheckpoint savepoint = checkpoint(3);
  EXPECT_TRUE(write(StoredCheckpoints::News{&savepoint, true}));
  EXPECT_THAT(tasks_.stored.pinned, ElementsAre(CheckpointId(3)));
  store_.add(savepoint, true);
  store_.add(checkpoint(4), false);
  EXPECT_TRUE(write());
  EXPECT_THAT(tasks_.stored.pinned, ElementsAre(CheckpointId(3)));
  EXPECT_THAT(tasks_.retained_ids, ElementsAre(4));
  store_.unpin(CheckpointId(3));
  EXPECT_TRUE(write());
  EXPECT_THAT(tasks_.stored.pinned, IsEmpty());
}

TEST_F(StoredCheckpointsTest, StoresAPinnedOneThatFallsOutAtOnceButNoOtherSuch) {
  store_.add(checkpoint(5), false);
  const CompletedCheckpoint older = checkpoint(4);
  EXPECT_TRUE(write(StoredCheckpoints::News{&older, false}));
  EXPECT_THAT(tasks_.pointed, IsEmpty());
  EXPECT_TRUE(write(StoredCheckpoints::News{&older, true}));
  EXPECT_THAT(tasks_.stored.pinned, ElementsAre(CheckpointId(4)));
}

TEST_F(StoredCheckpointsTest, StoresWhatFallsOutUntilItIsDiscarded) {
  store_.add(checkpoint(1), false);
  const CompletedCheckpoint second = checkpoint(2);
  EXPECT_TRUE(write(StoredCheckpoints::News{&second, false}));
  EXPECT_THAT(tasks_.retained_ids, ElementsAre(2));
  EXPECT_THAT(tasks_.stored.discards, ElementsAre(CheckpointId(1)));
  store_.add(second, false);
  checkpoints_.discarding(CheckpointId(1));
  EXPECT_TRUE(write());
  EXPECT_THAT(tasks_.stored.discards, ElementsAre(CheckpointId(1)));
  checkpoints_.discarded(CheckpointId(1));
  EXPECT_TRUE(write());
  EXPECT_THAT(tasks_.stored.discards, IsEmpty());
}

TEST_F(StoredCheckpointsTest, WhatASavepointOnTheHeapHoldsIsNeededNoMoreByTheNextLeader) {
  checkpoints_.heldOnHeap(CheckpointId(3));
  const CompletedCheckpoint savepoint = checkpoint(3);
  EXPECT_TRUE(write(StoredCheckpoints::News{&savepoint, true}));
  EXPECT_THAT(tasks_.retained_ids, ElementsAre(3));
  EXPECT_THAT(tasks_.stored.pinned, IsEmpty());
  EXPECT_THAT(tasks_.stored.discards, IsEmpty());
  store_.add(savepoint, true);
  store_.add(checkpoint(4), false);
  EXPECT_TRUE(write());
  EXPECT_THAT(tasks_.stored.discards, ElementsAre(CheckpointId(3)));
  checkpoints_.released(CheckpointId(3));
  store_.unpin(CheckpointId(3));
  EXPECT_TRUE(write());
  EXPECT_THAT(tasks_.stored.discards, IsEmpty());
}

TEST_F(StoredCheckpointsTest, AtTheEndOfItsJobNothingIsRetainedButTheLatestOfOneThatFailed) {
  CompletedCheckpointStore store(2);
  store.add(checkpoint(1), true);
  store.add(checkpoint(2), false);
  store.add(checkpoint(3), false);
  for (const bool keep_latest : {false, true}) {
    StoredCheckpoints checkpoints(store, tasks_);
    runtime::JobResult result;
    result.cause = "over";
    checkpoints.end(result, keep_latest, [](const Status&) {});
    EXPECT_EQ(tasks_.stored.result->cause, "over");
    EXPECT_EQ(tasks_.stored.retained.size(), keep_latest ? 1U : 0U);
    EXPECT_THAT(tasks_.stored.pinned, ElementsAre(CheckpointId(1)));
    EXPECT_EQ(tasks_.stored.discards.size(), keep_latest ? 1U : 2U);
    EXPECT_EQ(tasks_.stored.discards.front(), CheckpointId(2));
  }
}

TEST_F(StoredCheckpointsTest, KnowsASavepointFromBeforeItsIdIsUsedUntilItWasAnswered) {
  ha::BegunSavepoint begun;
  begun.id = checkpoints_.reserveId();
  begun.path = "file:/s/savepoint-1";
  checkpoints_.begin(begun);
  EXPECT_TRUE(write());
  EXPECT_THAT(tasks_.stored.begun, ElementsAre(begun));
  EXPECT_GT(tasks_.stored.next, begun.id);
  const CompletedCheckpoint savepoint = checkpoint(begun.id.value());
  StoredCheckpoints::News news{&savepoint, true};
  news.result.emplace().path = begun.path;
  EXPECT_TRUE(write(news));
  ASSERT_THAT(tasks_.stored.begun, SizeIs(1));
  EXPECT_EQ(tasks_.stored.begun[0].result->path, begun.path);
  EXPECT_TRUE(write());
  EXPECT_THAT(tasks_.stored.begun, IsEmpty());
}

TEST_F(StoredCheckpointsTest, ASavepointOfWhichNothingIsLeftIsForgotten) {
  ha::BegunSavepoint begun;
  begun.id = checkpoints_.reserveId();
  checkpoints_.begin(begun);
  EXPECT_TRUE(write());
  checkpoints_.drop(begun.id);
  EXPECT_TRUE(write());
  EXPECT_THAT(tasks_.stored.begun, IsEmpty());
}

TEST_F(StoredCheckpointsTest, WritesOneStateAfterTheOther) {
  tasks_.hold_points = true;
  const CompletedCheckpoint first = checkpoint(1);
  const CompletedCheckpoint second = checkpoint(2);
  std::vector<int> stored;
  checkpoints_.write(StoredCheckpoints::News{&first, false},
                     [&](const Status&) { stored.push_back(1); });
  checkpoints_.write(StoredCheckpoints::News{&second, false},
                     [&](const Status&) { stored.push_back(2); });
  EXPECT_THAT(tasks_.pointed, ElementsAre(1));
  tasks_.answerPoint();
  EXPECT_THAT(tasks_.pointed, ElementsAre(1, 2));
  EXPECT_THAT(stored, ElementsAre(1));
  tasks_.answerPoint();
  EXPECT_THAT(stored, ElementsAre(1, 2));
}

TEST_F(StoredCheckpointsTest, AnAnswerThatComesAfterItsEndIsHeardByNobody) {
  tasks_.hold_points = true;
  bool heard = false;
  {
    StoredCheckpoints gone(store_, tasks_);
    gone.write({}, [&heard](const Status&) { heard = true; });
  }
  tasks_.answerPoint();
  EXPECT_FALSE(heard);
}

}  // namespace
}  // namespace weir::jobmanager
