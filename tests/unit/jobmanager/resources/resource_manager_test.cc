#include "jobmanager/resources/resource_manager.h"

#include <gtest/gtest.h>

#include "common/concurrency/simulated_executor.h"
#include "tests/unit/jobmanager/job_graphs.h"

namespace weir::jobmanager {
namespace {

using namespace std::chrono_literals;  // NOLINT: durations of a test.

class SilentGateway final : public TaskManagerGateway {
 public:
  void send(runtime::TaskManagerOrder /*order*/) override {}
  void heard(std::uint64_t heartbeat) override { last_heard = heartbeat; }
  void close(const std::string& /*reason*/) override {}
  std::uint64_t last_heard = 0;
};

/// A clock that goes on while nothing runs, as when the process is stopped.
class PausedClock final : public Clock {
 public:
  explicit PausedClock(const Clock& clock) : clock_(clock) {}
  SteadyTime now() const override { return clock_.now() + pause; }
  WallTime wallNow() const override { return clock_.wallNow(); }
  Duration pause{};

 private:
  const Clock& clock_;
};

class ResourceManagerTest : public ::testing::Test {
 protected:
  std::shared_ptr<TaskManagerGateway> add(std::uint8_t number, std::uint32_t slots) {
    auto gateway = std::make_shared<SilentGateway>();
    runtime::Registration registration;
    registration.id = testing::taskManagerId(number);
    registration.host = "host";
    registration.slots = slots;
    EXPECT_TRUE(resources_.add(registration, gateway));
    return gateway;
  }
  runtime::ExecutionId attempt(std::uint64_t number) {
    return {testing::jobId(1), AttemptId(number), LeaderEpoch(1)};
  }
  void allocate(std::uint64_t number) {
    resources_.allocate(attempt(number), graph_, 10s, [this](Result<Placement> placement) {
      answers_.push_back(std::move(placement));
    });
  }

  concurrency::SimulatedTime time_;
  concurrency::SimulatedExecutor strand_{time_};
  std::vector<std::string> lost_;
  ResourceManager resources_{strand_, time_, 10s, [this](TaskManagerId, const std::string& reason) {
                               lost_.push_back(reason);
                             }};
  graph::JobGraph graph_ = testing::twoVertices(2);
  std::vector<Result<Placement>> answers_;
};

TEST_F(ResourceManagerTest, WaitsForTaskManagersToRegister) {
  allocate(1);
  time_.advance(3s);
  ASSERT_TRUE(answers_.empty());
  add(1, 2);
  time_.advance(1s);
  ASSERT_EQ(answers_.size(), 1U);
  EXPECT_TRUE(answers_[0]);
}

TEST_F(ResourceManagerTest, SaysWhatThereIsWhenTheWaitIsOver) {
  add(1, 1);
  allocate(1);
  for (int i = 0; i < 11; ++i) {
    resources_.heartbeat(testing::taskManagerId(1), {});
    time_.advance(1s);
  }
  ASSERT_EQ(answers_.size(), 1U);
  ASSERT_FALSE(answers_[0]);
  EXPECT_NE(answers_[0].error().message().find(" has 1 slot, 1 of them free"), std::string::npos);
  EXPECT_NE(answers_[0].error().message().find("it needs 2, and 1 registered task manager ("),
            std::string::npos)
      << answers_[0].error().message();
}

TEST_F(ResourceManagerTest, FreesASlotOnlyWhenItsWorkerIsReaped) {
  add(1, 2);
  allocate(1);
  allocate(2);
  time_.advance(1s);
  ASSERT_EQ(answers_.size(), 1U);
  resources_.workerExited(testing::taskManagerId(1), attempt(1));
  time_.advance(1s);
  EXPECT_EQ(answers_.size(), 2U);
}

TEST_F(ResourceManagerTest, LosesWhoIsSilent) {
  add(1, 2);
  time_.advance(9s);
  ASSERT_TRUE(lost_.empty());
  time_.advance(5s);
  ASSERT_EQ(lost_.size(), 1U);
  EXPECT_TRUE(resources_.ids().empty());
}

TEST_F(ResourceManagerTest, KeepsSlotsOfOldWorkersTakenAfterATaskManagerCameBack) {
  add(1, 2);
  allocate(1);
  time_.advance(1s);
  add(1, 2);
  EXPECT_EQ(resources_.views()[0].free_slots, 0U);
  runtime::Heartbeat still_there;
  still_there.running = {attempt(1)};
  resources_.heartbeat(testing::taskManagerId(1), still_there);
  EXPECT_EQ(resources_.views()[0].free_slots, 0U);
  resources_.workerExited(testing::taskManagerId(1), attempt(1));
  EXPECT_EQ(resources_.views()[0].free_slots, 2U);
}

TEST_F(ResourceManagerTest, FreesSlotsOfWorkersThatDiedWithTheirTaskManager) {
  add(1, 2);
  allocate(1);
  time_.advance(1s);
  add(1, 2);
  resources_.heartbeat(testing::taskManagerId(1), {});
  EXPECT_EQ(resources_.views()[0].free_slots, 2U);
}

TEST_F(ResourceManagerTest, TellsATaskManagerWhichHeartbeatItHeard) {
  const auto gateway = add(1, 2);
  resources_.heartbeat(testing::taskManagerId(1), {.sequence = 3, .free_memory = 0, .running = {}});
  EXPECT_EQ(static_cast<const SilentGateway&>(*gateway).last_heard, 3U);
}

TEST_F(ResourceManagerTest, BlamesNobodyForAPauseOfItsOwn) {
  PausedClock clock(time_);
  ResourceManager resources(strand_, clock, 10s, [this](TaskManagerId, const std::string& reason) {
    lost_.push_back(reason);
  });
  runtime::Registration registration;
  registration.id = testing::taskManagerId(1);
  EXPECT_TRUE(resources.add(registration, std::make_shared<SilentGateway>()));
  time_.advance(1s);
  clock.pause = 30s;
  time_.advance(3s);
  EXPECT_TRUE(lost_.empty());
  resources.heartbeat(testing::taskManagerId(1), {});  // Had waited to be read.
  time_.advance(9s);
  EXPECT_TRUE(lost_.empty());
  time_.advance(5s);
  EXPECT_EQ(lost_.size(), 1U);
}

TEST_F(ResourceManagerTest, RefusesAnotherProtocolVersion) {
  runtime::Registration registration;
  registration.protocol_version = 99;
  EXPECT_FALSE(resources_.add(registration, std::make_shared<SilentGateway>()));
}

}  // namespace
}  // namespace weir::jobmanager
