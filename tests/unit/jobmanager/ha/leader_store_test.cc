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
  leader_->write(PutJob{}, [this](const Status& written) { answers_ += written ? 1 : 100; });
  EXPECT_EQ(answers_, 0);
  time_.runDue();
  EXPECT_EQ(answers_, 1);
}

TEST_F(LeaderStoreTest, SaysOnceThatItWasFencedAndAnswersNothingFromThenOn) {
  open();
  newTerm();
  leader_->write(PutJob{}, [this](const Status&) { ++answers_; });
  leader_->removeJob({}, [this](const Status&) { ++answers_; });
  time_.runDue();
  leader_->putCheckpoints({}, {}, [this](const Status&) { ++answers_; });
  time_.runDue();
  EXPECT_EQ(fenced_, 1);
  EXPECT_EQ(why_, "leader of epoch 1 writes after that of epoch 2 took over");
  EXPECT_EQ(answers_, 0);
}

TEST_F(LeaderStoreTest, AnswersNothingWhenItsTermWasEnded) {
  open();
  leader_->write(PutJob{}, [this](const Status&) { ++answers_; });
  leader_->endTerm();
  time_.runDue();
  leader_->removeJob({}, [this](const Status&) { ++answers_; });
  time_.runDue();
  EXPECT_EQ(answers_, 0);
  EXPECT_EQ(fenced_, 0);
}

/// Has no room for now.
class FullStore final : public JobStore {
 public:
  void beginTerm(Answer<Term> done) override { done(Term()); }
  void write(LeaderEpoch, Change, Answer<std::monostate> done) override {
    ++asked;
    done(why ? Status(*why) : ok());
  }
  std::optional<Error> why = Error(ErrorCode::kResourceExhausted, "the disk is full");
  int asked = 0;
};

TEST_F(LeaderStoreTest, RemovesAJobOnceTheDiskHasRoomAgain) {
  FullStore full;
  leader_.emplace(full, strand_, LeaderEpoch(1), [](const Error&) {});
  leader_->removeJob({}, [this](const Status& removed) { answers_ += removed ? 1 : 100; });
  time_.advance(std::chrono::seconds(5));
  EXPECT_EQ(answers_, 0);
  EXPECT_GE(full.asked, 3);
  full.why.reset();
  time_.advance(std::chrono::seconds(2));
  EXPECT_EQ(answers_, 1);
  const int asked = full.asked;
  time_.advance(std::chrono::seconds(5));
  EXPECT_EQ(full.asked, asked);
}

TEST_F(LeaderStoreTest, SaysAtOnceWhyAnotherWriteOrAWrongRemovalIsNotTaken) {
  FullStore full;
  leader_.emplace(full, strand_, LeaderEpoch(1), [](const Error&) {});
  leader_->write(PutJob{}, [this](const Status& put) { answers_ += put ? 100 : 1; });
  time_.runDue();
  EXPECT_EQ(answers_, 1);
  full.why = Error(ErrorCode::kInternal, "a bug");
  leader_->removeJob({}, [this](const Status& removed) { answers_ += removed ? 100 : 1; });
  time_.runDue();
  EXPECT_EQ(answers_, 2);
}

TEST_F(LeaderStoreTest, AnswersNobodyWhenItIsGone) {
  open();
  leader_->write(PutJob{}, [this](const Status&) { ++answers_; });
  leader_.reset();
  time_.runDue();
  EXPECT_EQ(answers_, 0);
}

}  // namespace
}  // namespace weir::ha
