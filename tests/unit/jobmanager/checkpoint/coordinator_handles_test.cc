// What becomes of state handles of users' own making; the other half of coordinator_test.cc.

#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/concurrency/simulated_executor.h"
#include "common/fs/memory_file_system.h"
#include "jobmanager/checkpoint/checkpoint_coordinator.h"
#include "tests/unit/jobmanager/checkpoint/fake_tasks.h"
#include "tests/unit/jobmanager/fake_discarder.h"
#include "tests/unit/jobmanager/job_graphs.h"

namespace weir::jobmanager {
namespace {

using namespace std::chrono_literals;  // NOLINT: durations of a test.
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class CoordinatorHandlesTest : public ::testing::Test {
 protected:
  /// Vertex 1 keeps state of its own, vertex 2 a handle.
  void SetUp() override {
    graph_.operators[1].custom_handles = true;
    runtime::CheckpointStorage storage;
    storage.kind = runtime::CheckpointStorage::Kind::kFileSystem;
    storage.directory = directory_;
    coordinator_.emplace(
        CheckpointServices{strand_, io_, time_, files_, blobs_, discarder_},
        graph_,
        CheckpointCoordinator::Setup{{testing::jobId(1), "", "test"}, program_, storage, 1, 100},
        tasks_);
    coordinator_->start();
    time_.advance(1s);  // Checkpoint 1 is pending.
  }
  std::string path(std::uint64_t id, std::uint8_t vertex) const {
    return directory_ + "/chk-" + std::to_string(id) + "/0a0b0c0d-0-1-0000000" +
           std::to_string(vertex);  // As workers name their files.
  }
  void write(std::uint64_t id, std::uint8_t vertex) {
    static_cast<void>(fs::writeAll(files_, path(id, vertex), "x"));
  }
  void acknowledge(std::uint64_t id, std::uint8_t vertex) {
    runtime::CheckpointAck ack;
    ack.checkpoint = CheckpointId(id);
    ack.task = {testing::operatorId(vertex), 0};
    runtime::OperatorSnapshot snapshot;
    snapshot.id = ack.task.vertex;
    snapshot.handle.storage = runtime::StateHandle::Storage::kFile;
    snapshot.handle.location = path(id, vertex);
    snapshot.handle.size = 1;
    ack.operators = {snapshot};
    coordinator_->acknowledge(ack);
    time_.runDue();
  }
  void complete(std::uint64_t id) {
    for (std::uint8_t vertex = 1; vertex <= 2; ++vertex) {
      write(id, vertex);
      acknowledge(id, vertex);
    }
  }
  /// Completes checkpoint `id` as the next periodic one.
  void completeNext(std::uint64_t id) {
    time_.advance(1s);
    complete(id);
  }
  void decline(std::uint64_t id) {
    coordinator_->decline({{}, CheckpointId(id), {testing::operatorId(1), 0}, "no"});
    time_.runDue();
  }
  void takeSavepoint(Result<KeptSavepoint> kept) {
    coordinator_->takeSavepoint(
        {.keep = [kept](const runtime::CheckpointMetadata&,
                        const Callback<KeptSavepoint>& done) { done(kept); },
         .progress = {},
         .done = [](const Result<runtime::SavepointResult>&) {}});
  }
  bool end(bool keep_latest = false) {
    coordinator_->stop(Error(ErrorCode::kCancelled, "over"));
    coordinator_->end(keep_latest, [this] { ended_ = true; });
    time_.runDue();
    return ended_;
  }
  void refuse() { discarder_.answer = Error(ErrorCode::kUnavailable, "no worker"); }

  const std::string directory_ = "file:/c/" + testing::jobId(1).hex();
  concurrency::SimulatedTime time_;
  concurrency::SimulatedExecutor strand_{time_};
  concurrency::SimulatedExecutor io_{time_};
  testing::FakeDiscarder discarder_;
  fs::MemoryFileSystem files_;
  SeededRandom random_{1};
  blob::BlobStore store_{files_, "/blobs", time_, random_};
  StateBlobs blobs_{store_};
  graph::JobGraph graph_ = testing::twoVertices(1);
  // As the job shares it.
  std::shared_ptr<const runtime::JobProgram> program_ = std::make_shared<runtime::JobProgram>();
  FakeTasks tasks_;
  bool ended_ = false;
  std::optional<CheckpointCoordinator> coordinator_;
};

TEST_F(CoordinatorHandlesTest, DiscardsThoseOfTheDroppedCheckpoint) {
  complete(1);
  EXPECT_THAT(discarder_.handles, IsEmpty());
  completeNext(2);
  EXPECT_THAT(discarder_.handles, ElementsAre(path(1, 2)));
  EXPECT_EQ(discarder_.discards[0].program, program_);
  EXPECT_EQ(discarder_.discards[0].handles[0].operator_id, testing::operatorId(2));
  EXPECT_THAT(discarder_.discards[0].owner, HasSubstr("checkpoint 1"));
}

TEST_F(CoordinatorHandlesTest, RemovesTheFilesOnlyAfterTheHandles) {
  complete(1);
  discarder_.holds = true;
  completeNext(2);
  EXPECT_THAT(testing::unmarked(files_), Contains(HasSubstr("/chk-1/")));
  discarder_.release();
  time_.runDue();
  EXPECT_THAT(testing::unmarked(files_), Each(HasSubstr("/chk-2/")));
}

TEST_F(CoordinatorHandlesTest, RemovesTheFilesThoughDiscardStateThrew) {
  complete(1);
  discarder_.answer = std::vector<std::string>{"discardState() threw"};
  completeNext(2);
  EXPECT_THAT(testing::unmarked(files_), Each(HasSubstr("/chk-2/")));
}

TEST_F(CoordinatorHandlesTest, DiscardsWhatAnAbortedOneHadAcknowledged) {
  discarder_.holds = true;
  write(1, 2);
  acknowledge(1, 2);
  decline(1);
  EXPECT_THAT(discarder_.handles, ElementsAre(path(1, 2)));
  EXPECT_THAT(testing::unmarked(files_), SizeIs(1));
  discarder_.release();
  time_.runDue();
  EXPECT_THAT(files_.files(), IsEmpty());
}

TEST_F(CoordinatorHandlesTest, DiscardsOnceWhatWasAcknowledgedTwice) {
  write(1, 2);
  acknowledge(1, 2);
  acknowledge(1, 2);
  decline(1);
  acknowledge(1, 2);
  EXPECT_THAT(discarder_.handles, ElementsAre(path(1, 2)));
}

TEST_F(CoordinatorHandlesTest, DiscardsOnceWhatArrivesLateTwice) {
  decline(1);
  write(1, 2);
  acknowledge(1, 2);
  acknowledge(1, 2);
  EXPECT_THAT(discarder_.handles, ElementsAre(path(1, 2)));
  EXPECT_THAT(files_.files(), IsEmpty());
}

TEST_F(CoordinatorHandlesTest, KeepsTheFileOfWhatIsSaidTwiceUntilItIsDiscarded) {
  discarder_.holds = true;
  decline(1);
  write(1, 2);
  acknowledge(1, 2);
  acknowledge(1, 2);
  EXPECT_THAT(testing::unmarked(files_), SizeIs(1));
  discarder_.release();
  time_.runDue();
  EXPECT_THAT(files_.files(), IsEmpty());
}

TEST_F(CoordinatorHandlesTest, DiscardsNothingOfACompletedOneThatIsAcknowledgedAgain) {
  complete(1);
  acknowledge(1, 2);
  EXPECT_THAT(discarder_.handles, IsEmpty());
}

TEST_F(CoordinatorHandlesTest, KeepsTheFileOfAnAcknowledgementThatIsOnItsWayDuringTheAbort) {
  write(1, 1);
  acknowledge(1, 1);
  write(1, 2);
  decline(1);
  EXPECT_THAT(testing::unmarked(files_), ElementsAre(HasSubstr(path(1, 2).substr(5))));
  acknowledge(1, 2);
  EXPECT_THAT(discarder_.handles, ElementsAre(path(1, 2)));
  EXPECT_THAT(files_.files(), IsEmpty());
}

TEST_F(CoordinatorHandlesTest, KeepsTheFileOfALateHandleUntilItIsDiscarded) {
  graph_.operators[0].custom_handles = true;
  write(1, 1);
  acknowledge(1, 1);
  discarder_.holds = true;
  decline(1);
  write(1, 2);
  acknowledge(1, 2);
  EXPECT_THAT(discarder_.handles, ElementsAre(path(1, 1), path(1, 2)));
  coordinator_->stop(Error(ErrorCode::kUnavailable, "the job restarts"));
  coordinator_->attemptEnded();
  time_.runDue();
  EXPECT_THAT(testing::unmarked(files_), SizeIs(2));
  discarder_.release();
  time_.runDue();
  EXPECT_THAT(files_.files(), IsEmpty());
}

TEST_F(CoordinatorHandlesTest, RemovesWhatTasksOfAnEndedAttemptLeftBehind) {
  decline(1);
  write(1, 2);  // Of a task that died before it acknowledged.
  coordinator_->stop(Error(ErrorCode::kUnavailable, "the job restarts"));
  coordinator_->attemptEnded();
  time_.runDue();
  EXPECT_THAT(files_.files(), IsEmpty());
}

TEST_F(CoordinatorHandlesTest, DiscardsThoseOfASavepointThatCouldNotBeWritten) {
  takeSavepoint(Error(ErrorCode::kUnavailable, "disk full"));
  complete(2);
  EXPECT_THAT(discarder_.handles, ElementsAre(path(2, 2)));
}

TEST_F(CoordinatorHandlesTest, KeepsTheFilesWhenTheHandlesAreNotDiscarded) {
  refuse();
  complete(1);
  completeNext(2);
  EXPECT_THAT(testing::unmarked(files_), Contains(HasSubstr(path(1, 2).substr(5))));
  EXPECT_THAT(testing::unmarked(files_), Contains(HasSubstr("/chk-1/metadata")));
  EXPECT_TRUE(end());
  EXPECT_THAT(testing::unmarked(files_), Contains(HasSubstr("/chk-1/metadata")));
  EXPECT_THAT(discarder_.handles, ElementsAre(path(1, 2), path(2, 2)));
}

TEST_F(CoordinatorHandlesTest, KeepsTheFilesOfAnAbortedOneWhenItsHandlesAreNotDiscarded) {
  refuse();
  write(1, 2);
  acknowledge(1, 2);
  decline(1);
  coordinator_->stop(Error(ErrorCode::kUnavailable, "the job restarts"));
  coordinator_->attemptEnded();
  EXPECT_TRUE(end());
  EXPECT_THAT(testing::unmarked(files_), ElementsAre(HasSubstr(path(1, 2).substr(5))));
}

TEST_F(CoordinatorHandlesTest, DiscardsAllAtTheEndAndWaitsForIt) {
  complete(1);
  discarder_.holds = true;
  EXPECT_FALSE(end());
  EXPECT_THAT(discarder_.handles, ElementsAre(path(1, 2)));
  EXPECT_THAT(testing::unmarked(files_), SizeIs(3));
  discarder_.release();
  time_.runDue();
  EXPECT_TRUE(ended_);
  EXPECT_THAT(files_.files(), IsEmpty());
}

TEST_F(CoordinatorHandlesTest, LeavesThoseOfTheCheckpointThatAFailedJobKeeps) {
  complete(1);
  EXPECT_TRUE(end(true));
  EXPECT_THAT(discarder_.handles, IsEmpty());
  EXPECT_THAT(testing::unmarked(files_), Contains(HasSubstr("/chk-1/metadata")));
}

TEST_F(CoordinatorHandlesTest, LeavesThoseThatASavepointPointsTo) {
  takeSavepoint(KeptSavepoint{});
  complete(2);
  completeNext(3);
  EXPECT_TRUE(end());
  EXPECT_THAT(discarder_.handles, ElementsAre(path(3, 2)));
  EXPECT_THAT(testing::unmarked(files_), Each(HasSubstr("/chk-2/")));
}

TEST_F(CoordinatorHandlesTest, LeavesThoseOfASavepointThatHoldsTheOtherStateItself) {
  takeSavepoint(KeptSavepoint{.result = {}, .shares_data = false});
  complete(2);
  completeNext(3);
  EXPECT_THAT(testing::unmarked(files_), Each(HasSubstr("/chk-3/")));
  EXPECT_TRUE(end());
  EXPECT_THAT(discarder_.handles, ElementsAre(path(3, 2)));
}

TEST_F(CoordinatorHandlesTest, DiscardsThoseOfADisposedSavepointWithTheNextCheckpoint) {
  for (const bool shares_data : {true, false}) {
    const std::uint64_t id = shares_data ? 2 : 4;
    takeSavepoint(KeptSavepoint{.result = {}, .shares_data = shares_data});
    complete(id);
    EXPECT_TRUE(coordinator_->releaseSavepoint(CheckpointId(id)));
    discarder_.handles.clear();
    completeNext(id + 1);
    EXPECT_THAT(discarder_.handles, ElementsAre(path(id, 2)));
  }
}

}  // namespace
}  // namespace weir::jobmanager
