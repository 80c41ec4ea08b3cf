#include "taskmanager/daemon/supervision/attempt_ledger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::taskmanager {
namespace {

using namespace std::chrono_literals;  // NOLINT: durations of a test.
using ::testing::IsEmpty;
using ::testing::SizeIs;

class AttemptLedgerTest : public ::testing::Test {
 protected:
  AttemptLedgerTest() {
    ledger_.setMemory(1s);
    ledger_.begin(execution_);
  }
  static runtime::ExecutionId executionOf(std::uint8_t job, std::uint64_t attempt) {
    return {JobId(Bytes16{job}), AttemptId(attempt), LeaderEpoch(1)};
  }
  void note(runtime::TaskState state, const std::string& cause = {}, bool input_ended = false) {
    runtime::TaskUpdate update;
    update.execution = execution_;
    update.state = state;
    update.cause = cause;
    update.input_ended = input_ended;
    ledger_.note(update);
  }
  const runtime::TaskUpdate& sum() {
    return ledger_.entries().at(execution_).tasks.at(runtime::TaskId());
  }

  const runtime::ExecutionId execution_ = executionOf(1, 1);
  AttemptLedger ledger_;
};

TEST_F(AttemptLedgerTest, KeepsTheFirstEndOfATaskAndThatItsInputHasEnded) {
  note(runtime::TaskState::kRunning, "", true);
  note(runtime::TaskState::kFailed, "first");
  note(runtime::TaskState::kCanceled, "second");
  EXPECT_EQ(sum().state, runtime::TaskState::kFailed);
  EXPECT_EQ(sum().cause, "first");
  EXPECT_TRUE(sum().input_ended);
}

TEST_F(AttemptLedgerTest, KeepsTheLastAccumulatorsThatWereSaid) {
  runtime::TaskUpdate update;
  update.execution = execution_;
  update.accumulators = {{"lines", "IntCounter", "7"}};
  ledger_.note(update);
  note(runtime::TaskState::kFinished);
  EXPECT_THAT(sum().accumulators, SizeIs(1));
}

TEST_F(AttemptLedgerTest, RemembersAnAttemptThatHasEndedForAWhile) {
  ledger_.end({execution_, true, "", false}, 0);
  const runtime::ExecutionId other = executionOf(2, 1);
  ledger_.begin(other);
  ledger_.end({other, true, "", false}, 500'000'000);
  EXPECT_THAT(ledger_.entries(), SizeIs(2));
  ledger_.end({executionOf(3, 1), true, "", false}, 1'200'000'000);
  EXPECT_THAT(ledger_.entries(), SizeIs(1));
}

TEST_F(AttemptLedgerTest, ForgetsEndedAttemptsOfAJobThatIsDeployedAgainOrHasEnded) {
  ledger_.end({execution_, false, "killed", false}, 0);
  ledger_.begin(executionOf(1, 2));
  EXPECT_THAT(ledger_.entries(), SizeIs(1));
  ledger_.forgetEnded(JobId(Bytes16{1}));
  EXPECT_THAT(ledger_.entries(), SizeIs(1)) << "the one that lives";
}

TEST_F(AttemptLedgerTest, KeepsNothingWhereNoJobManagerWouldAsk) {
  ledger_.setMemory(0s);
  EXPECT_THAT(ledger_.entries(), IsEmpty());
  ledger_.begin(execution_);
  note(runtime::TaskState::kRunning);
  EXPECT_THAT(ledger_.entries(), IsEmpty());
}

}  // namespace
}  // namespace weir::taskmanager
