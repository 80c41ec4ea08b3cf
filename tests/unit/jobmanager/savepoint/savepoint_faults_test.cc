// Savepoints that are taken and disposed on a disk that goes wrong at each of its operations.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/fs/uri.h"
#include "common/snapshot/layout.h"
#include "common/snapshot/metadata_file.h"
#include "common/snapshot/savepoints.h"
#include "jobmanager/savepoint/savepoint_files.h"
#include "jobmanager/savepoint/savepoint_removal.h"
#include "tests/unit/common/fs/faulty_file_system.h"
#include "tests/unit/jobmanager/blob/manual_clock.h"
#include "tests/unit/jobmanager/job_graphs.h"

namespace weir::jobmanager {
namespace {

using fs::testing::FaultyFileSystem;
using Fault = FaultyFileSystem::Fault;
using ::testing::AnyOf;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

const std::string kParent = "file:/s";
const std::string kName = "savepoint-0123456789ab";
const std::string kPath = kParent + "/" + kName;
constexpr Fault kFaults[] = {
    Fault::kRefused, Fault::kFull, Fault::kUntold, Fault::kCrash, Fault::kCrashBehind};

/// With state in the savepoint itself, or, with a `directory`, in that of its checkpoint.
runtime::CheckpointMetadata metadataOf(const std::string& directory) {
  runtime::CheckpointMetadata metadata;
  metadata.job = testing::jobId(1);
  metadata.checkpoint = CheckpointId(3);
  metadata.savepoint = true;
  metadata.data_directory = directory;
  runtime::SavedOperator& one = metadata.operators.emplace_back();
  one.id = testing::operatorId(1);
  runtime::SectionHandle& handle = one.subtasks.emplace_back().handle;
  handle.size = 5;
  if (directory.empty()) {
    handle.storage = runtime::SectionHandle::Storage::kInline;
    handle.bytes = "12345";
  } else {
    handle.storage = runtime::SectionHandle::Storage::kFile;
    handle.location = "0123abcd-0-1-0123abcd";
  }
  return metadata;
}

std::string checkpointDirectory() { return "file:/c/" + testing::jobId(1).hex() + "/chk-3"; }

class SavepointFaultsTest : public ::testing::TestWithParam<bool> {
 protected:
  void checkpoint(FaultyFileSystem& files) const {
    if (pointing()) {
      const auto metadata = metadataOf(checkpointDirectory());
      ASSERT_TRUE(
          fs::writeAll(files, fs::join(checkpointDirectory(), "0123abcd-0-1-0123abcd"), "12345"));
      ASSERT_TRUE(snapshot::writeMetadata(files, checkpointDirectory(), metadata));
    }
  }
  Result<std::string> write(FaultyFileSystem& files) {
    blob::BlobStore blobs(memory_, "/blobs", clock_, random_);
    return writeSavepoint(files,
                          blobs,
                          kParent,
                          kName,
                          1,
                          1 << 20,
                          metadataOf(pointing() ? checkpointDirectory() : std::string()),
                          nullptr,
                          "a process");
  }
  static Status dispose(FaultyFileSystem& files) {
    WEIR_TRY(const Removal removal, planRemoval(files, kPath, kPath));
    WEIR_RETURN_IF_ERROR(closeEntry(files, removal));
    WEIR_RETURN_IF_ERROR(removeState(files, removal.metadata, true));
    WEIR_RETURN_IF_ERROR(removeEntry(files, removal));
    return ok();
  }
  bool pointing() const { return GetParam(); }
  static bool isCrash(Fault fault) {
    return fault == Fault::kCrash || fault == Fault::kCrashBehind;
  }

  fs::MemoryFileSystem memory_;
  blob::ManualClock clock_;
  SeededRandom random_{1};
};

TEST_P(SavepointFaultsTest, OneThatCannotBeWrittenIsNotThere) {
  for (const Fault fault : kFaults) {
    for (std::uint64_t at = 1;; ++at) {
      SCOPED_TRACE("fault " + std::to_string(static_cast<int>(fault)) + " at " +
                   std::to_string(at));
      FaultyFileSystem files;
      checkpoint(files);
      files.plan(at, fault);
      const auto written = write(files);
      if (!files.struck()) {
        ASSERT_TRUE(written) << written.error().text();
        EXPECT_TRUE(snapshot::openWhole(files, kPath));
        ASSERT_GT(at, 4U);
        break;
      }
      if (isCrash(fault)) {
        files.restart(0);
      }
      const auto opened = snapshot::openWhole(files, kPath);
      if (!written && !isCrash(fault)) {
        EXPECT_FALSE(opened);
        EXPECT_THAT(files.memory().files(), Each(StartsWith("/c/")));
        EXPECT_THAT(written.error().text(),
                    HasSubstr(fault == Fault::kFull ? "no space left" : "the disk"));
      } else if (!opened) {  // Not there at all, rather than in part.
        EXPECT_EQ(opened.error().code(), ErrorCode::kNotFound) << opened.error().text();
      }
    }
  }
}

TEST_P(SavepointFaultsTest, ADisposalThatWentWrongIsRepeatedUntilNothingIsLeft) {
  for (const Fault fault : kFaults) {
    for (std::uint64_t at = 1;; ++at) {
      SCOPED_TRACE("fault " + std::to_string(static_cast<int>(fault)) + " at " +
                   std::to_string(at));
      FaultyFileSystem files;
      checkpoint(files);
      ASSERT_TRUE(write(files));
      files.plan(at, fault);
      const Status disposed = dispose(files);
      if (!files.struck()) {
        ASSERT_TRUE(disposed) << disposed.error().text();
        EXPECT_THAT(files.memory().files(), IsEmpty());
        ASSERT_GT(at, 4U);
        break;
      }
      if (isCrash(fault)) {
        files.restart(~std::uint64_t{0});  // What can come back does.
      }
      if (const auto opened = snapshot::openWhole(files, kPath); !opened) {
        EXPECT_EQ(opened.error().code(), ErrorCode::kNotFound) << opened.error().text();
      }
      const Status again = dispose(files);
      EXPECT_TRUE(again || again.error().code() == ErrorCode::kNotFound) << again.error().text();
      for (const std::string& left : files.memory().files()) {
        EXPECT_TRUE(isCrash(fault) && snapshot::isTaskFile(fs::nameOf(left))) << left;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(OwnDataAndPointing, SavepointFaultsTest, ::testing::Bool());

}  // namespace
}  // namespace weir::jobmanager
