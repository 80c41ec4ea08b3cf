#include "jobmanager/savepoint/savepoint_removal.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fs/local_file_system.h"
#include "common/fs/memory_file_system.h"
#include "common/snapshot/layout.h"
#include "common/snapshot/metadata_file.h"
#include "jobmanager/savepoint/savepoint_files.h"
#include "tests/unit/jobmanager/job_graphs.h"

namespace weir::jobmanager {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// A savepoint whose state is the file `name`, of five bytes.
runtime::CheckpointMetadata manifest(const std::string& data_directory, const std::string& name) {
  runtime::CheckpointMetadata metadata;
  metadata.job = testing::jobId(1);
  metadata.checkpoint = CheckpointId(3);
  metadata.savepoint = true;
  metadata.data_directory = data_directory;
  runtime::SavedOperator& one = metadata.operators.emplace_back();
  one.id = testing::operatorId(1);
  runtime::SectionHandle& handle = one.subtasks.emplace_back().handle;
  handle.storage = runtime::SectionHandle::Storage::kFile;
  handle.location = name;
  handle.size = 5;
  return metadata;
}

/// On real directories, as links and pipes are what matters.
class SavepointRemovalTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(root_);
    write(victim_, "a letter");
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  void write(const std::string& path, const std::string& bytes) {
    ASSERT_TRUE(fs::writeAll(files_, path, bytes)) << path;
  }
  void writeManifest(const std::string& directory, const runtime::CheckpointMetadata& metadata) {
    ASSERT_TRUE(snapshot::writeMetadata(files_, directory, metadata));
  }
  /// A savepoint that points to a checkpoint, as a coordinator and the store write it.
  void writePointer() {
    write(checkpoint_ + "/data", "12345");
    writeManifest(checkpoint_, manifest("file:" + checkpoint_, "data"));
    writeManifest(savepoint_, manifest("file:" + checkpoint_, "data"));
  }
  /// All that a disposal deletes; the sentences of what stays or was damaged, or the error's.
  std::vector<std::string> dispose(const std::string& directory) {
    auto removal = planRemoval(files_, "file:" + directory, directory);
    if (!removal) {
      return {removal.error().text()};
    }
    if (const Status closed = closeEntry(files_, *removal); !closed) {
      return {closed.error().text()};
    }
    std::vector<std::string> told = removal->damaged;
    for (auto step :
         {removeState(files_, removal->metadata, true), removeEntry(files_, *removal)}) {
      if (!step) {
        return {step.error().text()};
      }
      told.insert(told.end(), step->begin(), step->end());
    }
    return told;
  }
  /// Everything below the root, relative to it.
  std::vector<std::string> everything() const {
    std::vector<std::string> paths;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root_)) {
      paths.push_back(entry.path().lexically_relative(root_).string());
    }
    std::sort(paths.begin(), paths.end());
    return paths;
  }

  fs::LocalFileSystem files_;
  const std::string root_ =
      (std::filesystem::temp_directory_path() / ("weir-removal-" + std::to_string(::getpid())))
          .string();
  const std::string victim_ = root_ + "/victim";
  const std::string savepoint_ = root_ + "/s/savepoint-0123456789ab";
  const std::string checkpoint_ = root_ + "/c/" + testing::jobId(1).hex() + "/chk-3";
};

TEST_F(SavepointRemovalTest, LeavesNothingOfASavepointThatPointsToItsCheckpoint) {
  writePointer();
  write(checkpoint_ + "/0a0b0c0d-12-1-01234567", "of a task that died");
  ASSERT_TRUE(writeInUse(files_, savepoint_, checkpoint_, testing::jobId(9), {}));
  EXPECT_THAT(dispose(savepoint_), IsEmpty());
  EXPECT_THAT(everything(), ElementsAre("c", "s", "victim"));
}

TEST_F(SavepointRemovalTest, RefusesNamesThatLeaveTheDirectory) {
  const std::vector<std::string> names = {victim_,
                                          "file:" + victim_,
                                          "../../victim",
                                          "..",
                                          ".",
                                          "",
                                          "sub/../../../victim",
                                          "sub/file",
                                          std::string("a\0b", 3),
                                          "metadata",
                                          "in-use-" + testing::jobId(1).hex()};
  for (const std::string& name : names) {
    for (const std::string& data : {"file:" + savepoint_, std::string(), std::string("file:/")}) {
      std::filesystem::remove_all(savepoint_);
      writeManifest(savepoint_, manifest(data, name));
      const auto before = everything();
      EXPECT_THAT(dispose(savepoint_), ElementsAre(HasSubstr("nothing was deleted"))) << name;
      EXPECT_EQ(everything(), before) << name;
    }
  }
}

TEST_F(SavepointRemovalTest, FollowsNoSymbolicLinks) {
  std::filesystem::create_directories(savepoint_);
  std::filesystem::create_symlink(victim_, savepoint_ + "/data");
  writeManifest(savepoint_, manifest({}, "data"));
  std::filesystem::create_directory_symlink(savepoint_, root_ + "/link");
  const auto before = everything();
  EXPECT_THAT(dispose(root_ + "/link"), ElementsAre(HasSubstr("is a symbolic link")));
  EXPECT_THAT(dispose(savepoint_), ElementsAre(HasSubstr("/data is a symbolic link")));
  EXPECT_EQ(everything(), before);
}

TEST_F(SavepointRemovalTest, RefusesAManifestThatIsALink) {
  writePointer();
  const std::string notes = root_ + "/notes";
  std::filesystem::create_directories(notes);
  std::filesystem::create_symlink(savepoint_ + "/metadata", notes + "/metadata");
  const auto before = everything();
  EXPECT_THAT(dispose(notes), ElementsAre(HasSubstr("is a symbolic link")));
  EXPECT_EQ(everything(), before);
}

TEST_F(SavepointRemovalTest, RefusesACheckpointDirectoryThatIsALink) {
  writePointer();
  const std::string elsewhere = root_ + "/elsewhere";
  std::filesystem::rename(checkpoint_, elsewhere);
  std::filesystem::create_directory_symlink(elsewhere, checkpoint_);
  const auto before = everything();
  EXPECT_THAT(dispose(savepoint_), ElementsAre(HasSubstr("nothing was deleted")));
  EXPECT_EQ(everything(), before);
}

TEST_F(SavepointRemovalTest, LeavesADirectoryOfNotesAlone) {
  const std::string notes = root_ + "/savepoint-notes";
  write(notes + "/metadata", "what I know about savepoints");
  write(notes + "/chapter/one", "text");
  const auto before = everything();
  EXPECT_THAT(dispose(notes), ElementsAre(HasSubstr("nothing was deleted")));
  EXPECT_EQ(everything(), before);
}

TEST_F(SavepointRemovalTest, WaitsForNobodyWhoWritesIntoAPipe) {
  const std::string notes = root_ + "/savepoint-pipe";
  std::filesystem::create_directories(notes);
  ASSERT_EQ(::mkfifo((notes + "/metadata").c_str(), 0600), 0);
  EXPECT_THAT(dispose(notes), ElementsAre(HasSubstr("is no regular file")));
  EXPECT_THAT(everything(), Contains("savepoint-pipe/metadata"));
}

TEST_F(SavepointRemovalTest, AnEmptyDataDirectoryIsThatOfTheMetadata) {
  write(savepoint_ + "/data", "12345");
  writeManifest(savepoint_, manifest({}, "data"));
  std::filesystem::rename(savepoint_, root_ + "/moved");
  EXPECT_THAT(dispose(root_ + "/moved"), IsEmpty());
  EXPECT_THAT(everything(), ElementsAre("s", "victim"));
}

TEST_F(SavepointRemovalTest, LeavesForeignFilesWhereverTheyLie) {
  writePointer();
  write(checkpoint_ + "/notes.txt", "mine");
  write(checkpoint_ + "/0a0b0c0d-12-1-01234567/deep", "mine, in a directory named like a file");
  write(savepoint_ + "/savepoint-of-mine/notes.txt", "mine");
  EXPECT_THAT(dispose(savepoint_),
              ElementsAre(HasSubstr("stays"), HasSubstr("there is more in it")));
  const std::string chk = "c/" + testing::jobId(1).hex() + "/chk-3";
  EXPECT_THAT(everything(), SizeIs(11));
  EXPECT_THAT(everything(), Contains(chk + "/notes.txt"));
  EXPECT_THAT(everything(), Contains(chk + "/0a0b0c0d-12-1-01234567/deep"));
  EXPECT_THAT(everything(), Contains("s/savepoint-0123456789ab/savepoint-of-mine/notes.txt"));
  EXPECT_THAT(everything(), Not(Contains(HasSubstr("metadata"))));
}

TEST_F(SavepointRemovalTest, RefusesDataDirectoriesThatAreNotItsOwn) {
  write(root_ + "/pictures/data", "12345");
  write(root_ + "/c/" + testing::jobId(2).hex() + "/chk-3/data", "12345");
  write(root_ + "/c/" + testing::jobId(1).hex() + "/chk-4/data", "12345");
  const std::string directories[] = {root_ + "/pictures",
                                     root_ + "/c/" + testing::jobId(2).hex() + "/chk-3",
                                     root_ + "/c/" + testing::jobId(1).hex() + "/chk-4",
                                     "/"};
  for (const std::string& directory : directories) {
    std::filesystem::remove_all(savepoint_);
    writeManifest(savepoint_, manifest("file:" + directory, "data"));
    const auto before = everything();
    EXPECT_THAT(dispose(savepoint_), ElementsAre(HasSubstr("neither its own"))) << directory;
    EXPECT_EQ(everything(), before) << directory;
  }
}

TEST_F(SavepointRemovalTest, ACopyDoesNotTakeTheOriginalsStateAway) {
  write(savepoint_ + "/data", "12345");
  writeManifest(savepoint_, manifest("file:" + savepoint_, "data"));
  std::filesystem::copy(savepoint_, root_ + "/copy");
  const auto before = everything();
  EXPECT_THAT(dispose(root_ + "/copy"), ElementsAre(HasSubstr("moved or copied")));
  EXPECT_EQ(everything(), before);
}

TEST_F(SavepointRemovalTest, IsFoundUnderAnotherSpellingOfItsDirectory) {
  write(savepoint_ + "/data", "12345");
  writeManifest(savepoint_, manifest("file:" + savepoint_, "data"));
  std::filesystem::create_directory_symlink(root_ + "/s", root_ + "/shared");
  EXPECT_THAT(dispose(root_ + "/shared/savepoint-0123456789ab"), IsEmpty());
  EXPECT_THAT(everything(), ElementsAre("s", "shared", "victim"));
}

TEST_F(SavepointRemovalTest, NamesWhatWasDamagedAndRemovesTheRest) {
  const std::string name = "0a0b0c0d-12-1-01234567";
  write(checkpoint_ + "/" + name, "12");
  writeManifest(savepoint_, manifest("file:" + checkpoint_, name));
  EXPECT_THAT(dispose(savepoint_),
              ElementsAre(HasSubstr("metadata is missing"), HasSubstr("has 2 bytes, not 5")));
  EXPECT_THAT(everything(), ElementsAre("c", "s", "victim"));
}

TEST(SavepointRemovalErrorsTest, AnIoErrorIsNoDamage) {
  const std::string checkpoint = "/c/" + testing::jobId(1).hex() + "/chk-3";
  fs::MemoryFileSystem files;
  ASSERT_TRUE(fs::writeAll(files, checkpoint + "/data", "12345"));
  ASSERT_TRUE(snapshot::writeMetadata(files, checkpoint, manifest("file:" + checkpoint, "data")));
  ASSERT_TRUE(
      snapshot::writeMetadata(files, "/s/savepoint-1", manifest("file:" + checkpoint, "data")));
  const auto before = files.files();
  const std::uint64_t started = files.operations();
  ASSERT_TRUE(planRemoval(files, "file:/s/savepoint-1", "/s/savepoint-1"));
  const std::uint64_t operations = files.operations() - started;
  ASSERT_GT(operations, 5U);
  for (std::uint64_t nth = 1; nth <= operations; ++nth) {
    files.failOperation(nth, Error(ErrorCode::kIo, "stale file handle"));
    auto removal = planRemoval(files, "file:/s/savepoint-1", "/s/savepoint-1");
    ASSERT_FALSE(removal) << nth;
    EXPECT_THAT(removal.error().text(), HasSubstr("stale file handle")) << nth;
  }
  EXPECT_EQ(files.files(), before);
}

TEST_F(SavepointRemovalTest, TakesNoFilesFromADirectoryWithoutAManifestOfItsOwn) {
  writePointer();
  std::filesystem::remove(checkpoint_ + "/metadata");
  const auto before = everything();
  EXPECT_THAT(dispose(savepoint_), ElementsAre(HasSubstr("nothing was deleted")));
  EXPECT_EQ(everything(), before);
}

TEST_F(SavepointRemovalTest, TakesTheFilesOfWorkersWhereTheManifestIsLost) {
  const std::string name = "0a0b0c0d-12-1-01234567";
  write(checkpoint_ + "/" + name, "12345");
  writeManifest(savepoint_, manifest("file:" + checkpoint_, name));
  EXPECT_THAT(dispose(savepoint_), ElementsAre(HasSubstr("metadata is missing")));
  EXPECT_THAT(everything(), ElementsAre("c", "s", "victim"));
}

TEST_F(SavepointRemovalTest, GoesThroughNoLinkInPlaceOfTheJobsDirectory) {
  writePointer();
  const std::string job = root_ + "/c/" + testing::jobId(1).hex();
  std::filesystem::rename(job, root_ + "/real");
  std::filesystem::create_directory_symlink(root_ + "/real", job);
  const auto before = everything();
  EXPECT_THAT(dispose(savepoint_), ElementsAre(HasSubstr("nothing was deleted")));
  EXPECT_EQ(everything(), before);
}

TEST_F(SavepointRemovalTest, AHugeMarkIsAnErrorAndTakesNoMemory) {
  writePointer();
  const std::string mark = savepoint_ + "/in-use-" + testing::jobId(9).hex();
  write(mark, "");
  std::filesystem::resize_file(mark, std::uintmax_t{1} << 40);
  EXPECT_THAT(dispose(savepoint_), ElementsAre(HasSubstr("at most 4096 are read")));
  EXPECT_TRUE(std::filesystem::exists(checkpoint_ + "/data"));
}

TEST_F(SavepointRemovalTest, LeavesAFileInTheProgramsDirectoryThatNoDescriptionNames) {
  writePointer();
  const std::string foreign = savepoint_ + "/program/" + std::string(64, 'a');
  write(foreign, "mine");
  EXPECT_THAT(dispose(savepoint_), Contains(HasSubstr("program")));
  EXPECT_TRUE(std::filesystem::exists(foreign));
  EXPECT_FALSE(std::filesystem::exists(checkpoint_));
}

TEST_F(SavepointRemovalTest, ADisposalThatWasCutShortIsKnownAndCanBeRepeated) {
  writePointer();
  auto removal = planRemoval(files_, "file:" + savepoint_, savepoint_);
  ASSERT_TRUE(removal);
  ASSERT_TRUE(closeEntry(files_, *removal));
  EXPECT_TRUE(std::filesystem::exists(checkpoint_ + "/data"));
  EXPECT_THAT(snapshot::readMetadata(files_, "file:" + savepoint_).error().text(),
              HasSubstr("its disposal has begun; dispose it again"));
  EXPECT_THAT(dispose(savepoint_), IsEmpty());
  EXPECT_THAT(everything(), ElementsAre("c", "s", "victim"));
}

}  // namespace
}  // namespace weir::jobmanager
