#include "taskmanager/worker/checkpoint/shared_uploads.h"

#include <filesystem>
#include <fstream>
#include <set>

#include <gtest/gtest.h>

#include "common/fs/memory_file_system.h"
#include "common/snapshot/layout.h"

namespace weir::worker {
namespace {

class SharedUploadsTest : public ::testing::Test {
 protected:
  SharedUploadsTest() {
    local_ = std::filesystem::temp_directory_path() / "weir-uploads-test-XXXXXX";
    EXPECT_NE(::mkdtemp(local_.data()), nullptr);
  }
  ~SharedUploadsTest() override { std::filesystem::remove_all(local_); }

  /// Tables of these names, each with its name as its bytes.
  state::SharedTables tables(const std::vector<std::string>& names) {
    state::SharedTables all;
    all.directory = local_;
    for (const std::string& name : names) {
      std::ofstream(local_ + "/" + name) << name;
      all.tables.push_back({name, name.size()});
    }
    return all;
  }
  /// What they are called in shared/.
  std::vector<std::string> store(std::uint64_t checkpoint, const std::vector<std::string>& names) {
    const auto stored = uploads_.store(owner_, CheckpointId(checkpoint), tables(names), unwanted_);
    EXPECT_TRUE(stored.has_value()) << (stored ? "" : stored.error().text());
    std::vector<std::string> shared;
    for (std::size_t i = 0; stored && i < stored->size(); ++i) {
      EXPECT_EQ((*stored)[i].name, names[i]);
      EXPECT_EQ(*fs::readAll(files_, "/c/job/shared/" + (*stored)[i].shared), names[i]);
      shared.push_back((*stored)[i].shared);
    }
    return shared;
  }
  static std::uint64_t since(const std::string& name) {
    return snapshot::sharedSince(name)->value();
  }

  std::string local_;
  fs::MemoryFileSystem files_;
  int drawn_ = 10000000;
  std::atomic<bool> unwanted_{false};
  SharedUploads::Owner owner_;
  SharedUploads uploads_{files_, "/c/job", 4, [this] { return std::to_string(++drawn_); }};
};

TEST_F(SharedUploadsTest, WhatTheLastCompletedOneHasIsNamedAgain) {
  const auto first = store(1, {"1.sst", "2.sst"});
  uploads_.completed(CheckpointId(1));
  const auto second = store(2, {"2.sst", "3.sst"});
  EXPECT_EQ(second[0], first[1]);
  EXPECT_EQ(since(second[1]), 2U);
  uploads_.completed(CheckpointId(2));
  EXPECT_EQ(store(3, {"3.sst"})[0], second[1]);
}

TEST_F(SharedUploadsTest, WhatIsNotKnownToBeCompleteIsStoredAgain) {
  const auto first = store(1, {"1.sst"});
  const auto second = store(2, {"1.sst"});
  EXPECT_NE(first, second);
  EXPECT_EQ(since(second[0]), 2U);
  EXPECT_EQ(uploads_.aborted(CheckpointId(1)),
            (std::vector<std::string>{"/c/job/shared/" + first[0]}));
  EXPECT_TRUE(uploads_.aborted(CheckpointId(1)).empty());
  uploads_.completed(CheckpointId(2));
  EXPECT_EQ(store(3, {"1.sst"}), second);
  EXPECT_TRUE(uploads_.aborted(CheckpointId(3)).empty()) << "others have what it only names";
}

TEST_F(SharedUploadsTest, AnOlderOneThatIsSaidToBeCompleteLateIsNotNamed) {
  store(1, {"1.sst"});
  const auto second = store(2, {"1.sst"});
  uploads_.completed(CheckpointId(2));
  uploads_.completed(CheckpointId(1));  // Its file may be gone.
  EXPECT_EQ(store(3, {"1.sst"}), second);
}

TEST_F(SharedUploadsTest, AnotherOperatorsTablesAreOthers) {
  const auto first = store(1, {"1.sst"});
  uploads_.completed(CheckpointId(1));
  owner_.task.subtask = 1;
  EXPECT_NE(store(2, {"1.sst"}), first);
}

TEST_F(SharedUploadsTest, AnAbortEndsTheStoring) {
  unwanted_ = true;
  const auto stored = uploads_.store(owner_, CheckpointId(1), tables({"1.sst"}), unwanted_);
  ASSERT_FALSE(stored.has_value());
  EXPECT_EQ(stored.error().code(), ErrorCode::kCancelled);
}

TEST_F(SharedUploadsTest, ATableThatIsShorterThanItWasIsNoTable) {
  state::SharedTables all = tables({"1.sst"});
  all.tables[0].size += 1;
  EXPECT_FALSE(uploads_.store(owner_, CheckpointId(1), all, unwanted_).has_value());
}

}  // namespace
}  // namespace weir::worker
