// Disposals that die at each of their points, as a process of their own, and are repeated.
#include <array>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/crash_point.h"
#include "common/fs/local_file_system.h"
#include "common/snapshot/metadata_file.h"
#include "jobmanager/savepoint/savepoint_files.h"
#include "jobmanager/savepoint/savepoint_removal.h"
#include "tests/unit/jobmanager/job_graphs.h"

namespace weir::jobmanager {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr const char* kRoot = "WEIR_TEST_ROOT";

class SavepointCrashBase : public ::testing::Test {
 protected:
  SavepointCrashBase() {
    const char* given = std::getenv(kRoot);
    root_ = given != nullptr ? std::string(given)
                             : (std::filesystem::temp_directory_path() /
                                ("weir-crash-" + std::to_string(::getpid())))
                                   .string();
  }
  void TearDown() override {
    if (std::getenv(kRoot) == nullptr) {
      std::filesystem::remove_all(root_);
    }
  }
  std::string savepoint() const { return root_ + "/s/savepoint-0123456789ab"; }
  /// Whether the state lies in the savepoint itself.
  static bool ownData(const std::string& point) { return point == "disposal.own-data"; }
  std::string checkpoint() const { return root_ + "/c/" + testing::jobId(1).hex() + "/chk-3"; }

  runtime::CheckpointMetadata metadata(bool own_data) const {
    runtime::CheckpointMetadata metadata;
    metadata.job = testing::jobId(1);
    metadata.checkpoint = CheckpointId(3);
    metadata.savepoint = true;
    metadata.data_directory = "file:" + (own_data ? savepoint() : checkpoint());
    metadata.location = "file:" + savepoint();
    runtime::SavedOperator& one = metadata.operators.emplace_back();
    one.id = testing::operatorId(1);
    runtime::SectionHandle& handle = one.subtasks.emplace_back().handle;
    handle.storage = runtime::SectionHandle::Storage::kFile;
    handle.location = own_data ? "state-1" : "data";
    handle.size = 5;
    return metadata;
  }
  void write(bool own_data) {
    if (own_data) {
      ASSERT_TRUE(fs::writeAll(files_, savepoint() + "/state-1", "12345"));
    } else {
      ASSERT_TRUE(fs::writeAll(files_, checkpoint() + "/data", "12345"));
      ASSERT_TRUE(snapshot::writeMetadata(files_, checkpoint(), metadata(false)));
    }
    ASSERT_TRUE(snapshot::writeMetadata(files_, savepoint(), metadata(own_data)));
  }
  Status dispose() {
    WEIR_TRY(const Removal removal, planRemoval(files_, "file:" + savepoint(), savepoint()));
    WEIR_RETURN_IF_ERROR(closeEntry(files_, removal));
    WEIR_RETURN_IF_ERROR(removeState(files_, removal.metadata, true));
    WEIR_RETURN_IF_ERROR(removeEntry(files_, removal));
    return ok();
  }
  /// This program again, which disposes and is killed at `point`; its wait status.
  int disposeElsewhere(const char* point) const {
    const ::pid_t child = ::fork();
    if (child == 0) {
      ::setenv(kRoot, root_.c_str(), 1);
      ::setenv(kCrashAt, point, 1);
      ::execl("/proc/self/exe",
              "test",
              "--gtest_filter=SavepointCrashVictim.DISABLED_DisposesAndIsKilled",
              "--gtest_also_run_disabled_tests",
              "--gtest_brief=1",
              nullptr);
      ::_exit(127);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return status;
  }
  std::vector<std::string> filesLeft() const {
    std::vector<std::string> paths;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root_)) {
      if (entry.is_regular_file()) {
        paths.push_back(entry.path().lexically_relative(root_).string());
      }
    }
    return paths;
  }

  fs::LocalFileSystem files_;
  std::string root_;
};

class SavepointCrashTest : public SavepointCrashBase,
                           public ::testing::WithParamInterface<const char*> {};
class SavepointCrashVictim : public SavepointCrashBase {};

/// Only as the program that another test starts.
TEST_F(SavepointCrashVictim, DISABLED_DisposesAndIsKilled) {
  if (std::getenv(kRoot) != nullptr) {
    ASSERT_TRUE(dispose());
  }
}

TEST_P(SavepointCrashTest, IsGoneForThoseWhoRestoreAndADisposalGoesOn) {
  write(ownData(GetParam()));
  const int status = disposeElsewhere(GetParam());
  ASSERT_TRUE(WIFSIGNALED(status)) << "it was never there: " << status;
  ASSERT_EQ(WTERMSIG(status), SIGKILL);
  EXPECT_FALSE(snapshot::readMetadata(files_, savepoint()));
  const auto cut_short = cutShortIn(files_, root_ + "/s");
  ASSERT_TRUE(cut_short);
  if (std::string(GetParam()) == "disposal.entry") {
    EXPECT_THAT(*cut_short, IsEmpty());  // An empty directory is left, which is nobody's.
  } else {
    EXPECT_THAT(*cut_short, ElementsAre(savepoint()));
    const Status again = dispose();
    EXPECT_TRUE(again) << again.error().text();
  }
  EXPECT_THAT(filesLeft(), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(EachPoint,
                         SavepointCrashTest,
                         ::testing::Values("disposal.tombstone",
                                           "disposal.own-data",
                                           "disposal.data",
                                           "disposal.marks",
                                           "disposal.entry"));

}  // namespace
}  // namespace weir::jobmanager
