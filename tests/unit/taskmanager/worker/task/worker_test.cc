#include "taskmanager/worker/task/worker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/runtime/report_limits.h"
#include "common/snapshot/section_opener.h"
#include "tests/unit/taskmanager/worker/task/fakes.h"

namespace weir::worker {
namespace {

using runtime::TaskState;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

/// One worker with all tasks of a job.
class WorkerTest : public ::testing::Test {
 protected:
  WorkerTest() {
    deployment_.execution = {JobId(), AttemptId(1), LeaderEpoch(1)};
    deployment_.workers.resize(1);
    deployment_.storage.kind = runtime::CheckpointStorage::Kind::kFileSystem;
    deployment_.storage.directory = "file:/checkpoints/job";
  }
  void start(std::uint32_t parallelism = 2) {
    make(parallelism);
    worker_->start();
  }
  void make(std::uint32_t parallelism) {
    graph::ProgramGraph program = keyedJob(space_, parallelism);
    deployment_.graph = std::move(program.graph);
    deployment_.placement.assign(2, std::vector<std::uint32_t>(parallelism, 0));
    auto made = Worker::make(
        deployment_,
        std::move(program.code),
        WorkerSurroundings{
            files_, random_, clock_, [this](auto report) { reports_.add(std::move(report)); }, {}});
    ASSERT_TRUE(made.has_value());
    worker_ = *std::move(made);
  }
  void trigger(std::uint64_t id, runtime::StopMode stop = runtime::StopMode::kNone) {
    runtime::CheckpointOrder order;
    order.checkpoint = CheckpointId(id);
    order.stop = stop;
    worker_->handle(runtime::TriggerOrder{deployment_.execution, order});
  }
  void notify(std::uint64_t id, bool completed) {
    worker_->handle(runtime::NotifyOrder{deployment_.execution, CheckpointId(id), completed});
  }
  void finish() {
    worker_->handle(runtime::FinishOrder{deployment_.execution});
    worker_->join();
  }
  void awaitReceived(std::uint64_t records) {
    while (space_.received < records) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
  /// Starts again from the acknowledged snapshots.
  void restoreFrom(const std::vector<runtime::CheckpointAck>& acks) {
    worker_.reset();
    deployment_.restores = {};
    for (const auto& ack : acks) {
      runtime::TaskRestore restore{ack.task, {}};
      for (const auto& one : ack.operators) {
        auto& order = restore.operators.emplace_back();
        order.id = one.id;
        order.old_parallelism = 2;
        order.finished = ack.finished;
        deployment_.restores.give(order, {{ack.task.subtask, one.handle}});
      }
      deployment_.restores.tasks.push_back(std::move(restore));
    }
  }
  /// The next attempt reads its state from files.
  void restoreFromFiles() {
    deployment_.storage.inline_threshold = 0;
    space_.hold = true;
    start();
    trigger(1);
    restoreFrom(reports_.awaitAcks(4, 1));
    deployment_.execution.attempt = AttemptId(2);
  }

  JobSpace space_;
  Reports reports_;
  fs::MemoryFileSystem files_;
  SystemRandom random_;
  SystemClock clock_;
  runtime::Deployment deployment_;
  std::unique_ptr<Worker> worker_;  // Ends before what it uses.
};

TEST_F(WorkerTest, EveryRecordArrivesOnceAndTasksLiveOnUntilToldToFinish) {
  space_.count = 100'000;
  start();
  reports_.awaitInputEnded(4);
  EXPECT_FALSE(worker_->ended());
  finish();
  EXPECT_EQ(reports_.awaitState(4, TaskState::kFinished).size(), 4U);
  for (std::uint64_t key = 0; key < space_.keys; ++key) {
    EXPECT_EQ(space_.sums[key], 2 * space_.count / space_.keys);
  }
  EXPECT_EQ(space_.closed, 4);
}

TEST_F(WorkerTest, AWatermarkArrivesBehindTheRecordsThatWereEmittedBeforeItAndInFrontOfTheRest) {
  space_.watermark_every = 250;
  start(1);
  reports_.awaitInputEnded(2);
  finish();
  std::lock_guard lock(space_.mutex);
  EXPECT_THAT(space_.events,
              ElementsAre("watermark 250 behind 250",
                          "watermark 500 behind 500",
                          "watermark 750 behind 750",
                          "watermark 1000 behind 1000",
                          "end 0"));
  EXPECT_EQ(space_.last_watermark_behind, 1000U);
}

TEST_F(WorkerTest, AnAlarmRingsOnceWhenItsTimeIsThereThoughNothingElseHappens) {
  space_.hold = true;
  space_.alarm_after = 30;
  start(1);
  while (space_.rung == 0) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  space_.hold = false;
  reports_.awaitInputEnded(2);
  finish();
  EXPECT_EQ(space_.rung, 1);
}

TEST_F(WorkerTest, CountsRecordsAndBytesAcrossEdges) {
  start();
  reports_.awaitInputEnded(4);
  finish();
  std::uint64_t in = 0;
  std::uint64_t out = 0;
  for (const auto& update : reports_.awaitState(4, TaskState::kFinished)) {
    in += update.metrics.records_in;
    out += update.metrics.records_out;
    EXPECT_GT(update.metrics.bytes_in + update.metrics.bytes_out, 1000U);
  }
  EXPECT_EQ(in, 2 * space_.count);
  EXPECT_EQ(out, 2 * space_.count);
}

TEST_F(WorkerTest, RestoredFromACheckpointTheSumIsExact) {
  space_.count = 2'000'000;
  start();
  awaitReceived(1000);
  trigger(1);
  const auto acks = reports_.awaitAcks(4, 1);
  restoreFrom(acks);  // What was summed since is lost, as in a failure.
  space_.received = 0;
  deployment_.execution.attempt = AttemptId(2);
  start();
  reports_.await<runtime::TaskUpdate>(
      4, [](const auto& u) { return u.input_ended && u.execution.attempt == AttemptId(2); });
  trigger(2);
  std::uint64_t sources = 0;
  std::uint64_t sinks = 0;
  for (const auto& ack : reports_.awaitAcks(4, 2)) {
    EXPECT_TRUE(ack.finished);
    const auto section = snapshot::SectionOpener(files_).open(ack.operators[0].handle);
    const auto states = state::readOperatorStates(**section);
    const auto number =
        *state::decodeElement<std::uint64_t>((*states)[0].elements[0], (*states)[0].info.schema);
    (ack.task.vertex == deployment_.graph->vertices[0].id ? sources : sinks) += number;
  }
  EXPECT_EQ(sources, 2 * space_.count);
  EXPECT_EQ(sinks, 2 * space_.count);
  finish();
}

TEST_F(WorkerTest, ARestoredTaskSaysHowMuchItHasRead) {
  restoreFromFiles();
  start();
  const auto running = reports_.await<runtime::TaskUpdate>(4, [](const auto& update) {
    return update.state == TaskState::kRunning && update.execution.attempt == AttemptId(2);
  });
  for (const runtime::TaskUpdate& update : running) {
    EXPECT_GT(update.metrics.restored_bytes, 0U);
  }
}

TEST_F(WorkerTest, ACancelDoesNotWaitForTheEndOfARestore) {
  restoreFromFiles();
  make(2);
  worker_->handle(runtime::CancelOrder{deployment_.execution});
  worker_->start();
  const auto ended = reports_.await<runtime::TaskUpdate>(4, [](const auto& update) {
    return update.state > TaskState::kDeploying && update.execution.attempt == AttemptId(2);
  });
  for (const runtime::TaskUpdate& update : ended) {
    EXPECT_EQ(update.state, TaskState::kCanceled);
  }
}

TEST_F(WorkerTest, StatesAreDescribedOncePerAttempt) {
  deployment_.storage.keeps_descriptions = true;
  space_.hold = true;
  start();
  trigger(1);
  const auto first = reports_.awaitAcks(4, 1);
  worker_->handle(runtime::NotifyOrder{deployment_.execution, CheckpointId(1), true});
  trigger(2);
  for (const auto& ack : reports_.awaitAcks(4, 2)) {
    EXPECT_TRUE(ack.operators[0].states.empty());
    EXPECT_EQ(ack.operators[0].amounts.size(), 1U);
  }
  restoreFrom(first);
  deployment_.execution.attempt = AttemptId(2);
  start();
  trigger(3);
  for (const auto& ack : reports_.awaitAcks(4, 3)) {
    EXPECT_EQ(ack.operators[0].states.size(), 1U);
  }
}

TEST_F(WorkerTest, AFinishedTaskThatIsRestoredDoesNotEndItsInputAgain) {
  start();
  reports_.awaitInputEnded(4);
  trigger(1);
  const auto acks = reports_.awaitAcks(4, 1);
  finish();
  const std::size_t before = space_.events.size();
  restoreFrom(acks);
  deployment_.execution.attempt = AttemptId(2);
  start();
  reports_.awaitInputEnded(8);
  finish();
  EXPECT_EQ(space_.events.size(), before);
  EXPECT_EQ(space_.received, 2 * space_.count);
}

TEST_F(WorkerTest, ASlowSinkHoldsItsSourcesAndBarriersStillPassQuickly) {
  space_.count = 1'000'000'000;
  space_.sink_nanos = 500'000;
  start(1);
  awaitReceived(50);
  const auto start = std::chrono::steady_clock::now();
  trigger(1);
  reports_.awaitAcks(2, 1);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(3));
  EXPECT_LT(space_.emitted - space_.received, 5'000U);
}

TEST_F(WorkerTest, ATaskThatWaitsForRoomIsCancelledAtOnce) {
  space_.count = 1'000'000'000;
  space_.sink_nanos = 20'000'000;
  start();
  awaitReceived(2);
  worker_->handle(runtime::CancelOrder{deployment_.execution});
  worker_->join();
  EXPECT_EQ(reports_.awaitState(4, TaskState::kCanceled).size(), 4U);
  EXPECT_EQ(space_.closed, 4);
}

TEST_F(WorkerTest, OrdersForAnotherAttemptAreIgnored) {
  space_.hold = true;
  start();
  reports_.awaitState(4, TaskState::kRunning);
  worker_->handle(runtime::CancelOrder{{JobId(), AttemptId(9), LeaderEpoch(1)}});
  trigger(1);
  EXPECT_EQ(reports_.awaitAcks(4, 1).size(), 4U);
}

TEST_F(WorkerTest, AnExceptionFailsItsTaskWithTypeMessageAndOperator) {
  space_.fail_at = 100;
  start();
  const auto failed = reports_.awaitState(1, TaskState::kFailed);
  EXPECT_THAT(failed[0].cause, HasSubstr("std::runtime_error: the sink has enough"));
  EXPECT_THAT(failed[0].cause, HasSubstr("'Sink'"));
}

TEST_F(WorkerTest, CutsALongExceptionBetweenCharactersAndWritesTheWholeToStandardError) {
  space_.failure = "begins here ";
  for (int i = 0; i < 3'000'000; ++i) {
    space_.failure += "\u00e9";  // Two bytes.
  }
  space_.failure += " ends there";
  space_.fail_at = 1;
  ::testing::internal::CaptureStderr();
  start(1);
  const auto failed = reports_.awaitState(1, TaskState::kFailed);
  const std::string whole = ::testing::internal::GetCapturedStderr();
  const std::string& cause = failed.front().cause;
  EXPECT_LE(cause.size(), 64U * 1024);
  EXPECT_THAT(cause, HasSubstr("std::runtime_error: begins here \u00e9"));
  EXPECT_THAT(cause, HasSubstr("\u00e9 ..."));
  EXPECT_THAT(cause, HasSubstr("(in 'Sink', subtask 1 of 1)"));
  EXPECT_THAT(whole, HasSubstr(space_.failure));
}

TEST_F(WorkerTest, AnAccumulatorAboveItsBoundFailsTheJobWithASentence) {
  space_.hold = true;
  space_.histogram_values = 400'000;
  start(1);
  const auto failed = reports_.awaitState(1, TaskState::kFailed);
  EXPECT_TRUE(failed.front().unrecoverable);
  EXPECT_TRUE(failed.front().accumulators.empty());
  EXPECT_THAT(failed.front().cause,
              AllOf(HasSubstr("taskmanager.worker.max-accumulator-size"),
                    HasSubstr("'values', a Histogram of 48000"),
                    HasSubstr("(in 'Sink', subtask 1 of 1)")));
  for (const auto& update :
       reports_.await<runtime::TaskUpdate>(1, [](const auto&) { return true; })) {
    EXPECT_LE(runtime::bytesOf(update), 1U << 20);
  }
}

TEST_F(WorkerTest, AnAccumulatorThatIsTooLargeOnlyAtTheEndFailsInsteadOfFinishing) {
  space_.histogram_values = 500;
  deployment_.configuration["taskmanager.worker.max-accumulator-size"] = "1 kb";
  start(1);
  const auto failed = reports_.awaitState(1, TaskState::kFailed);
  EXPECT_THAT(failed.front().cause, HasSubstr("more than the 1024 that"));
}

TEST_F(WorkerTest, TasksHearOfCompletedCheckpoints) {
  space_.hold = true;
  start();
  trigger(1);
  reports_.awaitAcks(4, 1);
  worker_->handle(runtime::NotifyOrder{deployment_.execution, CheckpointId(1), true});
  space_.hold = false;
  reports_.awaitInputEnded(4);
  finish();
  EXPECT_THAT(space_.events, Contains("complete 1"));
}

// A savepoint's lines are committed though its job is cancelled at once.
TEST_F(WorkerTest, TasksHearOfCheckpointsThatCompletedBeforeTheirCancel) {
  space_.count = 1000;
  space_.sink_nanos = 20'000'000;
  start(1);
  awaitReceived(1);
  worker_->handle(runtime::NotifyOrder{deployment_.execution, CheckpointId(1), true});
  worker_->handle(runtime::CancelOrder{deployment_.execution});
  worker_->join();
  EXPECT_THAT(space_.events, Contains("complete 1"));
}

TEST_F(WorkerTest, AnIdleSourceIsFlushedWithoutWaitingForTheTimeout) {
  space_.count = 10;
  deployment_.configuration["execution.buffer-timeout"] = "1 h";
  space_.hold = true;
  start();
  reports_.awaitState(4, TaskState::kRunning);
  space_.hold = false;
  awaitReceived(20);
}

TEST_F(WorkerTest, ASourceThatStopsEmitsNothingBehindItsSnapshotUnlessTheStopIsAborted) {
  space_.count = 1'000'000'000;
  start();
  awaitReceived(1000);
  trigger(1, runtime::StopMode::kSuspend);
  reports_.awaitAcks(4, 1);
  const std::uint64_t before = space_.emitted;
  trigger(2);
  reports_.awaitAcks(4, 2);
  EXPECT_EQ(space_.emitted, before);
  notify(1, false);
  awaitReceived(before + 1);
  worker_->handle(runtime::CancelOrder{deployment_.execution});
  worker_->join();
}

TEST_F(WorkerTest, AStoppedJobFinishesWithoutAnEndOfItsInput) {
  space_.count = 1'000'000'000;
  start();
  awaitReceived(1000);
  trigger(1, runtime::StopMode::kSuspend);
  for (const auto& ack : reports_.awaitAcks(4, 1)) {
    EXPECT_FALSE(ack.finished);
  }
  notify(1, true);
  finish();
  EXPECT_EQ(reports_.awaitState(4, TaskState::kFinished).size(), 4U);
  EXPECT_EQ(space_.received, space_.emitted);
  EXPECT_THAT(space_.events, UnorderedElementsAre("complete 1", "complete 1"));
}

TEST_F(WorkerTest, ADrainedSourceEndsItsInputInFrontOfItsSnapshot) {
  space_.count = 1'000'000'000;
  start();
  awaitReceived(1000);
  trigger(1, runtime::StopMode::kDrain);
  for (const auto& ack : reports_.awaitAcks(4, 1)) {
    EXPECT_TRUE(ack.finished);
  }
  reports_.awaitInputEnded(4);
  finish();
  EXPECT_EQ(space_.received, space_.emitted);
  EXPECT_THAT(space_.events, UnorderedElementsAre("end 0", "end 1"));
}

TEST_F(WorkerTest, AJobThatHasStoppedEmitsNothingWhenItIsDeployedAgain) {
  deployment_.stopped = true;
  start();
  reports_.awaitState(4, TaskState::kRunning);
  trigger(1);
  reports_.awaitAcks(4, 1);
  finish();
  EXPECT_EQ(reports_.awaitState(4, TaskState::kFinished).size(), 4U);
  EXPECT_EQ(space_.emitted, 0U);
}

}  // namespace
}  // namespace weir::worker
