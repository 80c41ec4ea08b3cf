#include "jobmanager/checkpoint/checkpoint_removal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/fs/uri.h"
#include "common/snapshot/metadata_file.h"
#include "tests/unit/jobmanager/checkpoint/coordinator_fixture.h"

namespace weir::jobmanager {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// The removal alone; no coordinator is started. Vertex 2 has state handles where there is a
/// program.
class CheckpointRemovalTest : public CoordinatorFixture {
 protected:
  void make(bool handles = false) {
    graph_.operators[1].custom_handles = handles;
    removal_.emplace(services(),
                     graph_,
                     work_,
                     CheckpointRemoval::Setup{
                         .job = testing::jobId(1),
                         .directory = setup_.storage.directory,
                         .subtasks = 2,
                         .program = handles ? std::make_shared<runtime::JobProgram>() : nullptr,
                         .most_remembered = 3},
                     [this] { ++ended_removals_; });
  }
  /// Aborts a checkpoint of which these vertices have acknowledged.
  void abort(std::uint64_t id, const std::vector<std::uint8_t>& vertices = {}) {
    CheckpointRemoval::Acks acks;
    for (const std::uint8_t vertex : vertices) {
      write(id, vertex);
      runtime::CheckpointAck ack = ackWithFile(id, vertex);
      acks.emplace(ack.task, std::move(ack));
    }
    removal_->aborted(CheckpointId(id), std::move(acks));
    time_.runDue();
  }
  Status late(std::uint64_t id, std::uint8_t vertex) {
    Status answer = removal_->late(ackWithFile(id, vertex));
    time_.runDue();
    return answer;
  }
  CompletedCheckpoint completed(std::uint64_t id) {
    CompletedCheckpoint one;
    one.directory = directoryOf(id);
    one.metadata.checkpoint = CheckpointId(id);
    one.metadata.data_directory = one.directory;
    one.metadata.operators.resize(1);
    one.metadata.operators[0].custom_handles = graph_.operators[1].custom_handles;
    one.metadata.operators[0].subtasks.resize(1);
    runtime::SectionHandle& handle = one.metadata.operators[0].subtasks[0].handle;
    handle = ackWithFile(id, 2).operators[0].handle;
    handle.location = fs::nameOf(handle.location);
    write(id, 2);
    EXPECT_TRUE(snapshot::writeMetadata(files_, one.directory, one.metadata));
    return one;
  }
  void discard(CompletedCheckpoint one) {
    removal_->discard(std::move(one));
    time_.runDue();
  }
  void endRemoval(const std::set<CheckpointId>& kept = {}) {
    removal_->end(kept, [this] { ended_ = true; });
    time_.runDue();
  }
  bool there(std::uint64_t id) { return files_.stat(directoryOf(id)).has_value(); }

  FileWork work_{strand_, *io_};
  std::size_t ended_removals_ = 0;
  std::optional<CheckpointRemoval> removal_;
};

TEST_F(CheckpointRemovalTest, RemovesWhatWasAcknowledgedOfAnAbortedOneAndItsDirectory) {
  make();
  abort(1, {1, 2});
  EXPECT_FALSE(there(1));
  EXPECT_EQ(ended_removals_, 1U);
  EXPECT_EQ(removal_->outstanding(), 0U);
}

TEST_F(CheckpointRemovalTest, RemovesWhatComesLateForAnAbortedOneAndForNoOther) {
  make();
  abort(1);
  write(1, 2);
  write(2, 2);
  EXPECT_TRUE(late(1, 2));
  EXPECT_TRUE(late(2, 2));
  EXPECT_FALSE(there(1));
  EXPECT_TRUE(there(2));
}

TEST_F(CheckpointRemovalTest, TouchesNothingOfALateAcknowledgementThatNamesAnotherFile) {
  make();
  abort(1);
  write(2, 2);
  runtime::CheckpointAck ack = ackWithFile(2, 2);
  ack.checkpoint = CheckpointId(1);
  EXPECT_EQ(removal_->late(ack).error().code(), ErrorCode::kInvalidArgument);
  time_.runDue();
  EXPECT_TRUE(there(2));
}

TEST_F(CheckpointRemovalTest, LeavesWhatIsOnItsWayUntilNoTaskOfTheAttemptLives) {
  make(true);
  write(1, 2);
  abort(1, {1});
  EXPECT_THAT(files_.files(), SizeIs(1));
  removal_->attemptEnded();
  time_.runDue();
  EXPECT_FALSE(there(1));
}

TEST_F(CheckpointRemovalTest, RemembersTheLastAbortedOnesAndRemovesEarlyWhatTheOldestLeft) {
  make(true);
  write(1, 2);  // Never acknowledged.
  abort(1, {1});
  for (std::uint64_t id = 2; id <= 3; ++id) {
    abort(id);
  }
  EXPECT_TRUE(there(1));
  abort(4);
  EXPECT_FALSE(there(1));
  write(1, 1);
  EXPECT_TRUE(late(1, 1));  // Taken for one of a completed checkpoint.
  EXPECT_TRUE(there(1));
}

TEST_F(CheckpointRemovalTest, KeepsTheFilesOfTheOldestWhoseHandlesAreStillBeingDiscarded) {
  make(true);
  discarder_.holds = true;
  abort(1, {2});
  for (std::uint64_t id = 2; id <= 5; ++id) {
    abort(id);
  }
  EXPECT_TRUE(there(1));
  discarder_.release();
  time_.runDue();
  EXPECT_FALSE(there(1));
}

TEST_F(CheckpointRemovalTest, DiscardsTheHandlesOfACompletedOneBeforeItsFiles) {
  make(true);
  discarder_.holds = true;
  discard(completed(1));
  EXPECT_THAT(discarder_.handles, ElementsAre(path(1, 2)));
  EXPECT_TRUE(there(1));
  EXPECT_EQ(removal_->outstanding(), 1U);
  discarder_.release();
  time_.runDue();
  EXPECT_FALSE(there(1));
  EXPECT_EQ(removal_->outstanding(), 0U);
}

TEST_F(CheckpointRemovalTest, LeavesHandlesAloneThatASavepointOwns) {
  make(true);
  removal_->own(CheckpointId(1));
  discard(completed(1));
  EXPECT_THAT(discarder_.handles, IsEmpty());
  EXPECT_FALSE(there(1));
  removal_->own(CheckpointId(2));
  removal_->disown(CheckpointId(2));
  discard(completed(2));
  EXPECT_THAT(discarder_.handles, ElementsAre(path(2, 2)));
}

TEST_F(CheckpointRemovalTest, TheEndOfTheJobLeavesWhatIsKeptAndWhatCouldNotBeDiscarded) {
  make(true);
  discarder_.answer = Error(ErrorCode::kUnavailable, "no worker");
  discard(completed(1));
  for (std::uint64_t id = 2; id <= 3; ++id) {
    write(id, 1);
  }
  endRemoval({CheckpointId(3)});
  EXPECT_TRUE(ended_);
  EXPECT_TRUE(there(1));
  EXPECT_FALSE(there(2));
  EXPECT_TRUE(there(3));
}

TEST_F(CheckpointRemovalTest, TheEndOfTheJobWaitsForHandles) {
  make(true);
  discarder_.holds = true;
  discard(completed(1));
  endRemoval();
  EXPECT_FALSE(ended_);
  discarder_.release();
  time_.runDue();
  EXPECT_TRUE(ended_);
  EXPECT_FALSE(files_.stat(setup_.storage.directory));
}

TEST_F(CheckpointRemovalTest, TheEndOfAJobThatWasTakenUpAgainLeavesSavepointsOfBefore) {
  make();
  for (const bool savepoint : {true, false}) {
    runtime::CheckpointMetadata metadata;
    metadata.savepoint = savepoint;
    ASSERT_TRUE(snapshot::writeMetadata(files_, directoryOf(savepoint ? 1 : 2), metadata));
  }
  removal_->resumed();
  endRemoval();
  EXPECT_TRUE(there(1));
  EXPECT_FALSE(there(2));
}

TEST_F(CheckpointRemovalTest, GoesOnWithWhatWasBeingDiscardedWhateverIsLeftOfIt) {
  make(true);
  completed(1);
  write(2, 1);  // Its handles and its metadata had gone.
  int gone = 0;
  for (const std::uint64_t id : {1, 2, 3}) {
    removal_->resumeDiscard(CheckpointId(id), [&gone] { ++gone; });
  }
  time_.runDue();
  EXPECT_EQ(gone, 3);
  EXPECT_THAT(discarder_.handles, SizeIs(1));
  EXPECT_FALSE(there(1));
  EXPECT_FALSE(there(2));
}

TEST_F(CheckpointRemovalTest, LeavesWhatWasBeingDiscardedWhileNobodyKnowsItsHandles) {
  make(true);
  completed(1);
  ASSERT_TRUE(files_.removeFile(directoryOf(1) + "/metadata"));
  ASSERT_TRUE(fs::writeAll(files_, directoryOf(1) + "/metadata", "damaged"));
  bool gone = false;
  removal_->resumeDiscard(CheckpointId(1), [&gone] { gone = true; });
  time_.runDue();
  endRemoval();
  EXPECT_FALSE(gone);
  EXPECT_TRUE(there(1));
}

TEST_F(CheckpointRemovalTest, CountsEveryRemovalUntilItHasEnded) {
  make();
  removal_->discard(completed(1));
  removal_->aborted(CheckpointId(2), {});
  EXPECT_EQ(removal_->outstanding(), 2U);
  time_.runDue();
  EXPECT_EQ(removal_->outstanding(), 0U);
  EXPECT_EQ(ended_removals_, 2U);
}

}  // namespace
}  // namespace weir::jobmanager
