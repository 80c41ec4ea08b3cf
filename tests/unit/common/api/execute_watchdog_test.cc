#include "common/api/execute_watchdog.h"

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/api/run.h"
#include "common/api/weir.h"
#include "tests/unit/common/api/programs.h"

namespace weir {
namespace {

using api::ExecuteWatchdog;
using std::chrono::milliseconds;
using ::testing::ExitedWithCode;

constexpr auto kLong = std::chrono::minutes(2);  // The tests' own limit is below.

TEST(ExecuteWatchdogTest, CallsOnceTheTimeIsOver) {
  std::promise<void> called;
  const ExecuteWatchdog watchdog(milliseconds(20), [&] { called.set_value(); });
  EXPECT_EQ(called.get_future().wait_for(kLong), std::future_status::ready);
}

TEST(ExecuteWatchdogTest, EndsAtOnceAndDoesNotCall) {
  std::atomic<bool> called{false};
  const auto start = std::chrono::steady_clock::now();
  {
    const ExecuteWatchdog watchdog(kLong, [&] { called = true; });
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
  EXPECT_FALSE(called);
}

TEST(ExecuteWatchdogTest, AChildThatForkMadeNeitherWaitsNorCalls) {
  std::atomic<bool> called{false};
  auto watchdog = std::make_unique<ExecuteWatchdog>(kLong, [&] { called = true; });
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(30);  // A child that waits for the thread it does not have ends by this signal.
    watchdog.reset();
    ::_exit(called ? 1 : 0);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST(ExecuteWatchdogTest, SignalsAreLeftToTheThreadsOfTheProgram) {
  sigset_t mask;
  sigset_t before;
  sigemptyset(&mask);
  sigaddset(&mask, SIGUSR1);
  const ExecuteWatchdog watchdog(kLong, [] {});
  pthread_sigmask(SIG_BLOCK, &mask, &before);
  ::kill(::getpid(), SIGUSR1);  // Ends the process where some thread takes it.
  const timespec limit{30, 0};
  EXPECT_EQ(::sigtimedwait(&mask, nullptr, &limit), SIGUSR1);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

/// Of a program by hand and on a worker: 100 ms. Each program is a process of its own.
class LateProgramTest : public ::testing::Test {
 protected:
  LateProgramTest() {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    std::filesystem::create_directories(folder_);
    std::ofstream(folder_ / "flink-conf.yaml") << "client.program.timeout: 100 ms\n";
    setenv("WEIR_CONF_DIR", folder_.c_str(), 1);
    startOfWorker().submitted.program.configuration = {{"client.program.timeout", "100 ms"}};
  }
  ~LateProgramTest() override {
    unsetenv("WEIR_CONF_DIR");
    std::filesystem::remove_all(folder_);
  }

  const std::filesystem::path folder_ =
      std::filesystem::path(::testing::TempDir()) / ("weir_late_" + std::to_string(::getpid()));
};

TEST_F(LateProgramTest, IsEndedWithAMessageByHand) {
  EXPECT_EXIT(
      {
        auto env = StreamExecutionEnvironment::getExecutionEnvironment();
        env.fromElements(1).print();
        std::this_thread::sleep_for(kLong);
      },
      ExitedWithCode(1),
      "^weir: the program did not reach execute\\(\\) within 100 ms "
      "\\(client.program.timeout\\); [^\n]*\n$");
}

TEST_F(LateProgramTest, IsEndedWhileItHoldsTheStandardStreams) {
  EXPECT_EXIT(
      {
        auto env = StreamExecutionEnvironment::getExecutionEnvironment();
        flockfile(stdout);
        flockfile(stderr);
        std::this_thread::sleep_for(kLong);
      },
      ExitedWithCode(1),
      "did not reach execute");
}

TEST_F(LateProgramTest, IsReportedAsAFailureOfTheWorker) {
  EXPECT_EXIT(
      {
        setenv("WEIR_MODE", "worker", 1);
        auto env = StreamExecutionEnvironment::getExecutionEnvironment();
        env.fromElements(1).print();
        std::this_thread::sleep_for(kLong);
      },
      ExitedWithCode(1),
      "^the worker failed: the program did not reach execute\\(\\) within 100 ms");
}

TEST_F(LateProgramTest, IsNoneThatHasExecuted) {
  EXPECT_EXIT(
      {
        auto env = StreamExecutionEnvironment::getExecutionEnvironment();
        env.fromElements(1).print();
        env.execute("in time");
        std::this_thread::sleep_for(milliseconds(400));
        std::exit(0);
      },
      ExitedWithCode(0),
      "^$");
}

TEST_F(LateProgramTest, IsNoneThatHasLookedAtItsPlanByHand) {
  EXPECT_EXIT(
      {
        auto env = StreamExecutionEnvironment::getExecutionEnvironment();
        env.fromElements(1).print();
        (void)env.getExecutionPlan();
        std::this_thread::sleep_for(milliseconds(400));
        std::exit(0);
      },
      ExitedWithCode(0),
      "^$");
}

TEST_F(LateProgramTest, IsOneThatLookedAtItsPlanOnAWorker) {
  EXPECT_EXIT(
      {
        setenv("WEIR_MODE", "worker", 1);
        auto env = StreamExecutionEnvironment::getExecutionEnvironment();
        env.fromElements(1).print();
        (void)env.getExecutionPlan();
        std::this_thread::sleep_for(kLong);
      },
      ExitedWithCode(1),
      "did not reach execute");
}

}  // namespace
}  // namespace weir
