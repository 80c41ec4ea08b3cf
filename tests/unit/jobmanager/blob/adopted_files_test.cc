#include "jobmanager/blob/adopted_files.h"

#include <cstdlib>
#include <filesystem>

#include <gtest/gtest.h>

#include "common/base/random.h"
#include "common/fs/local_file_system.h"
#include "common/runtime/leader_change.h"
#include "jobmanager/blob/blob_store.h"
#include "tests/unit/jobmanager/blob/manual_clock.h"

namespace weir::blob {
namespace {

/// Job managers, one after the other, on one directory.
class AdoptedFilesTest : public ::testing::Test {
 protected:
  AdoptedFilesTest() {
    std::string folder = ::testing::TempDir() + "blobs-XXXXXX";
    root_ = ::mkdtemp(folder.data());
  }
  ~AdoptedFilesTest() override { std::filesystem::remove_all(root_); }

  struct JobManager : AdoptedFiles::Owner {
    explicit JobManager(AdoptedFilesTest& test)
        : files(test.local_, *this), store(files, test.root_, test.clock_, test.random_) {
      EXPECT_TRUE(store.adopt().has_value());
    }
    bool leads() const override { return is_leader; }
    bool leavesOut() const override { return leaves_out; }

    bool is_leader = true;
    bool leaves_out = false;
    AdoptedFiles files;
    BlobStore store;
  };

  static runtime::BlobKey keyOf(const std::string& bytes) {
    return {fs::sha256(bytes), bytes.size()};
  }
  static Status put(BlobStore& store, const std::string& bytes) {
    WEIR_TRY(auto upload, store.put(keyOf(bytes)));
    WEIR_RETURN_IF_ERROR(upload->append(bytes));
    return upload->finish();
  }
  /// Lets the lease of everything end and makes the store look.
  void letLeasesEnd(BlobStore& store) {
    clock_.elapsed += BlobStore::kLease + std::chrono::seconds(1);
    store.release(JobId());
  }
  bool empty() const { return std::filesystem::is_empty(root_); }

  std::string root_;
  fs::LocalFileSystem local_;
  ManualClock clock_;
  SeededRandom random_{1};
};

TEST_F(AdoptedFilesTest, TheNextJobManagerFindsWhatTheOneBeforeHasTaken) {
  {
    JobManager first(*this);
    ASSERT_TRUE(put(first.store, "hello").has_value());
  }
  JobManager next(*this);
  EXPECT_TRUE(next.store.has(keyOf("hello")));
  EXPECT_EQ(*(*next.store.open(keyOf("hello").sha256))->read(0, 5), "hello");
  letLeasesEnd(next.store);
  EXPECT_FALSE(next.store.has(keyOf("hello")));
  EXPECT_TRUE(empty());
}

TEST_F(AdoptedFilesTest, AFileAsAnEarlierReleaseWroteItIsTakenAndRemovedAsItIs) {
  const std::string path = root_ + "/" + keyOf("hello").sha256 + "-01234567";
  ASSERT_TRUE(fs::writeAll(local_, path, "hello").has_value());
  JobManager next(*this);
  EXPECT_EQ(*(*next.store.open(keyOf("hello").sha256))->read(0, 5), "hello");
  letLeasesEnd(next.store);
  EXPECT_TRUE(empty());
}

TEST_F(AdoptedFilesTest, UploadsThatTheOneBeforeDidNotFinishGoAndAreNotFinishedAfterwards) {
  JobManager first(*this);
  const auto upload = first.store.put(keyOf("hello"));
  ASSERT_TRUE(upload && (*upload)->append("he"));
  ASSERT_FALSE(empty());
  const JobManager next(*this);
  EXPECT_TRUE(empty());
  EXPECT_FALSE((*upload)->append("llo") && (*upload)->finish());
}

TEST_F(AdoptedFilesTest, WhoDoesNotLeadAnyMoreAddsAndDeletesNothing) {
  JobManager old(*this);
  ASSERT_TRUE(put(old.store, "hello").has_value());
  const auto upload = old.store.put(keyOf("late"));
  ASSERT_TRUE(upload && (*upload)->append("late"));
  old.is_leader = false;
  EXPECT_TRUE(runtime::isLeaderChange((*upload)->finish().error()));
  EXPECT_TRUE(runtime::isLeaderChange(put(old.store, "more").error()));
  JobManager next(*this);
  ASSERT_TRUE(next.store.has(keyOf("hello")));
  letLeasesEnd(old.store);
  EXPECT_TRUE(next.store.has(keyOf("hello")));
  EXPECT_FALSE(next.store.has(keyOf("late")));
}

TEST_F(AdoptedFilesTest, WhereAJobWasLeftOutAllThatWasFoundStays) {
  {
    JobManager first(*this);
    ASSERT_TRUE(put(first.store, "hello").has_value());
  }
  JobManager next(*this);
  next.leaves_out = true;
  ASSERT_TRUE(put(next.store, "its own").has_value());
  letLeasesEnd(next.store);
  EXPECT_FALSE(next.store.has(keyOf("its own")));
  JobManager third(*this);
  EXPECT_TRUE(third.store.has(keyOf("hello")));
  EXPECT_FALSE(third.store.has(keyOf("its own")));
}

}  // namespace
}  // namespace weir::blob
