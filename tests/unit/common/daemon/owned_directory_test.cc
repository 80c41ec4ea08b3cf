#include "common/daemon/owned_directory.h"

#include <atomic>
#include <filesystem>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

#include "common/base/result.h"
#include "common/daemon/named_lock.h"

namespace weir::daemon {
namespace {

using testing::HasSubstr;

constexpr std::string_view kPrefix = "weir-owned-";

class OwnedDirectoryTest : public testing::Test {
 protected:
  OwnedDirectoryTest() { std::filesystem::create_directories(parent_); }
  ~OwnedDirectoryTest() override { std::filesystem::remove_all(parent_); }

  const std::string parent_ = (std::filesystem::temp_directory_path() /
                               ("weir-owned-directory-test-" + std::to_string(::getpid())))
                                  .string();
};

TEST_F(OwnedDirectoryTest, IsMadeWhileOthersSweep) {
  std::atomic<bool> stopped = false;
  std::vector<std::jthread> sweepers;
  for (int i = 0; i < 2; ++i) {
    sweepers.emplace_back([&] {
      while (!stopped) {
        removeLeftovers(parent_, kPrefix, 3);
      }
    });
  }
  int missing = 0;
  for (int i = 0; i < 300; ++i) {
    const auto directory = OwnedDirectory::create(parent_, kPrefix, std::to_string(100 + i));
    if (!directory.has_value()) {
      ADD_FAILURE() << directory.error().text();
      break;
    }
    missing += std::filesystem::exists((*directory)->path() + "/lock") ? 0 : 1;
  }
  stopped = true;
  EXPECT_EQ(missing, 0);
}

TEST_F(OwnedDirectoryTest, SaysWhenAnotherProcessHoldsItsLock) {
  const std::string path = parent_ + "/weir-owned-abc";
  std::filesystem::create_directory(path);
  std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  const UniqueFd held = openDirectory(path);
  ASSERT_TRUE(lockNamed(held, path));
  const auto directory = OwnedDirectory::create(parent_, kPrefix, "abc");
  ASSERT_FALSE(directory.has_value());
  EXPECT_THAT(directory.error().text(), HasSubstr(path + " is locked by another process"));
}

}  // namespace
}  // namespace weir::daemon
