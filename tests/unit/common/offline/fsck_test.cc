#include "common/offline/fsck.h"

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/crash_point.h"
#include "common/fs/local_file_system.h"
#include "common/fs/location.h"
#include "common/fs/memory_file_system.h"
#include "common/offline/storage_clock.h"
#include "common/snapshot/layout.h"
#include "common/snapshot/use_marks.h"
#include "tests/unit/common/offline/small_savepoint.h"

namespace weir::offline {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

constexpr std::int64_t kHour = 60 * 60 * 1000;
constexpr const char* kJob = "0123456789abcdef0123456789abcdef";

/// Two savepoints, one of which points to its checkpoint's directory.
class FsckTest : public testing::Test {
 protected:
  FsckTest() {
    SmallSavepoint(files_, own_).write({{"alice", 1}, {"bob", 2}}, {10});
    SmallSavepoint(files_, pointing_, data_).write({{"alice", 1}, {"bob", 2}}, {10});
    // Beside its state, too, as workers' checkpoints have it.
    runtime::CheckpointMetadata beside = *snapshot::readMetadata(files_, pointing_);
    EXPECT_TRUE(snapshot::writeMetadata(files_, data_, beside).has_value());
  }

  FsckReport found() {
    auto report = fsck(files_, {"file:/s", "file:/c"}, settings_);
    EXPECT_TRUE(report.has_value()) << report.error().text();
    return report ? *std::move(report) : FsckReport{};
  }
  FsckReport repaired() {
    FsckReport report = found();
    repair(files_, report, settings_);
    return report;
  }
  void write(const std::string& path) {
    ASSERT_TRUE(fs::writeAll(files_, path, "bytes").has_value());
  }
  bool exists(const std::string& path) { return files_.stat(path).has_value(); }

  const std::string own_ = "file:/s/savepoint-000000000001";
  const std::string pointing_ = "file:/s/savepoint-000000000002";
  const std::string job_ = std::string("file:/c/") + kJob;
  const std::string data_ = job_ + "/chk-7";
  fs::MemoryFileSystem files_;
  FsckSettings settings_{.now_millis = 100 * kHour};
};

TEST_F(FsckTest, WhatIsWholeIsNotListed) {
  const FsckReport report = found();
  EXPECT_THAT(report.findings, IsEmpty());
  EXPECT_EQ(report.snapshots, 3U);
  EXPECT_FALSE(report.losesState());
}

TEST_F(FsckTest, StateThatIsNotThereOrTooShortIsALoss) {
  ASSERT_TRUE(files_.removeFile(fs::join(own_, SmallSavepoint::fileName(0))).has_value());
  ASSERT_TRUE(files_.truncate(fs::join(own_, SmallSavepoint::fileName(1)), 5).has_value());
  const FsckReport report = repaired();
  EXPECT_TRUE(report.losesState());
  ASSERT_THAT(report.findings, SizeIs(2));
  EXPECT_THAT(report.findings[0].what, HasSubstr(SmallSavepoint::fileName(0)));
  EXPECT_THAT(report.findings[1].what, HasSubstr("has 5 bytes"));
  EXPECT_THAT(report.findings[0].kept, HasSubstr("nothing to mend it from"));
  EXPECT_TRUE(exists(own_ + "/metadata"));
}

TEST_F(FsckTest, FilesThatNoMetadataNamesGoAndTheirNeighboursStay) {
  write(data_ + "/0000000a-0-2-0123abcd");
  write(own_ + "/state-9");
  write(own_ + "/notes.txt");
  const FsckReport report = repaired();
  ASSERT_THAT(report.findings, SizeIs(2));
  EXPECT_THAT(report.findings, Each(Field(&Finding::removed, true)));
  EXPECT_FALSE(exists(data_ + "/0000000a-0-2-0123abcd"));
  EXPECT_FALSE(exists(own_ + "/state-9"));
  EXPECT_TRUE(exists(own_ + "/notes.txt"));
  EXPECT_THAT(found().findings, IsEmpty());
}

TEST_F(FsckTest, ADirectoryWithoutMetadataGoesUnlessASavepointPointsToIt) {
  write(job_ + "/chk-8/0000000a-0-1-ffffabcd");
  ASSERT_TRUE(files_.removeFile(data_ + "/metadata").has_value());
  const FsckReport report = repaired();
  ASSERT_THAT(report.findings, SizeIs(1));
  EXPECT_EQ(report.findings[0].path, job_ + "/chk-8");
  EXPECT_TRUE(report.findings[0].removed) << report.findings[0].kept;
  EXPECT_FALSE(exists(job_ + "/chk-8"));
  EXPECT_TRUE(exists(fs::join(data_, SmallSavepoint::fileName(0))));
}

TEST_F(FsckTest, TheProgramOfASavepointThatWasNotWrittenToItsEndGoesWithIt) {
  const std::string cut_short = "file:/s/savepoint-000000000003";
  write(cut_short + "/state-1");
  write(cut_short + "/program/" + std::string(64, 'a'));
  ASSERT_THAT(repaired().findings, SizeIs(1));
  EXPECT_FALSE(exists(cut_short));
  write(cut_short + "/program/" + std::string(64, 'a'));
  write(cut_short + "/program/letter.txt");
  EXPECT_THAT(repaired().findings[0].kept, HasSubstr("there is more in it"));
  EXPECT_TRUE(exists(cut_short + "/program/letter.txt"));
}

TEST_F(FsckTest, StateThatWasMovedWithItsMetadataIsNoOrphan) {
  // As `mv` leaves it: the metadata names the directory that it was written into.
  for (const char* name : {"metadata", "0000000a-0-1-0123abcd", "0000000a-1-1-0123abcd"}) {
    const std::string bytes = *fs::readAll(files_, fs::join(data_, name));
    ASSERT_TRUE(files_.removeFile(fs::join(data_, name)).has_value());
    ASSERT_TRUE(fs::writeAll(files_, fs::join("file:/m/savepoint-1", name), bytes).has_value());
  }
  ASSERT_TRUE(files_.removeFile(pointing_ + "/metadata").has_value());
  ASSERT_TRUE(files_.removeDirectory(data_).has_value());
  auto report = fsck(files_, {"file:/m"}, settings_);
  ASSERT_TRUE(report.has_value());
  repair(files_, *report, settings_);
  EXPECT_THAT(report->findings, Each(Field(&Finding::kind, Finding::Kind::kMissing)));
  EXPECT_TRUE(exists("file:/m/savepoint-1/0000000a-0-1-0123abcd"));
}

TEST(FsckLinkTest, ADirectoryThatIsReachedThroughALinkKeepsItsState) {
  const std::string root =
      std::filesystem::temp_directory_path() / ("weir-fsck-link-" + std::to_string(::getpid()));
  fs::LocalFileSystem files;
  const std::string real = root + "/real";
  const std::string data = "file:" + real + "/" + kJob + "/chk-7";
  SmallSavepoint at_place(files, data, data);
  at_place.write({{"alice", 1}, {"bob", 2}}, {10});
  std::filesystem::create_symlink(real, root + "/link");
  const FsckSettings settings{.now_millis = 1'000'000'000'000'000};
  auto report = fsck(files, {root + "/link"}, settings);
  ASSERT_TRUE(report.has_value());
  EXPECT_EQ(report->snapshots, 1U);
  EXPECT_THAT(report->findings, IsEmpty());
  std::filesystem::remove_all(root);
}

TEST(StorageClockTest, TheStorageSaysWhatTimeItIsThereAndKeepsNothing) {
  const std::string root =
      std::filesystem::temp_directory_path() / ("weir-fsck-clock-" + std::to_string(::getpid()));
  fs::LocalFileSystem files;
  ASSERT_TRUE(fs::writeAll(files, root + "/fsck-clock", "of one that was killed").has_value());
  const auto there = storageMillis(files, root);
  ASSERT_TRUE(there.has_value()) << there.error().text();
  EXPECT_NEAR(static_cast<double>(*there),
              static_cast<double>(toEpochMillis(SystemClock().wallNow())),
              60'000);
  EXPECT_TRUE(std::filesystem::is_empty(root));
  std::filesystem::remove_all(root);

  fs::MemoryFileSystem numbering;  // Dates are numbers of files.
  ASSERT_TRUE(fs::writeAll(numbering, "/s/a", "first").has_value());
  const auto dated = storageMillis(numbering, "/s");
  ASSERT_TRUE(dated.has_value());
  EXPECT_GT(*dated, numbering.stat("/s/a")->modified_millis);
  EXPECT_LT(*dated, 100);
}

TEST_F(FsckTest, WhatASnapshotInAFurtherDirectoryNeedsIsNoOrphan) {
  ASSERT_TRUE(files_.removeFile(data_ + "/metadata").has_value());
  settings_.needed_by = {"file:/s", "file:/nowhere"};
  auto report = fsck(files_, {"file:/c"}, settings_);
  ASSERT_TRUE(report.has_value()) << report.error().text();
  EXPECT_THAT(report->findings, IsEmpty());
  for (const std::string& one : {own_, pointing_}) {  // Both have files of the same names.
    ASSERT_TRUE(files_.corrupt(one + "/metadata", "garbage").has_value());
  }
  report = fsck(files_, {"file:/c"}, settings_);
  repair(files_, *report, settings_);
  ASSERT_THAT(report->findings, SizeIs(1));
  EXPECT_THAT(report->findings[0].kept, HasSubstr("some metadata cannot be read"));
}

TEST_F(FsckTest, WhatIsYoungClaimedOrPerhapsNeededStays) {
  write(job_ + "/chk-8/0000000a-0-1-ffffabcd");
  settings_.now_millis = kHour / 2;
  const Finding young = repaired().findings[0];
  EXPECT_THAT(young.kept, HasSubstr("younger than 60 min"));
  EXPECT_THAT(young.what, HasSubstr("as a snapshot that is being written has"));
  settings_.now_millis = 100 * kHour;
  write(job_ + "/in-use-" + kJob);
  EXPECT_THAT(repaired().findings[0].kept, HasSubstr(std::string("job ") + kJob + " claims it"));
  ASSERT_TRUE(files_.removeFile(job_ + "/in-use-" + kJob).has_value());
  ASSERT_TRUE(files_.corrupt(own_ + "/metadata", "garbage").has_value());
  const FsckReport report = repaired();
  EXPECT_TRUE(report.losesState());
  EXPECT_THAT(report.findings,
              Contains(AllOf(Field(&Finding::kind, Finding::Kind::kOrphan),
                             Field(&Finding::kept, HasSubstr("cannot be read")))));
  EXPECT_TRUE(exists(job_ + "/chk-8/0000000a-0-1-ffffabcd"));
}

TEST_F(FsckTest, UnendedExportsGoAndForeignThingsInThemStay) {
  write("file:/s/.copy.0123abcd.export/metadata");
  write("file:/s/.copy.0123abcd.export/state-1");
  write("file:/s/.mine.0123abcd.export/letter.txt");
  const FsckReport report = repaired();
  ASSERT_THAT(report.findings, SizeIs(2));
  EXPECT_FALSE(exists("file:/s/.copy.0123abcd.export"));
  EXPECT_TRUE(exists("file:/s/.mine.0123abcd.export/letter.txt"));
  EXPECT_THAT(report.findings[1].kept, HasSubstr("there is more in it"));
}

TEST_F(FsckTest, DisposalsThatWereCutShortAreEndedAndTakeNothingElse) {
  for (const std::string& path : {own_, pointing_}) {
    ASSERT_TRUE(snapshot::beginDisposal(files_, path).has_value());
  }
  write(own_ + "/label");
  write(own_ + "/label-7");
  write(data_ + "/letter.txt");
  FsckReport report = found();
  EXPECT_THAT(report.findings, Each(Field(&Finding::kind, Finding::Kind::kTombstone)));
  ASSERT_THAT(report.findings, SizeIs(2));
  repair(files_, report, settings_);
  EXPECT_THAT(report.findings, Each(Field(&Finding::removed, true)));
  EXPECT_FALSE(exists(own_));
  EXPECT_FALSE(exists(pointing_));
  EXPECT_THAT(files_.files(),
              UnorderedElementsAre(fs::Location::parse(data_)->path() + "/letter.txt"));
}

TEST_F(FsckTest, ADisposalIsNotEndedWhileAJobNeedsTheState) {
  ASSERT_TRUE(snapshot::beginDisposal(files_, pointing_).has_value());
  write(job_ + "/in-use-" + kJob);
  const FsckReport report = repaired();
  ASSERT_THAT(report.findings, SizeIs(1));
  EXPECT_THAT(report.findings[0].kept, HasSubstr("needs its state"));
  EXPECT_TRUE(exists(fs::join(data_, SmallSavepoint::fileName(0))));
}

TEST_F(FsckTest, TheMarkOfAProcessThatIsGoneClaimsNothingAndGoes) {
  write(job_ + "/chk-8/0000000a-0-1-ffffabcd");
  const JobId job = *JobId::parse(kJob);
  for (const std::string& place : {job_, own_}) {
    ASSERT_TRUE(snapshot::writeMark(files_, place, job, "host/boot 12 345"));
  }
  EXPECT_THAT(found().findings, ElementsAre(Field(&Finding::claimed_by, SizeIs(1))));
  settings_.is_gone = [](const std::string& holder) { return holder == "host/boot 12 345"; };
  const FsckReport report = repaired();
  ASSERT_THAT(report.findings, SizeIs(3));
  EXPECT_EQ(report.findings[0].kind, Finding::Kind::kStaleMark);
  EXPECT_THAT(report.findings[0].what, HasSubstr("process 12 on host host, which is gone"));
  EXPECT_THAT(report.findings, Each(Field(&Finding::removed, true)));
  EXPECT_THAT(found().findings, IsEmpty());
  EXPECT_TRUE(exists(own_ + "/metadata"));
}

TEST_F(FsckTest, AMarkOfADeadProcessCountsWhileAnotherHoldsOneOfTheSameJob) {
  const JobId job = *JobId::parse(kJob);
  ASSERT_TRUE(snapshot::writeMark(files_, own_, job, "dead"));
  ASSERT_TRUE(snapshot::writeMark(files_, job_, job, "alive"));
  settings_.is_gone = [](const std::string& holder) { return holder == "dead"; };
  EXPECT_THAT(repaired().findings, IsEmpty());
  EXPECT_TRUE(exists(own_ + "/in-use-" + kJob));
}

TEST_F(FsckTest, AStaleMarkThatIsYoungStays) {
  ASSERT_TRUE(snapshot::writeMark(files_, own_, *JobId::parse(kJob), "dead"));
  settings_.is_gone = [](const std::string& holder) { return holder == "dead"; };
  settings_.now_millis = kHour / 2;
  const FsckReport report = repaired();
  ASSERT_THAT(report.findings, SizeIs(1));
  EXPECT_THAT(report.findings[0].kept, HasSubstr("younger than 60 min"));
}

bool isDead(const std::string& holder) { return holder == "dead"; }

/// What the process does that is killed.
TEST(FsckCrashTest, DISABLED_Repair) {
  const std::string root = std::getenv("WEIR_FSCK_ROOT");
  fs::LocalFileSystem files;
  FsckSettings settings{.now_millis = 1'000'000'000'000'000, .is_gone = isDead};
  auto report = fsck(files, {root}, settings);
  repair(files, *report, settings);
}

TEST(FsckCrashTest, ARepairThatWasKilledIsEndedByTheNext) {
  const std::string root =
      std::filesystem::temp_directory_path() / ("weir-fsck-" + std::to_string(::getpid()));
  fs::LocalFileSystem files;
  for (const char* point : {"fsck.state",
                            "fsck.data",
                            "fsck.checkpoint",
                            "fsck.program",
                            "fsck.metadata",
                            "fsck.finding",
                            "fsck.mark"}) {
    const std::string path = "file:" + root + "/savepoint-000000000001";
    const std::string data = "file:" + root + "/" + kJob + "/chk-7";
    SmallSavepoint(files, path, data).write({{"alice", 1}, {"bob", 2}}, {10});
    ASSERT_TRUE(snapshot::beginDisposal(files, path).has_value());
    std::filesystem::create_directories(root + "/savepoint-000000000001/program");
    const std::string bare = root + "/" + kJob + "/chk-8/";
    ASSERT_TRUE(fs::writeAll(files, bare + "0000000a-0-1-ffffabcd", "x").has_value());
    ASSERT_TRUE(snapshot::writeMark(files, root + "/" + kJob, *JobId::parse(kJob), "dead"));
    const ::pid_t child = ::fork();
    if (child == 0) {
      ::setenv(kCrashAt, point, 1);
      ::setenv("WEIR_FSCK_ROOT", root.c_str(), 1);
      ::execl("/proc/self/exe",
              "fsck_test",
              "--gtest_filter=FsckCrashTest.DISABLED_Repair",
              "--gtest_also_run_disabled_tests",
              nullptr);
      ::_exit(127);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << point;
    const FsckSettings settings{.now_millis = 1'000'000'000'000'000, .is_gone = isDead};
    auto report = fsck(files, {root}, settings);
    ASSERT_TRUE(report.has_value());
    repair(files, *report, settings);
    EXPECT_THAT(fsck(files, {root}, settings)->findings, IsEmpty()) << point;
    for (const auto& left : std::filesystem::recursive_directory_iterator(root)) {
      EXPECT_TRUE(left.is_directory()) << point << ": " << left.path();
    }
    std::filesystem::remove_all(root);
  }
}

}  // namespace
}  // namespace weir::offline
