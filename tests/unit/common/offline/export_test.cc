#include "common/offline/export.h"

#include <csignal>
#include <cstdlib>
#include <filesystem>

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/crash_point.h"
#include "common/fs/local_file_system.h"
#include "common/offline/snapshot_description.h"
#include "common/offline/verification.h"
#include "common/snapshot/layout.h"
#include "tests/unit/common/offline/small_savepoint.h"

namespace weir::offline {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;
namespace stdfs = std::filesystem;

/// A savepoint that points to its checkpoint's directory, on a real file system.
class ExportTest : public testing::Test {
 protected:
  ExportTest() {
    SmallSavepoint(files_, source_, data_).write({{"alice", 1}, {"bob", 2}}, {10, 20});
  }
  ~ExportTest() override { stdfs::remove_all(root_); }

  Result<Exported> exportTo(const std::string& target, const ExportSettings& settings = {}) {
    return exportSnapshot(files_, random_, source_, target, settings);
  }
  bool isIntact(const std::string& path) {
    const auto verified = verify(files_, path, {});
    return verified && verified->damages.empty();
  }
  /// The signal that ended it. A program of its own, as points are looked up once a process.
  int exportInAProcessKilledAt(const std::string& point) {
    const ::pid_t child = ::fork();
    if (child == 0) {
      ::setenv(kCrashAt, point.c_str(), 1);
      ::setenv("WEIR_EXPORT_ROOT", root_.c_str(), 1);
      ::execl("/proc/self/exe",
              "export_test",
              "--gtest_filter=ExportCrashTest.DISABLED_Export",
              "--gtest_also_run_disabled_tests",
              nullptr);
      ::_exit(127);
    }
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? WTERMSIG(status) : -1;
  }
  std::vector<std::string> namesIn(const std::string& directory) {
    std::vector<std::string> names;
    for (const auto& entry : stdfs::directory_iterator(directory)) {
      names.push_back(entry.path().filename());
    }
    return names;
  }

  const std::string root_ =
      stdfs::temp_directory_path() / ("weir-export-" + std::to_string(::getpid()));
  const std::string source_ = root_ + "/savepoints/savepoint-0123456789ab";
  const std::string data_ = root_ + "/checkpoints/0123456789abcdef0123456789abcdef/chk-7";
  const std::string target_ = root_ + "/out/copy";
  fs::LocalFileSystem files_;
  SeededRandom random_{1};
};

TEST_F(ExportTest, TheCopyNeedsNothingOutsideOfItWhereverItIsMoved) {
  const auto exported = exportTo(target_);
  ASSERT_TRUE(exported.has_value()) << exported.error().text();
  EXPECT_EQ(exported->path, "file:" + target_);
  EXPECT_THAT(namesIn(root_ + "/out"), UnorderedElementsAre("copy"));
  stdfs::remove_all(root_ + "/savepoints");
  stdfs::remove_all(root_ + "/checkpoints");
  stdfs::copy(target_, root_ + "/elsewhere", stdfs::copy_options::recursive);
  stdfs::remove_all(root_ + "/out");
  EXPECT_TRUE(isIntact(root_ + "/elsewhere"));
  const auto opened = openSnapshot(files_, root_ + "/elsewhere", 1 << 20);
  ASSERT_TRUE(opened.has_value());
  EXPECT_TRUE(opened->metadata.exported);
  EXPECT_EQ(opened->metadata.data_directory, "file:" + root_ + "/elsewhere");
}

TEST_F(ExportTest, AnEmptyDirectoryIsTakenAndAnyOtherRefused) {
  stdfs::create_directories(target_);
  EXPECT_TRUE(exportTo(target_).has_value());
  EXPECT_THAT(exportTo(target_).error().text(), HasSubstr("is not empty"));
  EXPECT_TRUE(isIntact(target_));
  stdfs::create_symlink(target_, root_ + "/link");
  EXPECT_THAT(exportTo(root_ + "/link").error().text(), HasSubstr("and no directory"));
  EXPECT_THAT(exportTo("s3://bucket/x").error().text(), HasSubstr("has the scheme 's3'"));
}

TEST_F(ExportTest, DamageIsFoundOnTheWayAndNothingIsLeft) {
  const std::string file = data_ + "/" + SmallSavepoint::fileName(1);
  std::string bytes = *fs::readAll(files_, file);
  bytes[40] = static_cast<char>(bytes[40] ^ 1);
  stdfs::remove(file);
  ASSERT_TRUE(fs::writeAll(files_, file, bytes).has_value());
  const auto exported = exportTo(target_);
  ASSERT_FALSE(exported.has_value());
  EXPECT_THAT(exported.error().text(),
              AllOf(HasSubstr(SmallSavepoint::fileName(1)), HasSubstr("'counter', subtask 2")));
  EXPECT_THAT(namesIn(root_ + "/out"), IsEmpty());
}

TEST_F(ExportTest, AnOriginalThatGoesMeanwhileFailsIt) {
  for (const std::string gone : {"/metadata", ""}) {
    ExportSettings settings;
    settings.progress = [&](std::uint64_t copied, std::uint64_t total) {
      if (copied > total / 3) {
        stdfs::remove_all((gone.empty() ? data_ : source_) + gone);
      }
      return true;
    };
    const auto exported = exportTo(target_, settings);
    ASSERT_FALSE(exported.has_value());
    EXPECT_THAT(namesIn(root_ + "/out"), IsEmpty()) << exported.error().text();
    SmallSavepoint again(files_, source_, data_);
    stdfs::remove_all(source_);
    stdfs::remove_all(data_);
    again.write({{"alice", 1}, {"bob", 2}}, {10, 20});
  }
}

TEST_F(ExportTest, AnInterruptionLeavesNothing) {
  ExportSettings settings;
  settings.progress = [](std::uint64_t, std::uint64_t) { return false; };
  EXPECT_EQ(exportTo(target_, settings).error().code(), ErrorCode::kCancelled);
  EXPECT_THAT(namesIn(root_ + "/out"), IsEmpty());
}

/// What the process does that is killed; see exportInAProcessKilledAt().
TEST(ExportCrashTest, DISABLED_Export) {
  const std::string root = std::getenv("WEIR_EXPORT_ROOT");
  fs::LocalFileSystem files;
  SystemRandom random;
  static_cast<void>(exportSnapshot(
      files, random, root + "/savepoints/savepoint-0123456789ab", root + "/out/copy", {}));
}

TEST_F(ExportTest, ACrashLeavesNothingThatLooksLikeASavepoint) {
  for (const char* point : {"export.directory",
                            "export.file",
                            "export.state",
                            "export.program",
                            "export.metadata",
                            "export.checked",
                            "export.published"}) {
    ASSERT_EQ(exportInAProcessKilledAt(point), SIGKILL) << point;
    EXPECT_TRUE(isIntact(source_)) << point;
    if (std::string(point) == "export.published") {
      EXPECT_TRUE(isIntact(target_));
      continue;
    }
    EXPECT_FALSE(stdfs::exists(target_)) << point;
    for (const std::string& left : namesIn(root_ + "/out")) {
      EXPECT_TRUE(snapshot::isExportName(left)) << left;
      EXPECT_FALSE(snapshot::isSavepointName(left));
      const Status removed = removeUnfinishedExport(files_, root_ + "/out/" + left);
      EXPECT_TRUE(removed.has_value()) << removed.error().text();
    }
    EXPECT_THAT(namesIn(root_ + "/out"), IsEmpty()) << point;
  }
}

}  // namespace
}  // namespace weir::offline
