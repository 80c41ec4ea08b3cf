#include "taskmanager/worker/task/task_failure.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/functions/checkpointed.h"
#include "common/functions/transaction_error.h"
#include "common/state/state_error.h"

namespace weir::worker {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;

template <typename Thrown>
TaskFailure failureOfA(Thrown thrown) {
  return failureOf(std::make_exception_ptr(std::move(thrown)), " (in 'A')");
}

TEST(TaskFailureTest, NamesTypeTextAndPlace) {
  const TaskFailure failure = failureOfA(std::runtime_error("no such file"));
  EXPECT_EQ(failure.cause, "std::runtime_error: no such file (in 'A')");
  EXPECT_FALSE(failure.unrecoverable);
}

TEST(TaskFailureTest, WhatEveryRestartWouldMeetAgainIsForGood) {
  EXPECT_TRUE(failureOfA(state::StateMismatchError("does not fit")).unrecoverable);
  EXPECT_TRUE(failureOfA(UnrecoverableError("wrong for ever")).unrecoverable);
  EXPECT_TRUE(failureOfA(AccumulatorsTooLargeError("too large")).unrecoverable);
  EXPECT_TRUE(failureOfA(RestoreError(Error(ErrorCode::kInvalidArgument, "other"))).unrecoverable);
}

TEST(TaskFailureTest, WhatCannotBeReadNowMayBeReadLater) {
  EXPECT_FALSE(failureOfA(RestoreError(Error(ErrorCode::kUnavailable, "away"))).unrecoverable);
  EXPECT_FALSE(failureOfA(7).unrecoverable);
}

template <typename Thrown>
TaskFailure failureOfACommit(const Thrown& thrown) {
  return failureOfA(TransactionError("could not commit transaction 'x' of operator 'S'",
                                     std::make_exception_ptr(thrown)));
}

TEST(TaskFailureTest, AFailedCommitSaysWhatItsFunctionThrewAndAsksItWhetherARestartHelps) {
  const TaskFailure failure = failureOfACommit(std::runtime_error("disk full"));
  EXPECT_EQ(failure.cause,
            "could not commit transaction 'x' of operator 'S': std::runtime_error: disk full "
            "(in 'A')");
  EXPECT_FALSE(failure.unrecoverable);
  EXPECT_TRUE(failureOfACommit(UnrecoverableError("wrong for ever")).unrecoverable);
}

TEST(TaskFailureTest, ALongTextIsCutButNotItsPlace) {
  const TaskFailure failure = failureOfA(std::runtime_error(std::string(1 << 20, 'x')));
  EXPECT_LT(failure.cause.size(), std::size_t{1} << 20);
  EXPECT_THAT(failure.cause, AllOf(HasSubstr("xxx"), EndsWith(" (in 'A')")));
}

}  // namespace
}  // namespace weir::worker
