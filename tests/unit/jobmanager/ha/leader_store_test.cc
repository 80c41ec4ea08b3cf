#include "jobmanager/ha/leader_store.h"

#include <optional>

#include <gtest/gtest.h>

#include "common/concurrency/simulated_executor.h"
#include "jobmanager/ha/memory_job_store.h"

namespace weir::ha {
namespace {

class LeaderStoreTest : public ::testing::Test {
 protected:
  LeaderEpoch newTerm() { return beginTerm(store_, std::chrono::seconds(1))->epoch; }
  void open() {
    leader_.emplace(store_, strand_, newTerm(), [this](const Error& why) {
      ++fenced_;
      why_ = why.text();
    });
  }

  concurrency::SimulatedTime time_;
  concurrency::SimulatedExecutor strand_{time_};
  MemoryJobStore store_;
  std::optional<LeaderStore> leader_;
  int fenced_ = 0;
  std::string why_;
  int answers_ = 0;
};

TEST_F(LeaderStoreTest, AnswersOnTheStrandAndNotInsideOfTheCall) {
  open();
  leader_->putJob({}, [this](const Status& written) { answers_ += written ? 1 : 100; });
  EXPECT_EQ(answers_, 0);
  time_.runDue();
  EXPECT_EQ(answers_, 1);
}

TEST_F(LeaderStoreTest, SaysOnceThatItWasFencedAndAnswersNothingFromThenOn) {
  open();
  newTerm();
  leader_->putJob({}, [this](const Status&) { ++answers_; });
  leader_->removeJob({}, [this](const Status&) { ++answers_; });
  time_.runDue();
  leader_->putCheckpoints({}, {}, [this](const Status&) { ++answers_; });
  time_.runDue();
  EXPECT_EQ(fenced_, 1);
  EXPECT_EQ(why_, "leader of epoch 1 writes after that of epoch 2 took over");
  EXPECT_EQ(answers_, 0);
}

TEST_F(LeaderStoreTest, AnswersNobodyWhenItIsGone) {
  open();
  leader_->putJob({}, [this](const Status&) { ++answers_; });
  leader_.reset();
  time_.runDue();
  EXPECT_EQ(answers_, 0);
}

}  // namespace
}  // namespace weir::ha
