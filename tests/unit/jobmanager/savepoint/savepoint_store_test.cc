#include "jobmanager/savepoint/savepoint_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/concurrency/simulated_executor.h"
#include "common/fs/memory_file_system.h"
#include "common/fs/uri.h"
#include "common/snapshot/label_file.h"
#include "common/snapshot/metadata_file.h"
#include "common/snapshot/state_files.h"
#include "tests/unit/jobmanager/fake_discarder.h"
#include "tests/unit/jobmanager/job_graphs.h"

namespace weir::jobmanager {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::SizeIs;

class NoOwners final : public SavepointOwners {
 public:
  bool releaseSavepoint(JobId /*job*/, CheckpointId /*id*/) override {
    ++released;
    return needed;
  }
  bool ownsCheckpoint(JobId /*job*/, CheckpointId /*id*/) const override { return false; }
  bool isRunning(JobId /*job*/) const override { return running; }
  bool isReading(JobId /*job*/) const override { return reading; }
  std::shared_ptr<const runtime::JobProgram> programOf(JobId /*job*/) const override {
    return program;
  }
  bool running = true;
  bool reading = false;
  bool needed = false;
  int released = 0;
  std::shared_ptr<const runtime::JobProgram> program;
};

class SavepointStoreTest : public ::testing::Test {
 protected:
  /// A checkpoint with one file of state, as its coordinator leaves it.
  runtime::CheckpointMetadata checkpointOnFiles() {
    runtime::CheckpointMetadata metadata;
    metadata.job = testing::jobId(1);
    metadata.checkpoint = CheckpointId(3);
    metadata.savepoint = true;
    metadata.data_directory = "file:/c/" + testing::jobId(1).hex() + "/chk-3";
    addState(metadata, runtime::SectionHandle::Storage::kFile).location = "data";
    EXPECT_TRUE(fs::writeAll(files_, metadata.data_directory + "/data", "12345"));
    EXPECT_TRUE(snapshot::writeMetadata(files_, metadata.data_directory, metadata));
    return metadata;
  }
  runtime::CheckpointMetadata checkpointInline(const std::string& bytes) {
    runtime::CheckpointMetadata metadata;
    metadata.job = testing::jobId(1);
    runtime::SectionHandle& handle = addState(metadata, runtime::SectionHandle::Storage::kInline);
    handle.bytes = bytes;
    handle.size = bytes.size();
    return metadata;
  }
  static runtime::SectionHandle& addState(runtime::CheckpointMetadata& metadata,
                                          runtime::SectionHandle::Storage storage) {
    metadata.operators.resize(1);
    metadata.operators[0].id = testing::operatorId(1);
    metadata.operators[0].subtasks.resize(1);
    runtime::SectionHandle& handle = metadata.operators[0].subtasks[0].handle;
    handle.storage = storage;
    handle.size = 5;
    return handle;
  }
  Result<KeptSavepoint> keep(const std::string& directory,
                             const runtime::CheckpointMetadata& metadata) {
    Result<KeptSavepoint> answer = Error(ErrorCode::kInternal, "no answer");
    savepoints_.keep(savepoints_.placeIn(directory), metadata, program_, [&](auto result) {
      answer = std::move(result);
    });
    time_.runDue();
    return answer;
  }
  /// What `cp -r` makes of a savepoint, without the mark of the job that took it.
  std::string copyOf(const std::string& path) {
    const std::string copy = "file:/elsewhere/savepoint-0123456789ab";
    EXPECT_TRUE(fs::writeAll(files_, copy + "/metadata", *fs::readAll(files_, path + "/metadata")));
    return copy;
  }
  Result<runtime::DisposeReply> dispose(const std::string& path, bool force = false) {
    Result<runtime::DisposeReply> answer = Error(ErrorCode::kInternal, "no answer");
    savepoints_.dispose({.operation = {}, .path = path, .force = force, .program = disposer_},
                        [&](auto result) { answer = std::move(result); });
    time_.runDue();
    return answer;
  }
  Result<SavepointStore::Opened> open(const std::string& path) {
    Result<SavepointStore::Opened> answer = Error(ErrorCode::kInternal, "no answer");
    savepoints_.open(path, [&](auto result) { answer = std::move(result); });
    time_.runDue();
    return answer;
  }

  concurrency::SimulatedTime time_;
  concurrency::SimulatedExecutor strand_{time_};
  concurrency::SimulatedExecutor io_{time_};
  fs::MemoryFileSystem files_;
  SeededRandom random_{1};
  blob::BlobStore store_{files_, "/blobs", time_, random_};
  StateBlobs blobs_{store_};
  testing::FakeDiscarder discarder_;
  std::shared_ptr<const runtime::JobProgram> program_;
  std::optional<runtime::JobProgram> disposer_;
  NoOwners owners_;
  std::string gone_ = "another process";
  SavepointStore savepoints_{
      {strand_, io_, time_, files_, blobs_, discarder_},
      random_,
      {.on_files = false,
       .directory = {},
       .heap_limit = 1000,
       .inline_limit = 4,
       .holder = "this process",
       .is_gone = [this](const std::string& holder) { return holder == gone_; }},
      owners_};
};

TEST_F(SavepointStoreTest, PointsToTheCheckpointAndRemovesAllWhenDisposed) {
  auto kept = keep("/s", checkpointOnFiles());
  ASSERT_TRUE(kept) << kept.error().text();
  EXPECT_THAT(kept->result.path, MatchesRegex("file:/s/savepoint-[0-9a-f]{12}"));
  auto opened = open(kept->result.path.substr(5));
  ASSERT_TRUE(opened) << opened.error().text();
  EXPECT_EQ(opened->metadata.checkpoint, CheckpointId(3));
  ASSERT_TRUE(dispose(kept->result.path));
  EXPECT_THAT(files_.files(), IsEmpty());
}

TEST_F(SavepointStoreTest, WritesStateOfTheJobManagerIntoTheSavepointItself) {
  auto kept = keep("/s", checkpointInline("state"));
  ASSERT_TRUE(kept) << kept.error().text();
  EXPECT_FALSE(kept->shares_data);
  auto opened = open(kept->result.path);
  ASSERT_TRUE(opened) << opened.error().text();
  EXPECT_EQ(opened->metadata.data_directory, kept->result.path);
  EXPECT_THAT(snapshot::dataFiles(opened->metadata), SizeIs(1));
  ASSERT_TRUE(dispose(kept->result.path));
  EXPECT_THAT(files_.files(), IsEmpty());
}

TEST_F(SavepointStoreTest, ListsEachOnceHoweverItsDirectoryWasWritten) {
  for (const std::string directory : {"/s", "file:/s", "file:///s", "/s/"}) {
    ASSERT_TRUE(keep(directory, checkpointInline("state")));
  }
  std::vector<runtime::SavepointInfo> found;
  savepoints_.list([&](auto infos) { found = *std::move(infos); });
  time_.runDue();
  EXPECT_THAT(found, SizeIs(4));
}

TEST_F(SavepointStoreTest, RefusesToHoldMoreThanItsLimit) {
  EXPECT_TRUE(keep("", checkpointInline(std::string(600, 'x'))));
  auto refused = keep("", checkpointInline(std::string(600, 'x')));
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().text(), HasSubstr("savepoints.jobmanager.max-size"));
  EXPECT_TRUE(dispose("jobmanager://savepoints/1"));
  EXPECT_TRUE(keep("", checkpointInline(std::string(600, 'x'))));
}

TEST_F(SavepointStoreTest, HoldsNoMoreSavepointsThanTheirMetadataAllows) {
  int kept = 0;
  const runtime::CheckpointMetadata metadata = checkpointOnFiles();
  while (kept < 1000 && keep("", metadata)) {
    ++kept;
  }
  EXPECT_LT(kept, 20);
  EXPECT_TRUE(dispose("jobmanager://savepoints/1"));
  EXPECT_TRUE(keep("", metadata));
}

TEST_F(SavepointStoreTest, NamesWhatIsMissing) {
  EXPECT_THAT(open("/nowhere").error().text(), HasSubstr("no savepoint at '/nowhere'"));
  EXPECT_THAT(open("jobmanager://savepoints/7").error().text(), HasSubstr("no savepoint"));
  auto kept = keep("/s", checkpointOnFiles());
  const std::string data = "file:/c/" + testing::jobId(1).hex() + "/chk-3/data";
  ASSERT_TRUE(files_.remove(data));
  EXPECT_THAT(open(kept->result.path).error().text(), HasSubstr("chk-3/data"));
}

TEST_F(SavepointStoreTest, IsNotDisposedWhileARestoredJobHasNoCheckpoint) {
  auto kept = keep("/s", checkpointOnFiles());
  savepoints_.markInUse(*open(kept->result.path), testing::jobId(9), [] {});
  auto refused = dispose(kept->result.path);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().text(), HasSubstr(testing::jobId(9).hex()));
  savepoints_.releaseInUse(kept->result.path, testing::jobId(9));
  EXPECT_TRUE(dispose(kept->result.path));
}

TEST_F(SavepointStoreTest, IsNotDisposedElsewhereWhileTheJobThatTookItWouldRecoverFromIt) {
  auto kept = keep("/s", checkpointOnFiles());
  owners_.running = false;  // It runs in another cluster.
  auto refused = dispose(kept->result.path);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().text(), HasSubstr(testing::jobId(1).hex()));
  EXPECT_TRUE(open(kept->result.path));
  savepoints_.releaseInUse(kept->result.path, testing::jobId(1));
  EXPECT_TRUE(dispose(kept->result.path));
  EXPECT_THAT(files_.files(), IsEmpty());
}

TEST_F(SavepointStoreTest, ACopyTakesNoStateFromItsOriginal) {
  auto kept = keep("/s", checkpointOnFiles());
  const std::string copy = copyOf(kept->result.path);
  const auto reply = dispose(copy);
  ASSERT_TRUE(reply);
  EXPECT_THAT(reply->unreadable, ElementsAre(HasSubstr("that of savepoint " + kept->result.path)));
  EXPECT_THAT(open(copy).error().text(), HasSubstr("no savepoint"));
  ASSERT_TRUE(open(kept->result.path));
  ASSERT_TRUE(dispose(kept->result.path));
  EXPECT_THAT(files_.files(), IsEmpty());
}

TEST_F(SavepointStoreTest, AnExportTakesNothingFromItsOriginalNorFromTheJobThatTookIt) {
  const auto kept = keep("/s", checkpointOnFiles());
  const std::string copy = "file:/elsewhere/copy";
  runtime::CheckpointMetadata exported = open(kept->result.path)->metadata;
  exported.exported = true;
  exported.data_directory.clear();
  exported.location.clear();
  ASSERT_TRUE(fs::writeAll(files_, copy + "/data", "12345"));
  ASSERT_TRUE(snapshot::writeMetadata(files_, copy, exported));
  const std::size_t before = files_.files().size() - 2;
  ASSERT_TRUE(dispose(copy));
  EXPECT_EQ(owners_.released, 0);
  EXPECT_EQ(files_.files().size(), before);
  EXPECT_TRUE(open(kept->result.path));
  ASSERT_TRUE(dispose(kept->result.path));
  EXPECT_EQ(owners_.released, 1);
}

TEST_F(SavepointStoreTest, AnExportThatNamesAnotherDirectoryIsNotDisposed) {
  const auto kept = keep("/s", checkpointOnFiles());
  runtime::CheckpointMetadata exported = open(kept->result.path)->metadata;
  exported.exported = true;
  ASSERT_TRUE(snapshot::writeMetadata(files_, "file:/elsewhere/copy", exported));
  EXPECT_THAT(dispose("file:/elsewhere/copy").error().text(), HasSubstr("nothing was deleted"));
  EXPECT_TRUE(open(kept->result.path));
}

TEST_F(SavepointStoreTest, ALabelIsListedAndGoesWithItsSavepoint) {
  const auto kept = keep("/s", checkpointOnFiles());
  ASSERT_TRUE(snapshot::writeLabel(files_, kept->result.path, "before the move"));
  ASSERT_TRUE(snapshot::writeLabel(files_, open(kept->result.path)->metadata.data_directory, "x"));
  std::vector<runtime::SavepointInfo> listed;
  savepoints_.list([&](auto infos) { listed = *std::move(infos); });
  time_.runDue();
  ASSERT_THAT(listed, SizeIs(1));
  EXPECT_EQ(listed[0].label, "before the move");
  EXPECT_THAT(listed[0].users, ElementsAre(testing::jobId(1)));
  ASSERT_TRUE(dispose(kept->result.path));
  EXPECT_THAT(files_.files(), IsEmpty());
}

TEST_F(SavepointStoreTest, WhatWasMovedTakesItsStateAlong) {
  auto kept = keep("/s", checkpointOnFiles());
  const std::string moved = copyOf(kept->result.path);
  for (const auto& name :
       std::vector<std::string>{"metadata", "in-use-" + testing::jobId(1).hex()}) {
    ASSERT_TRUE(files_.remove(kept->result.path + "/" + name));
  }
  ASSERT_TRUE(dispose(moved));
  EXPECT_THAT(files_.files(), IsEmpty());
}

TEST_F(SavepointStoreTest, IsNotDisposedWhileAJobRestoredFromACopyHasNoCheckpoint) {
  auto kept = keep("/s", checkpointOnFiles());
  const std::string copy = copyOf(kept->result.path);
  savepoints_.markInUse(*open(copy), testing::jobId(9), [] {});
  time_.runDue();
  const auto refused = dispose(kept->result.path);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().text(), HasSubstr(testing::jobId(9).hex()));
  savepoints_.releaseInUse(copy, testing::jobId(9));
  EXPECT_TRUE(dispose(kept->result.path));
}

TEST_F(SavepointStoreTest, ACheckpointOfAJobThatLivesInAnotherClusterStays) {
  auto metadata = checkpointOnFiles();
  metadata.savepoint = false;
  ASSERT_TRUE(files_.remove(metadata.data_directory + "/metadata"));
  ASSERT_TRUE(snapshot::writeMetadata(files_, metadata.data_directory, metadata));
  const std::string of_job = fs::parentOf(metadata.data_directory);
  ASSERT_TRUE(snapshot::writeMark(files_, of_job, metadata.job, "a third process"));
  owners_.running = false;
  const auto refused = dispose(metadata.data_directory);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().text(), HasSubstr("another cluster (process 'a third process')"));
  EXPECT_TRUE(open(metadata.data_directory));
  gone_ = "a third process";
  EXPECT_TRUE(dispose(metadata.data_directory));
  EXPECT_THAT(files_.files(), IsEmpty());
}

TEST_F(SavepointStoreTest, WhatWasMovedIsNotDisposedWhileItsJobLivesInAnotherCluster) {
  auto kept = keep("/s", checkpointOnFiles());
  const std::string moved = copyOf(kept->result.path);
  for (const auto& name :
       std::vector<std::string>{"metadata", "in-use-" + testing::jobId(1).hex()}) {
    ASSERT_TRUE(files_.remove(kept->result.path + "/" + name));
  }
  ASSERT_TRUE(snapshot::writeMark(
      files_, "file:/c/" + testing::jobId(1).hex(), testing::jobId(1), "a third process"));
  owners_.running = false;
  EXPECT_THAT(dispose(moved).error().text(), HasSubstr("another cluster"));
  EXPECT_TRUE(open(moved));
}

TEST_F(SavepointStoreTest, WhatCannotBeClosedKeepsItsState) {
  auto kept = keep("/s", checkpointOnFiles());
  files_.limitBytes(0);
  const auto refused = dispose(kept->result.path);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().text(), HasSubstr("nothing was deleted"));
  EXPECT_TRUE(open(kept->result.path));
}

TEST_F(SavepointStoreTest, AMarkOfTheFirstReleaseCountsAsWell) {
  auto kept = keep("/s", checkpointOnFiles());
  const std::string mark = kept->result.path + "/in-use-" + testing::jobId(9).hex();
  ASSERT_TRUE(
      fs::writeAll(files_, mark, "restored by job x, which has no checkpoint of its own yet\n"));
  EXPECT_FALSE(dispose(kept->result.path));
  EXPECT_TRUE(dispose(kept->result.path, true));
  EXPECT_THAT(files_.files(), IsEmpty());
}

TEST_F(SavepointStoreTest, AMarkOfAProcessThatIsGoneHoldsNothing) {
  gone_ = "a process";
  auto kept = keep("/s", checkpointOnFiles());
  owners_.running = false;
  EXPECT_FALSE(dispose(kept->result.path));
  gone_ = "this process";
  EXPECT_TRUE(dispose(kept->result.path));
}

TEST_F(SavepointStoreTest, MarksNoSavepointThatIsGone) {
  auto kept = keep("/s", checkpointOnFiles());
  const auto opened = open(kept->result.path);
  ASSERT_TRUE(opened);
  ASSERT_TRUE(dispose(kept->result.path));
  savepoints_.markInUse(*opened, testing::jobId(9), [] {});
  time_.runDue();
  EXPECT_THAT(files_.files(), IsEmpty());
}

TEST_F(SavepointStoreTest, ForceDisposesWhatIsInUse) {
  auto kept = keep("/s", checkpointOnFiles());
  savepoints_.markInUse(*open(kept->result.path), testing::jobId(9), [] {});
  EXPECT_TRUE(dispose(kept->result.path, true));
  EXPECT_THAT(files_.files(), IsEmpty());
}

TEST_F(SavepointStoreTest, LeavesTheDataToTheJobThatStillNeedsIt) {
  auto kept = keep("/s", checkpointOnFiles());
  owners_.needed = true;
  auto reply = dispose(kept->result.path);
  ASSERT_TRUE(reply);
  EXPECT_TRUE(reply->data_later);
  EXPECT_THAT(files_.files(), Contains(HasSubstr("/chk-3/data")));
  EXPECT_FALSE(open(kept->result.path));
}

TEST_F(SavepointStoreTest, IsNotDisposedWithoutAnIntactManifest) {
  auto kept = keep("/s", checkpointOnFiles());
  ASSERT_TRUE(files_.corrupt(kept->result.path + "/metadata", "rubbish"));
  const auto before = files_.files();
  for (const bool force : {false, true}) {
    auto reply = dispose(kept->result.path, force);
    ASSERT_FALSE(reply);
    EXPECT_THAT(reply.error().text(), HasSubstr("nothing was deleted"));
  }
  EXPECT_EQ(files_.files(), before);
}

TEST_F(SavepointStoreTest, RemovesDamagedDataAndNamesIt) {
  auto kept = keep("/s", checkpointOnFiles());
  const std::string data = "file:/c/" + testing::jobId(1).hex() + "/chk-3/data";
  ASSERT_TRUE(files_.truncate(data, 1));
  auto reply = dispose(kept->result.path);
  ASSERT_TRUE(reply) << reply.error().text();
  EXPECT_THAT(reply->unreadable, ElementsAre(HasSubstr(data)));
  EXPECT_THAT(files_.files(), IsEmpty());
}

TEST_F(SavepointStoreTest, TheJobOfASavepointThatIsStillWholeKeepsItsState) {
  for (std::uint64_t nth = 1;; ++nth) {
    auto kept = keep("/s", checkpointOnFiles());
    ASSERT_TRUE(kept);
    owners_.released = 0;
    files_.failOperation(nth, Error(ErrorCode::kIo, "the disk broke"));
    if (dispose(kept->result.path)) {
      ASSERT_GT(nth, 4U);
      break;
    }
    if (open(kept->result.path)) {
      EXPECT_EQ(owners_.released, 0) << nth;
    }
    static_cast<void>(dispose(kept->result.path));
  }
}

TEST_F(SavepointStoreTest, ADisposalThatWasCutShortCanBeRepeated) {
  for (std::uint64_t nth = 1;; ++nth) {
    auto kept = keep("/s", checkpointOnFiles());
    ASSERT_TRUE(kept);
    files_.failOperation(nth, Error(ErrorCode::kIo, "the disk broke"));
    if (dispose(kept->result.path)) {
      break;
    }
    auto again = dispose(kept->result.path);
    ASSERT_TRUE(again || again.error().code() == ErrorCode::kNotFound) << nth;
    if (again) {  // What is missing is what the first one has deleted.
      ASSERT_THAT(again->unreadable, IsEmpty()) << nth;
    }
    ASSERT_THAT(files_.files(), IsEmpty()) << nth;
  }
}

TEST_F(SavepointStoreTest, GoesOnWithDisposalsThatACrashHasCutShort) {
  SavepointStore next(
      {strand_, io_, time_, files_, blobs_, discarder_},
      random_,
      {.on_files = true,
       .directory = "/s",
       .is_gone = [](const std::string& holder) { return holder == "this process"; }},
      owners_);
  const auto cut_short = keep("/s", checkpointOnFiles());
  const auto whole = keep("/s", checkpointInline("state"));
  owners_.running = false;
  ASSERT_TRUE(snapshot::beginDisposal(files_, cut_short->result.path));
  next.resumeDisposals();
  time_.runDue();
  EXPECT_FALSE(files_.stat(cut_short->result.path));
  EXPECT_FALSE(files_.stat("file:/c/" + testing::jobId(1).hex() + "/chk-3/data"));
  EXPECT_TRUE(open(whole->result.path));
}

TEST_F(SavepointStoreTest, ADisposalWaitsUntilItIsKnownWhatTheJobThatTookItNeeds) {
  const auto kept = keep("/s", checkpointOnFiles());
  owners_.reading = true;
  const auto refused = dispose(kept->result.path, true);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().text(), HasSubstr("is being taken up again"));
  EXPECT_TRUE(open(kept->result.path));
  owners_.reading = false;
  EXPECT_TRUE(dispose(kept->result.path, true));
}

TEST_F(SavepointStoreTest, LeavesSmallStateInTheManifestWhenTheRestIsInFiles) {
  runtime::CheckpointMetadata metadata = checkpointOnFiles();
  runtime::SubtaskState beside = metadata.operators[0].subtasks[0];
  beside.handle = {};
  beside.handle.storage = runtime::SectionHandle::Storage::kInline;
  beside.handle.bytes = "larger than the limit";
  beside.handle.size = beside.handle.bytes.size();
  metadata.operators[0].parallelism = 2;
  beside.subtask = 1;
  metadata.operators[0].subtasks.push_back(beside);
  auto kept = keep("/s", metadata);
  ASSERT_TRUE(kept) << kept.error().text();
  auto opened = open(kept->result.path);
  ASSERT_TRUE(opened) << opened.error().text();
  EXPECT_EQ(opened->metadata.data_directory, metadata.data_directory);
}

}  // namespace
}  // namespace weir::jobmanager
