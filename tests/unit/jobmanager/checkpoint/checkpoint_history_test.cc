#include "jobmanager/checkpoint/checkpoint_history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/jobmanager/checkpoint/fake_tasks.h"
#include "tests/unit/jobmanager/job_graphs.h"

namespace weir::jobmanager {
namespace {

using namespace std::chrono_literals;  // NOLINT: durations of a test.
using ::testing::AllOf;
using ::testing::Each;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

class TasksOnHosts final : public FakeTasks {
 public:
  std::string hostOf(const runtime::TaskId& task) const override {
    return "host" + std::to_string(task.subtask);
  }
};

/// A job of a source and a map, all of whose subtasks are connected, that checkpoints each second.
class CheckpointHistoryTest : public ::testing::Test {
 protected:
  explicit CheckpointHistoryTest(std::uint32_t parallelism = 2)
      : graph_(testing::twoVertices(parallelism)) {
    graph_.vertices[0].name = "source";
    graph_.vertices[1].name = "map";
    graph_.checkpoints.interval = 1s;
    graph_.edges[0].partitioning = graph::Partitioning::kHash;
  }
  struct Ack {
    std::uint8_t vertex = 1;
    std::uint32_t subtask = 0;
    runtime::CheckpointPhases phases = {};  // As measured, without the start delay.
    std::uint32_t last_channel = 0;
    Duration at{};
    std::uint64_t in_flight_bytes = 0;
  };
  void acknowledge(const Ack& what) {
    runtime::CheckpointAck ack;
    ack.checkpoint = id_;
    ack.task = {testing::operatorId(what.vertex), what.subtask};
    ack.alignment_millis = what.phases.alignment;
    ack.flush_millis = what.phases.flush;
    ack.freeze_millis = what.phases.freeze;
    ack.queue_millis = what.phases.queue;
    ack.write_millis = what.phases.write;
    ack.last_channel = what.last_channel;
    ack.in_flight_bytes = what.in_flight_bytes;
    ack.unaligned = what.in_flight_bytes > 0;
    history_.acknowledged(ack, 10, what.at);
  }
  void acknowledgeSources() {
    acknowledge({.vertex = 1, .subtask = 0, .at = 10ms});
    acknowledge({.vertex = 1, .subtask = 1, .at = 10ms});
  }
  /// Subtask 2 of the map takes no input.
  void holdUp() {
    tasks_.held_up = [](const runtime::TaskId& task, std::int64_t /*since*/) {
      return task == runtime::TaskId{testing::operatorId(2), 1} ? "has taken no input" : "";
    };
  }
  void begin() { history_.began(id_, false, 1000); }
  std::string verdict() { return history_.report(id_)->verdict; }
  std::string completed(Duration took, Duration storing = {}) {
    history_.completed(id_, took, storing, "/chk");
    return verdict();
  }
  Error expired() { return Error(ErrorCode::kDeadlineExceeded, "expired before completing"); }

  const CheckpointId id_{7};
  graph::JobGraph graph_;
  TasksOnHosts tasks_;
  CheckpointHistory history_{graph_, {100, 8}, tasks_};
};

TEST_F(CheckpointHistoryTest, KeepsWhatEachSubtaskTook) {
  begin();
  acknowledgeSources();
  acknowledge(
      {.vertex = 2, .subtask = 1, .phases = {0, 30, 1, 2, 3, 4}, .last_channel = 2, .at = 100ms});
  const auto report = *history_.report(id_);
  ASSERT_THAT(report.vertices, SizeIs(2));
  const runtime::SubtaskTimeline& map = report.vertices[1].subtasks[1];
  EXPECT_EQ(map.phases, (runtime::CheckpointPhases{60, 30, 1, 2, 3, 4}));
  EXPECT_EQ(map.acknowledged, 100U);
  EXPECT_EQ(map.behind, "source (2/2)");
  EXPECT_EQ(map.host, "host1");
  EXPECT_EQ(report.vertices[0].acknowledged, 2U);
  EXPECT_EQ(report.vertices[0].bytes, 20U);
}

TEST_F(CheckpointHistoryTest, SaysWhatItsBarriersHaveOvertakenAndWhere) {
  begin();
  acknowledgeSources();
  acknowledge({.vertex = 2, .subtask = 0, .at = 20ms, .in_flight_bytes = 30});
  acknowledge({.vertex = 2, .subtask = 1, .at = 20ms, .in_flight_bytes = 12});
  completed(30ms);
  const auto report = *history_.report(id_);
  EXPECT_TRUE(report.unaligned);
  EXPECT_EQ(report.in_flight_bytes, 42U);
  EXPECT_FALSE(report.vertices[0].subtasks[0].unaligned);
  EXPECT_TRUE(report.vertices[1].subtasks[1].unaligned);
  EXPECT_EQ(report.vertices[1].subtasks[1].in_flight_bytes, 12U);
}

TEST_F(CheckpointHistoryTest, ACheckpointWithinItsIntervalIsInTime) {
  begin();
  acknowledgeSources();
  EXPECT_EQ(completed(900ms), "in time");
}

TEST_F(CheckpointHistoryTest, BlamesTheAlignmentAndNamesWhomItWaitedFor) {
  begin();
  acknowledgeSources();
  acknowledge({.vertex = 2, .subtask = 0, .last_channel = 1, .at = 20ms});
  acknowledge({.vertex = 2,
               .subtask = 1,
               .phases = {0, 41'000, 0, 1, 0, 1},
               .last_channel = 2,
               .at = 41'050ms});
  EXPECT_EQ(completed(41'060ms), "slow: map (2/2) on host1: 41 s alignment behind source (2/2)");
}

TEST_F(CheckpointHistoryTest, BlamesTheSourceThatSentItsBarrierLateAndNotWhoWaitedForIt) {
  begin();
  acknowledge({.vertex = 1, .subtask = 0, .at = 10ms});
  acknowledge({.vertex = 1, .subtask = 1, .at = 30'000ms});
  acknowledge({.vertex = 2,
               .subtask = 0,
               .phases = {0, 29'900, 0, 0, 0, 0},
               .last_channel = 2,
               .at = 30'010ms});
  acknowledge({.vertex = 2, .subtask = 1, .last_channel = 2, .at = 30'005ms});
  EXPECT_EQ(completed(30'020ms), "slow: source (2/2) on host1: 30 s until it began");
}

TEST_F(CheckpointHistoryTest, BlamesTheWritingOfALargeState) {
  begin();
  acknowledgeSources();
  acknowledge({.vertex = 2, .subtask = 0, .phases = {0, 0, 0, 2, 0, 5000}, .at = 5020ms});
  EXPECT_EQ(completed(5030ms), "slow: map (1/2) on host0: 5.0 s to write its state");
}

TEST_F(CheckpointHistoryTest, BlamesTheJobManagerThatStoredItSlowly) {
  begin();
  acknowledgeSources();
  EXPECT_EQ(completed(3000ms, 2900ms), "slow: the job manager took 2.9 s to make it durable");
}

TEST_F(CheckpointHistoryTest, AnExpiredOneNamesWhoIsMissingAndNotWhoWaitsForThem) {
  begin();
  acknowledge({.vertex = 1, .subtask = 0, .at = 10ms});
  history_.failed(id_, 600s, expired());
  EXPECT_THAT(verdict(),
              AllOf(StartsWith("expired before completing: source (2/2) on host1 was told"),
                    Not(HasSubstr("map"))));
  const auto report = *history_.report(id_);
  EXPECT_THAT(
      report.vertices[1].subtasks,
      Each(Field(&runtime::SubtaskTimeline::missing, "waits for the barrier of source (2/2)")));
}

TEST_F(CheckpointHistoryTest, AnExpiredOneSaysThatBarriersWaitBehindRecords) {
  begin();
  acknowledgeSources();
  acknowledge({.vertex = 2, .subtask = 0, .last_channel = 1, .at = 10ms});
  history_.failed(id_, 600s, expired());
  EXPECT_THAT(verdict(), HasSubstr("map (2/2) on host1 has records to work through"));
}

TEST_F(CheckpointHistoryTest, ASubtaskThatTakesNoInputIsNamedAsWhatIsWaitedFor) {
  begin();
  holdUp();
  EXPECT_THAT(verdict(),
              HasSubstr("source (1/2) on host0 was told to begin, and is busy, stores its state or "
                        "waits for map (2/2), which has taken no input"));
  acknowledgeSources();
  acknowledge({.vertex = 2, .subtask = 0, .last_channel = 1, .at = 10ms});
  EXPECT_EQ(verdict(), "in progress: map (2/2) on host1 has taken no input");
  EXPECT_EQ(history_.told()[0]->verdict, verdict());
  EXPECT_EQ(history_.report(id_)->vertices[1].subtasks[1].missing, "has taken no input");
  history_.failed(id_, 600s, expired());
  EXPECT_EQ(verdict(), "expired before completing: map (2/2) on host1 has taken no input");
}

TEST_F(CheckpointHistoryTest, ASlowOneSaysWhatHeldItsBarriersUp) {
  begin();
  holdUp();
  acknowledgeSources();
  acknowledge({.vertex = 2, .subtask = 0, .last_channel = 1, .at = 20ms});
  acknowledge({.vertex = 2, .subtask = 1, .last_channel = 2, .at = 41'010ms});
  EXPECT_EQ(completed(41'020ms),
            "slow: map (2/2) on host1: 41 s behind records that came before the barrier of source "
            "(2/2); it has taken no input");
}

TEST_F(CheckpointHistoryTest, OneThatWasDeclinedSaysWhyInOneLine) {
  begin();
  history_.failed(id_, 1s, Error(ErrorCode::kFailedPrecondition, "declined: too large\nmore"));
  EXPECT_EQ(verdict(), "declined: too large");
  EXPECT_EQ(history_.report(id_)->failure, "declined: too large\nmore");
}

TEST_F(CheckpointHistoryTest, OneInProgressSaysWhoIsMissingNow) {
  begin();
  acknowledge({.vertex = 1, .subtask = 1, .at = 10ms});
  EXPECT_THAT(verdict(), StartsWith("in progress: source (1/2) on host0"));
}

TEST_F(CheckpointHistoryTest, WhatWasHandedOutDoesNotChange) {
  begin();
  const auto before = history_.views();
  acknowledgeSources();
  EXPECT_EQ(before[0]->acknowledged, 0U);
  EXPECT_EQ(history_.views()[0]->acknowledged, 2U);
}

TEST_F(CheckpointHistoryTest, ForgetsTheOldest) {
  for (std::uint64_t id = 1; id <= 101; ++id) {
    history_.began(CheckpointId(id), false, 0);
  }
  EXPECT_FALSE(history_.report(CheckpointId(1)));
  EXPECT_TRUE(history_.report(CheckpointId(2)));
  EXPECT_THAT(history_.views(), SizeIs(100));
}

class CheckpointHistoryOfManyTest : public CheckpointHistoryTest {
 protected:
  CheckpointHistoryOfManyTest() : CheckpointHistoryTest(1000) {}
};

TEST_F(CheckpointHistoryOfManyTest, KeepsTheSlowestSubtasksAndASumOfAll) {
  begin();
  for (std::uint32_t subtask = 0; subtask < 1000; ++subtask) {
    acknowledge(
        {.vertex = 1, .subtask = subtask, .at = Duration(std::chrono::milliseconds(subtask))});
  }
  const auto report = *history_.report(id_);
  ASSERT_THAT(report.vertices[0].subtasks, SizeIs(4));
  EXPECT_THAT(report.vertices[0].subtasks,
              Each(Field(&runtime::SubtaskTimeline::acknowledged, ::testing::Ge(996U))));
  EXPECT_EQ(report.vertices[0].acknowledged, 1000U);
  EXPECT_EQ(report.vertices[0].bytes, 10'000U);
  EXPECT_EQ(report.vertices[0].last, 999U);
}

TEST_F(CheckpointHistoryOfManyTest, NamesThreeOfThoseThatAreMissing) {
  begin();
  for (std::uint32_t subtask = 0; subtask < 900; ++subtask) {
    acknowledge({.vertex = 1, .subtask = subtask, .at = 5ms});
  }
  history_.failed(id_, 600s, expired());
  EXPECT_THAT(verdict(),
              AllOf(HasSubstr("source (903/1000)"),
                    HasSubstr("; and 97 more"),
                    Not(HasSubstr("source (904/1000)"))));
}

}  // namespace
}  // namespace weir::jobmanager
