// Savepoints with state handles of users' own making; the other half of savepoint_store_test.cc.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/concurrency/simulated_executor.h"
#include "common/fs/digest.h"
#include "common/fs/memory_file_system.h"
#include "common/snapshot/metadata_file.h"
#include "jobmanager/savepoint/savepoint_store.h"
#include "tests/unit/jobmanager/fake_discarder.h"
#include "tests/unit/jobmanager/job_graphs.h"

namespace weir::jobmanager {
namespace {

using namespace std::chrono_literals;  // NOLINT: durations of a test.
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using Program = std::shared_ptr<const runtime::JobProgram>;

constexpr const char* kHeapPath = "jobmanager://savepoints/1";

class FakeOwners final : public SavepointOwners {
 public:
  bool releaseSavepoint(JobId /*job*/, CheckpointId /*id*/) override { return owns; }
  bool ownsCheckpoint(JobId /*job*/, CheckpointId /*id*/) const override { return owns; }
  bool isRunning(JobId /*job*/) const override { return true; }
  bool isReading(JobId /*job*/) const override { return false; }
  Program programOf(JobId /*job*/) const override { return program; }
  bool owns = false;
  Program program;
};

class SavepointHandlesTest : public ::testing::Test {
 protected:
  Program programNamed(const std::string& name) {
    auto program = std::make_shared<runtime::JobProgram>();
    graph::JobGraph graph = testing::twoVertices(1);
    graph.name = name;
    program->graph = std::move(graph);
    program->program.executable = {name, {fs::sha256(name), name.size()}};
    auto upload = store_.put(program->program.executable.blob);
    EXPECT_TRUE(upload && (*upload)->append(name) && (*upload)->finish());
    return program;
  }
  /// Of a job whose operator "Index" keeps a handle, in a file.
  runtime::CheckpointMetadata checkpoint(bool custom_handles = true) {
    runtime::CheckpointMetadata metadata;
    metadata.job = testing::jobId(1);
    metadata.checkpoint = CheckpointId(3);
    metadata.savepoint = true;
    metadata.data_directory = "file:/c/" + testing::jobId(1).hex() + "/chk-3";
    runtime::SavedOperator& one = metadata.operators.emplace_back();
    one.id = testing::operatorId(1);
    one.name = "Index";
    one.custom_handles = custom_handles;
    runtime::SectionHandle& handle = one.subtasks.emplace_back().handle;
    handle.storage = runtime::SectionHandle::Storage::kFile;
    handle.location = "data";
    handle.size = 5;
    if (!files_.stat(metadata.data_directory)) {
      EXPECT_TRUE(fs::writeAll(files_, metadata.data_directory + "/data", "12345"));
      EXPECT_TRUE(snapshot::writeMetadata(files_, metadata.data_directory, metadata));
    }
    return metadata;
  }
  std::string keep(const std::string& directory, const Program& program) {
    std::string path;
    savepoints_.keep(
        savepoints_.placeIn(directory), checkpoint(), program, [&](Result<KeptSavepoint> kept) {
          path = kept ? kept->result.path : kept.error().text();
        });
    time_.runDue();
    return path;
  }
  Result<runtime::DisposeReply> dispose(const std::string& path, const Program& by = nullptr) {
    runtime::DisposeRequest request;
    request.path = path;
    if (by != nullptr) {
      request.program = *by;
    }
    answer_ = Error(ErrorCode::kInternal, "no answer");
    savepoints_.dispose(std::move(request), [this](auto result) { answer_ = std::move(result); });
    time_.runDue();
    return answer_;
  }
  std::string open(const std::string& path) {
    std::string answer = "no answer";
    savepoints_.open(
        path, [&](const auto& opened) { answer = opened ? "opened" : opened.error().text(); });
    time_.runDue();
    return answer;
  }
  std::string discardedBy() const { return discarder_.discards.at(0).program->graph->name; }
  /// All blobs that nobody holds go.
  void endLeases() {
    time_.advance(20min);
    static_cast<void>(programNamed("sweeper"));
  }

  concurrency::SimulatedTime time_;
  concurrency::SimulatedExecutor strand_{time_};
  concurrency::SimulatedExecutor io_{time_};
  fs::MemoryFileSystem files_;
  SeededRandom random_{1};
  blob::BlobStore store_{files_, "/blobs", time_, random_};
  StateBlobs blobs_{store_};
  testing::FakeDiscarder discarder_;
  FakeOwners owners_;
  Result<runtime::DisposeReply> answer_ = Error(ErrorCode::kInternal, "no answer");
  SavepointStore savepoints_{
      {strand_, io_, time_, files_, blobs_, discarder_},
      random_,
      {.on_files = false, .directory = {}, .heap_limit = 2000, .inline_limit = 4},
      owners_};
};

TEST_F(SavepointHandlesTest, StoresTheProgramOnlyWhenThereAreHandles) {
  const Program program = programNamed("job");
  savepoints_.keep(savepoints_.placeIn("/s"), checkpoint(false), program, [](const auto&) {});
  time_.runDue();
  EXPECT_THAT(files_.files(), Not(Contains(HasSubstr("/program/"))));
  const std::string path = keep("/s", program);
  EXPECT_THAT(files_.files(), Contains(HasSubstr("/program/description")));
  EXPECT_THAT(files_.files(), Contains(HasSubstr("/program/" + fs::sha256("job"))));
}

TEST_F(SavepointHandlesTest, IsNotKeptWhenItsProgramCannotBeStored) {
  const Program program = programNamed("job");
  endLeases();
  EXPECT_THAT(keep("/s", program), HasSubstr(fs::sha256("job")));
  EXPECT_THAT(files_.files(), Not(Contains(HasSubstr("/s/"))));
  EXPECT_THAT(keep("", program), HasSubstr("keep the program"));
}

TEST_F(SavepointHandlesTest, DisposalUsesTheProgramOfTheRequestFirst) {
  const std::string path = keep("/s", programNamed("stored"));
  owners_.program = programNamed("running");
  ASSERT_TRUE(dispose(path, programNamed("named")));
  EXPECT_EQ(discardedBy(), "named");
}

TEST_F(SavepointHandlesTest, DisposalUsesTheStoredProgramWhenTheJobHasEnded) {
  const std::string path = keep("/s", programNamed("stored"));
  endLeases();
  auto reply = dispose(path);
  ASSERT_TRUE(reply) << reply.error().text();
  EXPECT_EQ(discardedBy(), "stored");
  EXPECT_TRUE(store_.has(discarder_.discards[0].program->program.executable.blob));
  EXPECT_THAT(discarder_.handles,
              ElementsAre("file:/c/" + testing::jobId(1).hex() + "/chk-3/data"));
  EXPECT_THAT(files_.files(), Not(Contains(HasSubstr("/s/"))));
  EXPECT_THAT(files_.files(), Not(Contains(HasSubstr("/c/"))));
}

TEST_F(SavepointHandlesTest, DisposalUsesTheProgramOfTheJobThatRuns) {
  const std::string path = keep("/s", nullptr);
  owners_.program = programNamed("running");
  ASSERT_TRUE(dispose(path));
  EXPECT_EQ(discardedBy(), "running");
}

TEST_F(SavepointHandlesTest, RefusesAndDeletesNothingWithoutAProgram) {
  const std::string path = keep("/s", nullptr);
  const auto before = files_.files();
  auto refused = dispose(path);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().text(),
              AllOf(HasSubstr("'Index'"),
                    HasSubstr("none is stored with it"),
                    HasSubstr("nothing was deleted")));
  EXPECT_EQ(files_.files(), before);
  EXPECT_EQ(open(path), "opened");
}

TEST_F(SavepointHandlesTest, RefusesAndDeletesNothingWhenTheStoredProgramIsDamaged) {
  const std::string path = keep("/s", programNamed("stored"));
  ASSERT_TRUE(files_.corrupt(path + "/program/description", "rubbish"));
  const auto before = files_.files();
  auto refused = dispose(path);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().text(), HasSubstr("cannot be used"));
  EXPECT_EQ(files_.files(), before);
  ASSERT_TRUE(dispose(path, programNamed("named")));
  EXPECT_EQ(discardedBy(), "named");
}

TEST_F(SavepointHandlesTest, NamesTheFileOfTheStoredProgramThatIsMissing) {
  const std::string path = keep("/s", programNamed("stored"));
  endLeases();
  ASSERT_TRUE(files_.remove(path + "/program/" + fs::sha256("stored")));
  EXPECT_THAT(dispose(path).error().text(), HasSubstr(fs::sha256("stored") + " is missing"));
}

TEST_F(SavepointHandlesTest, KeepsAllFilesWhenTheHandlesAreNotDiscarded) {
  const std::string path = keep("/s", programNamed("stored"));
  discarder_.answer = Error(ErrorCode::kUnavailable, "no worker");
  const auto before = files_.files();
  EXPECT_THAT(dispose(path).error().text(), HasSubstr("no worker"));
  EXPECT_EQ(files_.files(), before);
  discarder_.answer = std::vector<std::string>();
  EXPECT_TRUE(dispose(path));
}

TEST_F(SavepointHandlesTest, NobodyCanRestoreItFromTheMomentThatAHandleMayBeGone) {
  const std::string path = keep("/s", programNamed("stored"));
  discarder_.holds = true;
  EXPECT_FALSE(dispose(path));
  EXPECT_THAT(discarder_.discards, SizeIs(1));
  EXPECT_FALSE(files_.stat(path + "/metadata"));
  EXPECT_TRUE(files_.stat(path + "/.disposed-metadata"));
  discarder_.release();
  time_.runDue();
  EXPECT_TRUE(answer_);
  EXPECT_THAT(files_.files(), Not(Contains(HasSubstr("/s/"))));
}

TEST_F(SavepointHandlesTest, ADisposalThatWasCutShortDiscardsNoHandleTwice) {
  const std::string path = keep("/s", programNamed("stored"));
  ASSERT_TRUE(snapshot::beginDisposal(files_, path));
  ASSERT_TRUE(snapshot::noteHandlesDiscarded(files_, path));
  ASSERT_TRUE(dispose(path));
  EXPECT_THAT(discarder_.discards, IsEmpty());
  EXPECT_THAT(files_.files(), Not(Contains(HasSubstr("/s/"))));
}

TEST_F(SavepointHandlesTest, ADisposalThatWasCutShortBeforeItsHandlesStaysBegunWhenTheyCannotGo) {
  const std::string path = keep("/s", programNamed("stored"));
  ASSERT_TRUE(snapshot::beginDisposal(files_, path));
  discarder_.answer = Error(ErrorCode::kUnavailable, "no worker");
  EXPECT_FALSE(dispose(path));
  EXPECT_THAT(open(path), HasSubstr("its disposal has begun"));
  discarder_.answer = std::vector<std::string>();
  EXPECT_TRUE(dispose(path));
}

TEST_F(SavepointHandlesTest, SaysWhatDiscardStateThrewAndRemovesTheRest) {
  const std::string path = keep("/s", programNamed("stored"));
  discarder_.answer = std::vector<std::string>{"discardState() threw gone"};
  auto reply = dispose(path);
  ASSERT_TRUE(reply);
  EXPECT_THAT(reply->unreadable, ElementsAre("discardState() threw gone"));
  EXPECT_THAT(files_.files(), Not(Contains(HasSubstr("/s/"))));
}

TEST_F(SavepointHandlesTest, LeavesTheHandlesToTheJobThatStillNeedsTheCheckpoint) {
  for (const std::string directory : {"/s", ""}) {
    const std::string path = keep(directory, programNamed("stored"));
    owners_.owns = true;
    auto reply = dispose(path);
    ASSERT_TRUE(reply) << reply.error().text();
    EXPECT_TRUE(reply->data_later);
    EXPECT_THAT(discarder_.discards, IsEmpty());
    EXPECT_THAT(files_.files(), Contains(HasSubstr("/chk-3/data")));
    owners_.owns = false;
  }
}

TEST_F(SavepointHandlesTest, IsNeitherOpenedNorDisposedAgainWhileItIsDisposed) {
  discarder_.holds = true;
  for (const std::string directory : {"/s", ""}) {
    const std::string path = keep(directory, programNamed("stored"));
    EXPECT_FALSE(dispose(path));
    EXPECT_THAT(open(path), HasSubstr("is being disposed"));
    EXPECT_THAT(dispose(path).error().text(), HasSubstr("is being disposed already"));
  }
  EXPECT_THAT(open("/s/" + std::string("other")), Not(HasSubstr("is being disposed")));
  EXPECT_THAT(discarder_.discards, SizeIs(2));
  discarder_.release();
  time_.runDue();
  EXPECT_THAT(open(kHeapPath), HasSubstr("no savepoint"));
}

TEST_F(SavepointHandlesTest, IsOpenedAgainAfterADisposalThatWasRefused) {
  discarder_.answer = Error(ErrorCode::kUnavailable, "no worker");
  for (const std::string directory : {"/s", ""}) {
    const std::string path = keep(directory, programNamed("stored"));
    EXPECT_FALSE(dispose(path));
    EXPECT_EQ(open(path), "opened");
  }
}

TEST_F(SavepointHandlesTest, TheHeapHoldsTheProgramUntilItIsDisposed) {
  ASSERT_EQ(keep("", programNamed("kept")), kHeapPath);
  endLeases();
  EXPECT_THAT(files_.files(), Contains(HasSubstr(fs::sha256("kept"))));
  ASSERT_TRUE(dispose(kHeapPath));
  EXPECT_EQ(discardedBy(), "kept");
  EXPECT_THAT(files_.files(), Not(Contains(HasSubstr(fs::sha256("kept")))));
}

TEST_F(SavepointHandlesTest, DiscardHeapDiscardsTheHandlesBeforeTheFiles) {
  keep("", programNamed("kept"));
  discarder_.holds = true;
  savepoints_.discardHeap();
  bool settled = false;
  savepoints_.whenSettled([&] { settled = true; });
  time_.runDue();
  EXPECT_FALSE(settled);
  EXPECT_EQ(discardedBy(), "kept");
  EXPECT_THAT(files_.files(), Contains(HasSubstr("/chk-3/data")));
  discarder_.release();
  time_.runDue();
  EXPECT_TRUE(settled);
  EXPECT_THAT(files_.files(), Not(Contains(HasSubstr("/c/"))));
}

TEST_F(SavepointHandlesTest, DiscardHeapHoldsTheProgramWhileItDiscards) {
  keep("", programNamed("kept"));
  endLeases();
  discarder_.holds = true;
  savepoints_.discardHeap();
  EXPECT_THAT(files_.files(), Contains(HasSubstr(fs::sha256("kept"))));
  discarder_.release();
  EXPECT_THAT(files_.files(), Not(Contains(HasSubstr(fs::sha256("kept")))));
}

TEST_F(SavepointHandlesTest, DiscardHeapKeepsTheFilesOfHandlesThatAreNotDiscarded) {
  keep("", programNamed("kept"));
  discarder_.answer = Error(ErrorCode::kUnavailable, "no worker");
  savepoints_.discardHeap();
  time_.runDue();
  EXPECT_THAT(files_.files(), Contains(HasSubstr("/chk-3/data")));
}

TEST_F(SavepointHandlesTest, DiscardHeapLeavesTheLatestCheckpointOfAJob) {
  keep("", programNamed("kept"));
  owners_.owns = true;
  savepoints_.discardHeap();
  time_.runDue();
  EXPECT_THAT(discarder_.discards, IsEmpty());
  EXPECT_THAT(files_.files(), Contains(HasSubstr("/chk-3/data")));
}

}  // namespace
}  // namespace weir::jobmanager
