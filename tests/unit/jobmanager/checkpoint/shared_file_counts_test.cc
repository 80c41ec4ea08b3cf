#include "jobmanager/checkpoint/shared_file_counts.h"

#include <algorithm>
#include <set>

#include "common/fs/uri.h"
#include "common/snapshot/layout.h"
#include "tests/unit/jobmanager/checkpoint/coordinator_fixture.h"

namespace weir::jobmanager {
namespace {

/// A coordinator of a job whose first task shares files between checkpoints.
class SharedFilesTest : public CoordinatorFixture {
 protected:
  static std::string shared(std::uint64_t checkpoint, int number) {
    return "0a0b0c0d-0-1-" + std::to_string(checkpoint) + "-0000000" + std::to_string(number);
  }
  static std::string jobDirectory() { return fs::parentOf(directoryOf(1)); }
  static std::string pathOf(const std::string& name) {
    return fs::join(snapshot::sharedDirectoryOfJob(jobDirectory()), name);
  }
  void upload(const std::string& name) {
    static_cast<void>(fs::writeAll(files_, pathOf(name), "table"));
  }
  /// Uploads those of `names` that are of checkpoint `id`.
  runtime::CheckpointAck ackWith(std::uint64_t id, const std::vector<std::string>& names) {
    write(id, 1);
    runtime::CheckpointAck ack = ackWithFile(id, 1);
    for (const std::string& name : names) {
      if (snapshot::sharedSince(name) == CheckpointId(id)) {
        upload(name);
      }
      ack.operators[0].handle.shared.push_back({name, 5});
    }
    return ack;
  }
  void complete(std::uint64_t id, const std::vector<std::string>& names) {
    time_.advance(std::chrono::seconds(1));
    acknowledge(ackWith(id, names));
    acknowledge(id, 2);
  }
  std::set<std::string> there() {
    std::set<std::string> names;
    if (const auto entries = files_.list(snapshot::sharedDirectoryOfJob(jobDirectory()))) {
      for (const fs::FileInfo& entry : *entries) {
        names.insert(entry.name);
      }
    }
    return names;
  }
  using Names = std::set<std::string>;
};

TEST_F(SharedFilesTest, AFileStaysWhileACheckpointNeedsItAndOneMore) {
  start();
  complete(1, {shared(1, 1), shared(1, 2)});
  complete(2, {shared(1, 1), shared(2, 1)});
  EXPECT_EQ(there(), (Names{shared(1, 1), shared(1, 2), shared(2, 1)}))
      << "a task may not have heard of checkpoint 2 yet";
  complete(3, {shared(1, 1), shared(3, 1)});
  EXPECT_EQ(there(), (Names{shared(1, 1), shared(2, 1), shared(3, 1)}));
  complete(4, {shared(4, 1)});
  complete(5, {shared(4, 1)});
  EXPECT_EQ(there(), (Names{shared(4, 1)}));
}

TEST_F(SharedFilesTest, ManyCheckpointsThatChurnLeaveFewFiles) {
  start();
  for (std::uint64_t id = 1; id <= 300; ++id) {
    complete(id, {shared(std::max<std::uint64_t>(id, 2) - 1, 1), shared(id, 1), shared(id, 2)});
    ASSERT_LE(there().size(), 8U);
  }
}

TEST_F(SharedFilesTest, WhatAnAbortedOneStoredGoesWithTheNextThatCompletes) {
  start();
  complete(1, {shared(1, 1)});
  time_.advance(std::chrono::seconds(1));
  acknowledge(ackWith(2, {shared(1, 1), shared(2, 1)}));
  decline(2);
  complete(3, {shared(1, 1), shared(3, 1)});
  EXPECT_EQ(there(), (Names{shared(1, 1), shared(3, 1)}));
}

TEST_F(SharedFilesTest, WhatTasksStoreForALaterOneIsLeftAlone) {
  graph_.checkpoints.max_concurrent = 2;
  start();
  complete(1, {shared(1, 1)});
  upload(shared(9, 1));
  complete(2, {shared(1, 1)});
  complete(3, {shared(1, 1)});
  EXPECT_EQ(there(), (Names{shared(1, 1), shared(9, 1)}));
}

TEST_F(SharedFilesTest, ACheckpointThatNamesAFileThatIsGoneIsAborted) {
  start();
  complete(1, {shared(1, 1)});
  complete(2, {shared(2, 1)});
  complete(3, {shared(3, 1)});
  complete(4, {shared(1, 1)});
  EXPECT_NE(failureOf(4).find("shares the file '" + shared(1, 1) + "'"), std::string::npos);
  EXPECT_EQ(coordinator_->latest()->metadata.checkpoint, CheckpointId(3));
  complete(5, {shared(3, 1)});
  EXPECT_EQ(coordinator_->latest()->metadata.checkpoint, CheckpointId(5));
}

TEST_F(SharedFilesTest, SavepointsDoNotMakeTasksStoreAnew) {
  start();
  complete(1, {shared(1, 1)});
  for (std::uint64_t id = 2; id <= 4; ++id) {
    takeSavepoint();
    time_.runDue();
    acknowledgeAll(id);
  }
  EXPECT_EQ(savepoints_.size(), 3U);
  EXPECT_EQ(there(), (Names{shared(1, 1)}));
  complete(5, {shared(1, 1)});
  EXPECT_EQ(coordinator_->latest()->metadata.checkpoint, CheckpointId(5));
}

TEST_F(SharedFilesTest, NothingIsLeftBehindAJobThatHasEnded) {
  start();
  complete(1, {shared(1, 1)});
  upload(shared(2, 7));
  EXPECT_TRUE(end());
  EXPECT_FALSE(files_.stat(jobDirectory()).has_value());
}

TEST_F(SharedFilesTest, WhatTheLastCheckpointOfAFailedJobNeedsStays) {
  start();
  complete(1, {shared(1, 1)});
  complete(2, {shared(2, 1)});
  EXPECT_TRUE(end(true));
  EXPECT_EQ(there(), (Names{shared(2, 1)}));
}

TEST_F(SharedFilesTest, ALeaderThatTakesOverCountsFromMetadata) {
  start();
  complete(1, {shared(1, 1), shared(1, 2)});
  const CompletedCheckpoint latest = *coordinator_->latest();
  upload(shared(2, 1));  // By a task of the leader that died.
  coordinator_.emplace(services(), graph_, setup_, tasks_);
  ha::JobCheckpoints stored;
  stored.next = CheckpointId(10);
  stored.retained.push_back({latest.metadata.checkpoint, false, latest.directory});
  coordinator_->resume(stored, {latest});
  coordinator_->start();
  complete(10, {shared(10, 1)});
  EXPECT_EQ(there(), (Names{shared(1, 1), shared(1, 2), shared(10, 1)}));
  complete(11, {shared(10, 1)});
  EXPECT_EQ(there(), (Names{shared(10, 1)}));
}

}  // namespace
}  // namespace weir::jobmanager
