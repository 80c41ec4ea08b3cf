#include "jobmanager/blob/blob_directory.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace weir::blob {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class BlobDirectoryTest : public testing::Test {
 protected:
  BlobDirectoryTest() { std::filesystem::create_directories(parent_); }
  ~BlobDirectoryTest() override { std::filesystem::remove_all(parent_); }

  std::filesystem::path path(const std::string& name) const { return parent_ / name; }
  /// What a job manager that was killed leaves: a lock that nobody holds, and files.
  void leave(const std::string& name) const {
    std::filesystem::create_directories(path(name));
    std::ofstream(path(name) / "lock");
    std::ofstream(path(name) / "blob") << "bytes";
  }

  std::filesystem::path parent_ =
      std::filesystem::temp_directory_path() / ("weir-blobs-test-" + std::to_string(::getpid()));
  SeededRandom random_{1};
};

TEST_F(BlobDirectoryTest, IsOpenToItsUserAlone) {
  const auto directory = BlobDirectory::create(parent_.string(), random_);
  ASSERT_TRUE(directory.has_value()) << directory.error().text();
  struct stat info{};
  ASSERT_EQ(::stat((*directory)->path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0700U);
}

TEST_F(BlobDirectoryTest, IsSweptOnceItsOwnerIsGoneAndNotBefore) {
  leave("weir-jobmanager-blobs-0123456789ab");
  auto living = BlobDirectory::create(parent_.string(), random_);
  ASSERT_TRUE(living.has_value());
  EXPECT_THAT(removeLeftovers(parent_.string()), ElementsAre("weir-jobmanager-blobs-0123456789ab"));
  EXPECT_TRUE(std::filesystem::exists((*living)->path()));
  const std::string its_path = (*living)->path();
  living->reset();
  EXPECT_FALSE(std::filesystem::exists(its_path));
}

TEST_F(BlobDirectoryTest, IsMadeAgainWithItsLockWhenItIsGone) {
  const auto directory = BlobDirectory::create(parent_.string(), random_);
  ASSERT_TRUE(directory.has_value());
  EXPECT_TRUE((*directory)->restore().has_value());
  std::filesystem::remove_all((*directory)->path());
  ASSERT_TRUE((*directory)->restore().has_value());
  struct stat info{};
  ASSERT_EQ(::stat((*directory)->path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0700U);
  EXPECT_THAT(removeLeftovers(parent_.string()), IsEmpty());  // Its lock is held.
}

TEST_F(BlobDirectoryTest, TakesItsLockAgainWhenOnlyThatIsGone) {
  const auto directory = BlobDirectory::create(parent_.string(), random_);
  ASSERT_TRUE(directory.has_value());
  std::filesystem::remove(std::filesystem::path((*directory)->path()) / "lock");
  ASSERT_TRUE((*directory)->restore().has_value());
  EXPECT_THAT(removeLeftovers(parent_.string()), IsEmpty());
  EXPECT_TRUE(std::filesystem::exists((*directory)->path()));
}

TEST_F(BlobDirectoryTest, IsNotMadeAgainWhereSomethingElseHasItsName) {
  const auto directory = BlobDirectory::create(parent_.string(), random_);
  ASSERT_TRUE(directory.has_value());
  const std::filesystem::path its_path = (*directory)->path();
  std::filesystem::remove_all(its_path);
  std::filesystem::create_directories(path("elsewhere"));
  std::filesystem::create_directory_symlink(path("elsewhere"), its_path);
  const Status restored = (*directory)->restore();
  ASSERT_FALSE(restored.has_value());
  EXPECT_THAT(restored.error().text(), testing::HasSubstr(its_path.string()));
  EXPECT_TRUE(std::filesystem::is_empty(path("elsewhere")));
}

TEST_F(BlobDirectoryTest, OtherNamesAndLinksStay) {
  leave("weir-jobmanager-blobs-notes");
  leave("weir-jobmanager-blobs-0123456789abc");
  leave("elsewhere");
  std::filesystem::create_directory_symlink(path("elsewhere"),
                                            path("weir-jobmanager-blobs-0123456789ab"));
  EXPECT_THAT(removeLeftovers(parent_.string()), IsEmpty());
  EXPECT_TRUE(std::filesystem::exists(path("elsewhere") / "blob"));
  EXPECT_TRUE(std::filesystem::exists(path("weir-jobmanager-blobs-notes") / "blob"));
}

TEST_F(BlobDirectoryTest, WithoutALockOneGoesThatIsEmptyOrWasOpenToItsUserAlone) {
  std::filesystem::create_directories(path("weir-jobmanager-blobs-000000000000"));
  for (const char* name :
       {"weir-jobmanager-blobs-111111111111", "weir-jobmanager-blobs-222222222222"}) {
    leave(name);
    std::filesystem::remove(path(name) / "lock");
  }
  std::filesystem::permissions(path("weir-jobmanager-blobs-222222222222"),
                               std::filesystem::perms::owner_all);
  EXPECT_THAT(
      removeLeftovers(parent_.string()),
      ElementsAre("weir-jobmanager-blobs-000000000000", "weir-jobmanager-blobs-222222222222"));
  EXPECT_TRUE(std::filesystem::exists(path("weir-jobmanager-blobs-111111111111") / "blob"));
}

TEST_F(BlobDirectoryTest, OfALivingJobManagerStaysWithoutItsLock) {
  const auto directory = BlobDirectory::create(parent_.string(), random_);
  ASSERT_TRUE(directory.has_value());
  std::filesystem::remove(std::filesystem::path((*directory)->path()) / "lock");
  EXPECT_THAT(removeLeftovers(parent_.string()), IsEmpty());
}

TEST_F(BlobDirectoryTest, ALockThatIsALinkIsNotFollowed) {
  leave("weir-jobmanager-blobs-0123456789ab");
  std::filesystem::remove(path("weir-jobmanager-blobs-0123456789ab") / "lock");
  std::filesystem::create_symlink(parent_ / "other",
                                  path("weir-jobmanager-blobs-0123456789ab") / "lock");
  EXPECT_THAT(removeLeftovers(parent_.string()), IsEmpty());
}

TEST_F(BlobDirectoryTest, ADirectoryThatCannotBeMadeIsNamed) {
  const auto directory = BlobDirectory::create("/proc/nowhere", random_);
  ASSERT_FALSE(directory.has_value());
  EXPECT_THAT(directory.error().text(), testing::HasSubstr("/proc/nowhere/weir-jobmanager-blobs-"));
}

}  // namespace
}  // namespace weir::blob
