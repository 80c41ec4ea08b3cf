#include "taskmanager/daemon/supervision/worker_reports.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/wire/encoding.h"

namespace weir::taskmanager {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Listener final : public WorkerListener {
 public:
  void onDeployed(const runtime::ExecutionId& /*execution*/) override {}
  void onReport(const runtime::ExecutionId& /*execution*/,
                runtime::WorkerReport /*report*/) override {
    ++reports;
  }
  void onAck(runtime::EncodedAck /*ack*/) override { ++acks; }
  void onEnded(const runtime::WorkerExited& /*exited*/) override {}

  int reports = 0;
  int acks = 0;
};

/// A worker of two tasks.
class WorkerReportsTest : public ::testing::Test {
 protected:
  WorkerReportsTest() {
    assignment_.execution = {JobId(Bytes16{9}), AttemptId(2), LeaderEpoch(1)};
    assignment_.tasks = 2;
    assignment_.most_accumulators = 100;
    settings_.host = "host-1";
  }
  void say(runtime::WorkerReport report) { reports_.take(wire::encode(report)); }
  runtime::TaskUpdate update(std::uint32_t subtask, runtime::TaskState state) const {
    runtime::TaskUpdate update;
    update.execution = assignment_.execution;
    update.task = {OperatorId(Bytes16{1}), subtask};
    update.state = state;
    return update;
  }
  runtime::CheckpointAck ack() const {
    runtime::CheckpointAck ack;
    ack.execution = assignment_.execution;
    ack.checkpoint = CheckpointId(1);
    ack.task = {OperatorId(Bytes16{1}), 0};
    return ack;
  }

  Assignment assignment_;
  WorkerSettings settings_;
  Listener listener_;
  std::vector<std::string> events_;
  WorkerReports reports_{assignment_,
                         settings_,
                         listener_,
                         {.hello = [this](const auto& /*hello*/) { events_.emplace_back("hello"); },
                          .lease_taken = [this] { events_.emplace_back("lease"); },
                          .failed = [this] { events_.emplace_back("failed"); },
                          .tasks_ended = [this] { events_.emplace_back("ended"); },
                          .broken =
                              [this](const std::string& cause, bool unrecoverable) {
                                events_.push_back((unrecoverable ? "! " : "") + cause);
                              }}};
};

TEST_F(WorkerReportsTest, HandsOnWhatIsSaidOfItsAttemptWhileItHasItsWork) {
  say(update(0, runtime::TaskState::kRunning));
  say(ack());
  EXPECT_EQ(listener_.reports + listener_.acks, 0);
  reports_.open();
  say(update(0, runtime::TaskState::kRunning));
  say(ack());
  EXPECT_EQ(listener_.reports, 1);
  EXPECT_EQ(listener_.acks, 1);
  runtime::TaskUpdate older = update(0, runtime::TaskState::kRunning);
  older.execution.attempt = AttemptId(1);
  say(older);
  reports_.close();
  say(update(1, runtime::TaskState::kRunning));
  EXPECT_EQ(listener_.reports, 1);
}

TEST_F(WorkerReportsTest, KnowsWhenAllOfItsTasksHaveEnded) {
  reports_.open();
  EXPECT_FALSE(reports_.tasksReported());
  say(update(0, runtime::TaskState::kFinished));
  say(update(0, runtime::TaskState::kFinished));
  EXPECT_TRUE(reports_.tasksReported());
  EXPECT_FALSE(reports_.tasksHaveEnded());
  EXPECT_THAT(events_, IsEmpty());
  say(update(1, runtime::TaskState::kCanceled));
  EXPECT_TRUE(reports_.tasksHaveEnded());
  EXPECT_THAT(events_, ElementsAre("ended"));
}

TEST_F(WorkerReportsTest, HearsHelloLeaseAndFailureAlsoBeforeItHasItsWork) {
  say(runtime::WorkerHello{});
  say(runtime::LeaseTaken{});
  runtime::WorkerFailed failed;
  failed.cause = "no such column";
  failed.unrecoverable = true;
  say(failed);
  EXPECT_THAT(events_, ElementsAre("hello", "lease", "failed"));
  EXPECT_EQ(reports_.ownWords(), "no such column");
  EXPECT_TRUE(reports_.unrecoverable());
}

TEST_F(WorkerReportsTest, SaysWhoBrokeTheProtocolAndHandsNothingOn) {
  reports_.open();
  EXPECT_FALSE(reports_.take("\xff\xff"));
  EXPECT_THAT(events_, ElementsAre(HasSubstr("on host-1 broke the worker protocol: ")));
  EXPECT_EQ(listener_.reports, 0);
}

TEST_F(WorkerReportsTest, AccumulatorsBeyondTheirBoundEndTheJobForGood) {
  reports_.open();
  runtime::TaskUpdate large = update(0, runtime::TaskState::kRunning);
  large.accumulators = {{"lines", "Histogram", std::string(1000, 'x')}};
  say(large);
  EXPECT_THAT(events_, ElementsAre(HasSubstr("! job ")));
  EXPECT_EQ(listener_.reports, 0);
}

}  // namespace
}  // namespace weir::taskmanager
