#include "jobmanager/ha/write_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/concurrency/simulated_executor.h"

namespace weir::ha {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;

/// A store of which a test says what happens meanwhile.
class WriteQueueTest : public ::testing::Test, protected WriteQueue::Target {
 protected:
  Result<Term> begin() override {
    if (meanwhile_) {
      meanwhile_();
    }
    return Term();
  }
  std::vector<Status> write(const WriteQueue::Writes& writes) override {
    if (meanwhile_) {
      meanwhile_();
    }
    return std::vector<Status>(writes.size(), ok());
  }
  void forget() override {
    if (meanwhile_) {
      meanwhile_();
    }
  }
  bool endsByItself() const override { return ends_by_itself_; }

  void ask() {
    queue_.write({LeaderEpoch(1), CancelJob{}, [this](const Status& one) {
                    answers_.push_back(one ? std::nullopt : std::optional(one.error().code()));
                  }});
  }

  concurrency::SimulatedTime time_;
  concurrency::SimulatedExecutor io_{time_};
  WriteQueue queue_{
      {.patience = seconds(20)}, {"the store", "wait", "the store has not"}, io_, *this};
  std::function<void()> meanwhile_;
  bool ends_by_itself_ = false;
  std::vector<std::optional<ErrorCode>> answers_;
};

TEST_F(WriteQueueTest, AWriteThatDoesNotGoOnIsGivenUpWithAllAfterIt) {
  meanwhile_ = [this] {
    ask();
    time_.advance(seconds(21));
  };
  ask();
  time_.runDue();
  ask();
  time_.runDue();
  EXPECT_THAT(answers_, ElementsAre(ErrorCode::kFenced, ErrorCode::kFenced, ErrorCode::kFenced));
}

TEST_F(WriteQueueTest, AWriteThatGoesOnIsWaitedForHoweverLong) {
  meanwhile_ = [this] {
    for (int i = 0; i < 10; ++i) {
      time_.advance(seconds(15));
      queue_.goesOn();
    }
  };
  ask();
  time_.runDue();
  EXPECT_THAT(answers_, ElementsAre(std::nullopt));
}

TEST_F(WriteQueueTest, AWriteThatEndsByItselfIsWaitedForUntilItDoesNotAnyMore) {
  ends_by_itself_ = true;
  meanwhile_ = [this] { time_.advance(seconds(100)); };
  ask();
  time_.runDue();
  EXPECT_THAT(answers_, ElementsAre(std::nullopt));
  meanwhile_ = [this] {
    time_.advance(seconds(100));
    ends_by_itself_ = false;  // As a session that is over.
    time_.advance(seconds(6));
  };
  ask();
  time_.runDue();
  EXPECT_THAT(answers_, ElementsAre(std::nullopt, ErrorCode::kFenced));
}

TEST_F(WriteQueueTest, WhatIsForgottenHoldsNoWriteForLongerThanThePatience) {
  meanwhile_ = [this] {
    ask();
    time_.advance(seconds(21));
    EXPECT_THAT(answers_, ElementsAre(ErrorCode::kFenced));
  };
  queue_.forget();
  time_.runDue();
  EXPECT_THAT(answers_, ElementsAre(ErrorCode::kFenced));
}

TEST_F(WriteQueueTest, ATermBeginsHoweverLongAsLongAsItGoesOnAndNoLonger) {
  std::vector<std::optional<ErrorCode>> began;
  const auto begin = [&] {
    queue_.begin([&](const Result<Term>& term) {
      began.push_back(term ? std::nullopt : std::optional(term.error().code()));
    });
    time_.runDue();
  };
  meanwhile_ = [this] {
    for (int i = 0; i < 100; ++i) {
      time_.advance(seconds(15));
      queue_.goesOn();
    }
  };
  begin();
  meanwhile_ = [&] {
    time_.advance(seconds(21));
    EXPECT_EQ(began.size(), 2U);
  };
  begin();
  EXPECT_THAT(began, ElementsAre(std::nullopt, ErrorCode::kUnavailable));
}

TEST_F(WriteQueueTest, ATermThatIsAskedForAfterAllWasGivenUpIsAnsweredToo) {
  meanwhile_ = [this] { time_.advance(seconds(21)); };
  ask();
  time_.runDue();
  std::optional<ErrorCode> began;
  queue_.begin([&](const Result<Term>& term) {
    ASSERT_FALSE(term.has_value());
    began = term.error().code();
  });
  time_.runDue();
  EXPECT_EQ(began, ErrorCode::kFenced);
}

}  // namespace
}  // namespace weir::ha
