#include "taskmanager/daemon/supervision/work_directory.h"

#include <chrono>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "taskmanager/daemon/supervision/process_table.h"

namespace weir::taskmanager {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const std::string kDead = "weir-tm-00000000000000000000000000000dad";

class WorkDirectoryTest : public ::testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(tmp_); }
  void TearDown() override { std::filesystem::remove_all(tmp_); }

  const std::string tmp_ = ::testing::TempDir() + "/work_directory_" + std::to_string(::getpid());
  const TaskManagerId id_{Bytes16{7}};
};

TEST_F(WorkDirectoryTest, IsGoneWithItsOwner) {
  auto directory = *WorkDirectory::create(tmp_, id_);
  std::filesystem::create_directories(directory->blobs());
  const std::string path = directory->path();
  EXPECT_TRUE(std::filesystem::exists(path));
  directory.reset();
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(WorkDirectoryTest, OfALivingTaskManagerIsNoLeftover) {
  const auto directory = *WorkDirectory::create(tmp_, id_);
  EXPECT_THAT(removeLeftovers(tmp_), IsEmpty());
  EXPECT_TRUE(std::filesystem::exists(directory->path()));
}

TEST_F(WorkDirectoryTest, OfAKilledTaskManagerIsRemoved) {
  std::filesystem::create_directories(tmp_ + "/" + kDead + "/blobs");
  std::ofstream(tmp_ + "/" + kDead + "/lock");
  std::filesystem::create_directories(tmp_ + "/somebody-elses");
  EXPECT_THAT(removeLeftovers(tmp_), ElementsAre(kDead));
  EXPECT_TRUE(std::filesystem::exists(tmp_ + "/somebody-elses"));
}

TEST_F(WorkDirectoryTest, OfAKilledTaskManagerGoesWithWhatItsWorkersHaveStarted) {
  std::filesystem::create_directories(tmp_ + "/" + kDead);
  std::ofstream(tmp_ + "/" + kDead + "/lock");
  const std::string mark = std::string(kWorkerMark) + "=" + tmp_ + "/" + kDead + "/job-1";
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::setsid();
    ::execlp("env", "env", mark.c_str(), "sleep", "1000", nullptr);
    ::_exit(1);
  }
  while (!environmentHas(pid, kWorkerMark, "/" + kDead + "/")) {
    ::usleep(1000);
  }
  removeLeftovers(tmp_);
  int status = 0;
  ASSERT_EQ(::waitpid(pid, &status, 0), pid);
  EXPECT_TRUE(WIFSIGNALED(status));
}

TEST_F(WorkDirectoryTest, ThatSomebodyElseNamedAlikeStays) {
  for (const char* name : {"weir-tm-mynotes", "weir-tm-0123456789abcdef0123456789abcdef0"}) {
    std::filesystem::create_directories(tmp_ + "/" + name + "/sub");
    std::ofstream(tmp_ + "/" + name + "/lock");
  }
  EXPECT_THAT(removeLeftovers(tmp_), IsEmpty());
  EXPECT_TRUE(std::filesystem::exists(tmp_ + "/weir-tm-mynotes/sub"));
}

TEST_F(WorkDirectoryTest, OfALivingTaskManagerIsNoLeftoverWhateverACleanerHasRemoved) {
  const auto directory = *WorkDirectory::create(tmp_, id_);
  std::filesystem::create_directories(directory->blobs());
  std::filesystem::remove(directory->path() + "/lock");
  EXPECT_THAT(removeLeftovers(tmp_), IsEmpty());
  EXPECT_TRUE(std::filesystem::exists(directory->blobs()));
}

class KeptDirectoryTest : public WorkDirectoryTest {
 protected:
  std::string fail(std::uint64_t attempt, std::size_t most) {
    const std::string directory = tmp_ + "/attempt";
    std::filesystem::create_directories(directory + "/work");
    std::filesystem::create_directories(directory + "/state");
    const std::string kept = tmp_ + "/" + keptName({JobId(Bytes16{3}), AttemptId(attempt), {}});
    keepDirectory(directory, kept, most);
    return kept;
  }
};

TEST_F(KeptDirectoryTest, IsOpenToOurUserAloneAndWithoutTheStateThatWasFetched) {
  const std::string kept = fail(1, 2);
  EXPECT_EQ(std::filesystem::status(kept).permissions(), std::filesystem::perms::owner_all);
  EXPECT_TRUE(std::filesystem::exists(kept + "/work"));
  EXPECT_FALSE(std::filesystem::exists(kept + "/state"));
}

TEST_F(KeptDirectoryTest, PushesOutOlderOnesAndNothingThatIsOnlyNamedAlike) {
  const std::vector<std::string> others = {tmp_ + "/weir-failed-notes",
                                           tmp_ + "/weir-failed-" + std::string(32, 'a') + "-x",
                                           tmp_ + "/weir-failed-" + std::string(32, 'a')};
  for (const std::string& other : others) {
    std::filesystem::create_directories(other);
    std::filesystem::last_write_time(other, std::filesystem::file_time_type::min());
  }
  const std::string first = fail(1, 1);
  std::filesystem::last_write_time(
      first, std::filesystem::file_time_type::clock::now() - std::chrono::hours(1));
  const std::string second = fail(2, 1);
  EXPECT_FALSE(std::filesystem::exists(first));
  EXPECT_TRUE(std::filesystem::exists(second));
  for (const std::string& other : others) {
    EXPECT_TRUE(std::filesystem::exists(other)) << other;
  }
}

TEST_F(WorkDirectoryTest, NamesTheDirectoryThatCannotBeMade) {
  std::ofstream(tmp_ + "/file");
  const auto made = WorkDirectory::create(tmp_ + "/file", id_);
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error().message(), ::testing::HasSubstr(tmp_ + "/file"));
}

}  // namespace
}  // namespace weir::taskmanager
