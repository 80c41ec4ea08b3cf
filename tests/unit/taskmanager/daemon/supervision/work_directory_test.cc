#include "taskmanager/daemon/supervision/work_directory.h"

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
  std::filesystem::create_directories(tmp_ + "/weir-tm-dead/blobs");
  std::ofstream(tmp_ + "/weir-tm-dead/lock");
  std::filesystem::create_directories(tmp_ + "/somebody-elses");
  EXPECT_THAT(removeLeftovers(tmp_), ElementsAre("weir-tm-dead"));
  EXPECT_TRUE(std::filesystem::exists(tmp_ + "/somebody-elses"));
}

TEST_F(WorkDirectoryTest, OfAKilledTaskManagerGoesWithWhatItsWorkersHaveStarted) {
  std::filesystem::create_directories(tmp_ + "/weir-tm-dead");
  std::ofstream(tmp_ + "/weir-tm-dead/lock");
  const std::string mark = std::string(kWorkerMark) + "=" + tmp_ + "/weir-tm-dead/job-1";
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::setsid();
    ::execlp("env", "env", mark.c_str(), "sleep", "1000", nullptr);
    ::_exit(1);
  }
  while (!environmentHas(pid, kWorkerMark, "/weir-tm-dead/")) {
    ::usleep(1000);
  }
  removeLeftovers(tmp_);
  int status = 0;
  ASSERT_EQ(::waitpid(pid, &status, 0), pid);
  EXPECT_TRUE(WIFSIGNALED(status));
}

TEST_F(WorkDirectoryTest, ThatIsJustBeingMadeStays) {
  std::filesystem::create_directories(tmp_ + "/weir-tm-young");
  EXPECT_THAT(removeLeftovers(tmp_), IsEmpty());
}

TEST_F(WorkDirectoryTest, NamesTheDirectoryThatCannotBeMade) {
  std::ofstream(tmp_ + "/file");
  const auto made = WorkDirectory::create(tmp_ + "/file", id_);
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error().message(), ::testing::HasSubstr(tmp_ + "/file"));
}

}  // namespace
}  // namespace weir::taskmanager
