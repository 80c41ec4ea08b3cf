#include "taskmanager/daemon/supervision/worker_cgroups.h"

#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/unique_fd.h"
#include "common/daemon/named_lock.h"
#include "taskmanager/daemon/supervision/cgroup.h"

namespace weir::taskmanager {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

runtime::ExecutionId execution(std::uint64_t attempt = 1) {
  return {JobId(Bytes16{9}), AttemptId(attempt), LeaderEpoch(1)};
}

std::string contentOf(const std::string& path) {
  std::string text;
  std::getline(std::ifstream(path), text);
  return text;
}

/// The name of one of our task managers' directories.
std::string nameOf(std::uint8_t which) {
  Bytes16 id{which};
  const pid_t pid = ::getpid();
  std::memcpy(id.data() + 8, &pid, sizeof pid);
  return "weir-tm-" + TaskManagerId(id).hex();
}

/// The real groups of this machine, skipped with a reason where none are delegated.
class WorkerCgroupsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto opened = WorkerCgroups::open(name_);
    if (!opened) {
      GTEST_SKIP() << "no control groups are delegated: " << opened.error().text();
    }
    groups_ = *std::move(opened);
  }
  void TearDown() override {
    if (groups_) {
      const std::string path = groups_->path();
      groups_.reset();
      EXPECT_FALSE(std::filesystem::exists(path));
    }
  }
  // Starts a process in the group that starts another in a session of its own, and its parent ends.
  static pid_t startIn(const std::string& group) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      if (enterGroup(group) == 0) {
        ::execlp("sh", "sh", "-c", "(env -i setsid sleep 1000 &); exec sleep 1000", nullptr);
      }
      ::_exit(1);
    }
    while (processesOfGroup(group).size() < 2 && ::waitpid(pid, nullptr, WNOHANG) == 0) {
      ::usleep(1000);
    }
    return pid;
  }

  // Made and locked, as tests of other processes sweep what nobody holds.
  static UniqueFd lockedGroup(const std::string& path) {
    for (int attempt = 0; attempt < 1000; ++attempt) {
      std::filesystem::create_directories(path);
      if (UniqueFd lock = daemon::openDirectory(path); lock && daemon::lockNamed(lock, path)) {
        return lock;
      }
    }
    ADD_FAILURE() << "group " << path << " cannot be locked";
    return {};
  }

  const std::string name_ = nameOf(0);
  std::unique_ptr<WorkerCgroups> groups_;
};

TEST_F(WorkerCgroupsTest, KillReachesAChildInASessionOfItsOwnWhoseParentHasEnded) {
  auto group = *groups_->make(execution(), 0);
  const pid_t pid = startIn(group->path());
  EXPECT_THAT(group->processes(), Contains(pid));
  group->kill();
  ::waitpid(pid, nullptr, 0);
  for (int i = 0; i < 2000 && !group->processes().empty(); ++i) {
    ::usleep(10'000);
  }
  EXPECT_THAT(group->processes(), IsEmpty());
}

TEST_F(WorkerCgroupsTest, AGroupGoesWithItsOwnerOrSoonAfterWithWhatLivesInIt) {
  auto group = *groups_->make(execution(), 0);
  const std::string path = group->path();
  const pid_t pid = startIn(path);
  group.reset();
  ::waitpid(pid, nullptr, 0);
  for (int i = 0; i < 2000 && std::filesystem::exists(path); ++i) {
    groups_->removeDead();
    ::usleep(10'000);
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(WorkerCgroupsTest, GroupsThatAWorkerHasMadeGoToo) {
  auto group = *groups_->make(execution(), 0);
  const std::string below = group->path() + "/its/own";
  std::filesystem::create_directories(below);
  const pid_t pid = startIn(below);
  EXPECT_THAT(group->processes(), Contains(pid));
  EXPECT_TRUE(groups_->make(execution(2), 0));
  group->kill();
  ::waitpid(pid, nullptr, 0);
}

TEST_F(WorkerCgroupsTest, TheNextStartSweepsThoseOfADeadTaskManagerOnly) {
  const std::string own = groups_->path().substr(0, groups_->path().rfind('/'));
  const std::string dead = own + "/weir-taskmanager-" + nameOf(1);
  UniqueFd lock = lockedGroup(dead);
  std::filesystem::create_directories(dead + "/job-1");
  const pid_t pid = startIn(dead + "/job-1");
  lock = UniqueFd();
  auto others = *groups_->make(execution(), 0);
  const pid_t alive = startIn(others->path());

  const auto next = *WorkerCgroups::open(nameOf(2));
  for (int i = 0; i < 1000 && std::filesystem::exists(dead); ++i) {
    ::usleep(10'000);  // Another task manager that starts on this machine may have come first.
  }
  EXPECT_FALSE(std::filesystem::exists(dead));
  int status = 0;
  EXPECT_EQ(::waitpid(pid, &status, 0), pid);
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(::waitpid(alive, nullptr, WNOHANG), 0) << "its task manager holds the lock";
  others->kill();
  ::waitpid(alive, nullptr, 0);
}

TEST_F(WorkerCgroupsTest, TheNextStartLeavesAGroupThatIsOnlyNamedAlike) {
  const std::string notes = groups_->path() + "-notes";
  std::filesystem::create_directories(notes + "/job-1");
  const pid_t pid = startIn(notes + "/job-1");
  const auto next = *WorkerCgroups::open(nameOf(2));
  EXPECT_EQ(::waitpid(pid, nullptr, WNOHANG), 0) << "killed";
  for (const pid_t one : processesOfGroup(notes + "/job-1")) {
    ::kill(one, SIGKILL);
  }
  ::waitpid(pid, nullptr, 0);
  for (int i = 0; i < 1000 && std::filesystem::exists(notes); ++i) {
    ::rmdir((notes + "/job-1").c_str());
    ::rmdir(notes.c_str());
    ::usleep(10'000);
  }
  EXPECT_FALSE(std::filesystem::exists(notes));
}

TEST_F(WorkerCgroupsTest, ATaskManagerOfOneNameIsNotStartedTwice) {
  const auto second = WorkerCgroups::open(name_);
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().text(), HasSubstr("cannot be locked"));
}

/// A tree of plain files: for what this machine's kernel may not offer.
class FakeCgroupsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(own());
    source_ = {tmp_ + "/mountinfo", tmp_ + "/cgroup", 1};
    write(source_.mounts,
          "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n41 31 0:38 / " + tmp_ +
              "/with\\040blank rw shared:9 - cgroup2 cgroup2 rw,nsdelegate\n");
    write(source_.own_group, "4:memory:/somewhere\n0::/service\n");
    write(own() + "/cgroup.procs", "");
    write(own() + "/cgroup.controllers", "cpu memory pids");
    write(own() + "/cgroup.subtree_control", "");
    // Made with the directory by the kernel, here before it.
    write(ours() + "/cgroup.procs", "");
    write(ours() + "/cgroup.subtree_control", "");
    for (const char* file : {"memory.max", "memory.oom.group", "memory.events"}) {
      write(ofAttempt() + "/" + file, "");
    }
  }
  void TearDown() override { std::filesystem::remove_all(tmp_); }

  static void write(const std::string& path, const std::string& text) {
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path) << text;
  }
  std::string own() const { return tmp_ + "/with blank/service"; }
  std::string ours() const { return own() + "/weir-taskmanager-weir-tm-1"; }
  std::string ofAttempt() const { return ours() + "/job-" + JobId(Bytes16{9}).hex() + "-1"; }
  std::unique_ptr<WorkerCgroups> open() { return *WorkerCgroups::open("weir-tm-1", source_); }

  const std::string tmp_ = ::testing::TempDir() + "/cgroups_" + std::to_string(::getpid());
  CgroupSource source_;
};

TEST_F(FakeCgroupsTest, SharesMemoryOutAndLimitsAnAttempt) {
  const auto groups = open();
  EXPECT_EQ(groups->path(), ours());
  EXPECT_EQ(groups->whyNoLimits(), "");
  EXPECT_EQ(contentOf(own() + "/cgroup.subtree_control"), "+memory");
  EXPECT_EQ(contentOf(ours() + "/cgroup.subtree_control"), "+memory");
  const auto group = *groups->make(execution(), std::uint64_t{3} << 30);
  EXPECT_TRUE(group->limitsMemory());
  EXPECT_EQ(contentOf(ofAttempt() + "/memory.max"), "3221225472");
  EXPECT_EQ(contentOf(ofAttempt() + "/memory.oom.group"), "1");
  EXPECT_EQ(group->outOfMemoryKills(), 0);
  write(ofAttempt() + "/memory.events", "low 0\nhigh 0\nmax 7\noom 2\noom_kill 3\n");
  EXPECT_EQ(group->outOfMemoryKills(), 3);
}

TEST_F(FakeCgroupsTest, SaysWhyTheKernelKeepsNoLimits) {
  write(own() + "/cgroup.controllers", "cpu pids");
  const auto groups = open();
  EXPECT_EQ(groups->whyNoLimits(), "group " + own() + " has no memory controller");
  EXPECT_FALSE((*groups->make(execution(), 1 << 30))->limitsMemory());
  EXPECT_EQ(contentOf(ofAttempt() + "/memory.max"), "");
}

TEST_F(FakeCgroupsTest, ALimitThatCannotBeSetIsAnErrorThatNamesTheFile) {
  std::filesystem::remove(ofAttempt() + "/memory.max");
  const auto made = open()->make(execution(), 1 << 30);
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error().text(), HasSubstr(ofAttempt() + "/memory.max"));
}

TEST_F(FakeCgroupsTest, WithoutAMountOrAGroupItSaysSo) {
  write(source_.own_group, "4:memory:/somewhere\n");
  EXPECT_THAT(findOwnCgroup(source_).error().text(), HasSubstr("names no group of version 2"));
  write(source_.mounts, "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n");
  EXPECT_THAT(findOwnCgroup(source_).error().text(), HasSubstr("is mounted"));
}

TEST_F(FakeCgroupsTest, FindsItsGroupBelowAMountOfAPartOfTheTreeAndNotOutsideOfIt) {
  write(source_.mounts, "41 31 0:38 /docker/1 /mnt rw - cgroup2 cgroup2 rw\n");
  write(source_.own_group, "0::/docker/1/inner\n");
  EXPECT_EQ(*findOwnCgroup(source_), "/mnt/inner");
  write(source_.own_group, "0::/docker/1\n");
  EXPECT_EQ(*findOwnCgroup(source_), "/mnt");
  write(source_.own_group, "0::/docker/12\n");
  EXPECT_THAT(findOwnCgroup(source_).error().text(), HasSubstr("outside of what is mounted"));
  write(source_.own_group, "0::/docker/1/../../init\n");
  EXPECT_FALSE(findOwnCgroup(source_));
}

TEST_F(FakeCgroupsTest, AGroupThatCannotBeWrittenIsNotDelegated) {
  std::filesystem::remove(own() + "/cgroup.procs");
  const auto opened = WorkerCgroups::open("weir-tm-1", source_);
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().text(), HasSubstr("write " + own() + "/cgroup.procs"));
}

}  // namespace
}  // namespace weir::taskmanager
