#include "common/connector/remote_text_file.h"

#include <filesystem>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "common/connector/part_store.h"
#include "common/connector/remote_files.h"
#include "common/fs/local_file_system.h"
#include "common/fs/memory_file_system.h"

namespace weir::connector {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kJob = "00000000000000000000000000000001";
constexpr const char* kOther = "00000000000000000000000000000002";

/// In memory, where nothing can be renamed, or grow, either.
class RemoteTextFileTest : public ::testing::Test {
 protected:
  RemoteTextFile file(std::uint64_t attempt = 1, const char* job = kJob) {
    return {files_, "/out/1", FileOwner{job, attempt, 0}};
  }
  std::string text(const std::string& path) {
    const auto bytes = fs::readAll(files_, path);
    return bytes ? *bytes : bytes.error().text();
  }

  fs::MemoryFileSystem files_;
};

TEST_F(RemoteTextFileTest, EachCheckpointWithLinesMakesAFileOnceItHasCompleted) {
  auto one = file();
  ASSERT_TRUE(one.claim().has_value());
  ASSERT_TRUE(one.append("a\n").has_value());
  ASSERT_TRUE(one.seal(1).has_value());
  ASSERT_TRUE(one.seal(2).has_value());  // Without lines.
  ASSERT_TRUE(one.append("b\n").has_value());
  ASSERT_TRUE(one.seal(3).has_value());
  EXPECT_FALSE(*isThere(files_, "/out/1"));
  ASSERT_TRUE(one.commit(1).has_value());
  EXPECT_EQ(text("/out/1"), "a\n");
  EXPECT_FALSE(*isThere(files_, "/out/1-1"));
  ASSERT_TRUE(one.append("c\n").has_value());
  ASSERT_TRUE(one.finish().has_value());
  EXPECT_EQ(text("/out/1-1") + text("/out/1-2"), "b\nc\n");
  EXPECT_THAT(files_.files(), ElementsAre("/out/1", "/out/1-1", "/out/1-2"));
}

TEST_F(RemoteTextFileTest, ARestoreShowsWhatItsSnapshotKnowsAndRemovesWhatCameBehindIt) {
  WrittenFile snapshot;
  {
    auto one = file();
    ASSERT_TRUE(one.claim().has_value());
    ASSERT_TRUE(one.append("a\n").has_value());
    ASSERT_TRUE(one.seal(1).has_value());
    snapshot = one.state();
    ASSERT_TRUE(one.commit(1).has_value());
    ASSERT_TRUE(one.append("lost\n").has_value());
    ASSERT_TRUE(one.seal(2).has_value());
    ASSERT_TRUE(one.commit(2).has_value());
    one.abandon();
  }
  EXPECT_EQ(snapshot.bytes, 2U);
  for (const std::uint64_t attempt : {2, 3}) {  // The second finds it done.
    auto again = file(attempt);
    const Status restored = again.restore(snapshot);
    ASSERT_TRUE(restored.has_value()) << restored.error().text();
    EXPECT_EQ(text("/out/1"), "a\n");
    EXPECT_FALSE(*isThere(files_, "/out/1-1"));
    EXPECT_EQ(again.state().files, 1U);
  }
}

TEST_F(RemoteTextFileTest, AFileThatIsAnotherJobsIsTaken) {
  auto other = file(1, kOther);
  ASSERT_TRUE(other.claim().has_value());
  EXPECT_TRUE(*file().taken());
  RemoteTextFile free(files_, "/out/2", FileOwner{kJob, 2, 0});
  ASSERT_TRUE(RemoteTextFile(files_, "/out/2", FileOwner{kJob, 1, 0}).claim().has_value());
  EXPECT_FALSE(*free.taken());  // An earlier attempt of the same subtask was here.
  EXPECT_TRUE(*RemoteTextFile(files_, "/out/2", FileOwner{kJob, 2, 1}).taken());
  WrittenFile snapshot{"/out/1", 0, {}, kJob, 0};
  auto one = file();
  const Status restored = one.restore(snapshot);
  ASSERT_FALSE(restored.has_value());
  EXPECT_EQ(restored.error().code(), ErrorCode::kInvalidArgument);
  EXPECT_THAT(restored.error().text(), HasSubstr(kOther));
}

TEST_F(RemoteTextFileTest, WhatIsGoneIsSaidToBe) {
  auto one = file();
  const Status restored = one.restore({"/out/1", 2, {}, kJob, 1});
  ASSERT_FALSE(restored.has_value());
  EXPECT_THAT(restored.error().text(), HasSubstr("file /out/1, which the snapshot knows, is gone"));
}

TEST_F(RemoteTextFileTest, AJobThatWroteNothingLeavesAnEmptyFile) {
  auto one = file();
  ASSERT_TRUE(one.claim().has_value());
  ASSERT_TRUE(one.openDirectly().has_value());
  ASSERT_TRUE(one.finish().has_value());
  EXPECT_THAT(files_.files(), ElementsAre("/out/1"));
}

TEST_F(RemoteTextFileTest, CopiesAreMadeOnceAndReplaceNothing) {
  ASSERT_TRUE(fs::writeAll(files_, "/a", "text").has_value());
  ASSERT_TRUE(publishCopy(files_, "/a", "/b").has_value());
  ASSERT_TRUE(publishCopy(files_, "/a", "/b").has_value());
  ASSERT_TRUE(files_.removeFile("/a").has_value());
  ASSERT_TRUE(publishCopy(files_, "/a", "/b").has_value());
  EXPECT_THAT(publishCopy(files_, "/a", "/c").error().text(), HasSubstr("it is gone"));
  ASSERT_TRUE(fs::writeAll(files_, "/a", "longer text").has_value());
  EXPECT_THAT(publishCopy(files_, "/a", "/b").error().text(), HasSubstr("another file"));
}

/// On a file system that keeps what a killed process has left.
class CutShortTest : public ::testing::Test {
 protected:
  CutShortTest() { EXPECT_TRUE(files_.makeDirectories(directory_).has_value()); }
  ~CutShortTest() override { EXPECT_TRUE(files_.removeAll(directory_).has_value()); }
  std::string path(const std::string& name) const { return directory_ + "/" + name; }
  RemoteTextFile file(std::uint64_t attempt) {
    return {files_, path("1"), FileOwner{kJob, attempt, 0}};
  }
  void leave(const std::vector<std::string>& names) {
    for (const std::string& name : names) {
      ASSERT_TRUE(fs::writeAll(files_, path(name), "cut sho").has_value());
    }
  }
  /// Also what no list() shows.
  std::set<std::string> hidden() const {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(directory_)) {
      if (entry.path().filename().string().starts_with('.') && entry.is_regular_file()) {
        names.insert(entry.path().filename());
      }
    }
    return names;
  }

  fs::LocalFileSystem files_;
  const std::string directory_ =
      (std::filesystem::temp_directory_path() / ("weir-cut-short-" + std::to_string(::getpid())))
          .string();
  const std::vector<std::string> ours_{
      ".1.0123456789ab.tmp", ".1-2.0123456789ab.tmp", ".1-2.0123456789ab-7.tmp"};
  /// Another subtask's, a file's beside ours, and what is no copy of Weir's.
  const std::set<std::string> others_{".2.0123456789ab.tmp",
                                      ".1.2.0123456789ab.tmp",
                                      ".1-x.0123456789ab.tmp",
                                      ".10.0123456789ab.tmp",
                                      ".1.0123456789ab",
                                      ".1-2.notes.tmp"};
};

TEST_F(CutShortTest, ARestoreRemovesCopiesThatAKilledAttemptLeftAndNobodyElses) {
  WrittenFile snapshot;
  {
    auto one = file(1);
    ASSERT_TRUE(one.claim().has_value());
    ASSERT_TRUE(one.append("a\n").has_value());
    ASSERT_TRUE(one.seal(1).has_value());
    snapshot = one.state();
  }
  leave(ours_);
  leave({others_.begin(), others_.end()});
  auto again = file(2);
  const Status restored = again.restore(snapshot);
  ASSERT_TRUE(restored.has_value()) << restored.error().text();
  EXPECT_EQ(hidden(), others_);
  EXPECT_EQ(*fs::readAll(files_, path("1")), "a\n");
}

TEST_F(CutShortTest, TheEndOfAJobLeavesNoCopyOfItsOwn) {
  auto one = file(1);
  ASSERT_TRUE(one.claim().has_value());
  leave(ours_);
  leave({others_.begin(), others_.end()});
  ASSERT_TRUE(one.finish().has_value());
  EXPECT_EQ(hidden(), others_);
}

TEST_F(CutShortTest, ACommitOfAFileSinkRemovesCopiesToTheNamesThatItGives) {
  leave({".part-x-1-0-1.0123456789ab.tmp", ".part-x-1-0-2.0123456789ab.tmp"});
  PartStore::remote(files_)->removeUnfinished({{path("p/1"), path("part-x-1-0-1")}});
  EXPECT_EQ(hidden(), std::set<std::string>{".part-x-1-0-2.0123456789ab.tmp"});
}

TEST_F(RemoteTextFileTest, PartsOfAFileSinkTakeTheirNamesOnce) {
  const auto store = PartStore::remote(files_);
  auto part = store->create("/out/.in-progress-x/1-0-1/1");
  ASSERT_TRUE((*part)->append("row\n").has_value());
  ASSERT_TRUE((*part)->close().has_value());
  const PartFile names{"/out/.in-progress-x/1-0-1/1", "/out/part-1"};
  ASSERT_TRUE(store->publish(names).has_value());
  EXPECT_EQ(text("/out/part-1"), "row\n");
  EXPECT_THAT(*store->names("/out/.in-progress-x/1-0-1"), ElementsAre("1"));
  EXPECT_THAT(*store->names("/none"), IsEmpty());
}

}  // namespace
}  // namespace weir::connector
