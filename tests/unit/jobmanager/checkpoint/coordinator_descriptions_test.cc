#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/snapshot/metadata_file.h"
#include "common/snapshot/state_description.h"
#include "tests/unit/jobmanager/checkpoint/coordinator_fixture.h"

namespace weir::jobmanager {
namespace {

using namespace std::chrono_literals;  // NOLINT: durations of a test.
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::uint64_t kHash = 0xabc;

class CoordinatorDescriptionsTest : public CoordinatorFixture {
 protected:
  /// Task 2 has no state. Task 1 describes its state `name`, or says its amount only.
  void describe(std::uint64_t id, const std::string& name, std::uint64_t hash = kHash) {
    runtime::CheckpointAck ack = stored(id);
    runtime::SavedState state;
    state.name = name;
    state.value.kind = record::SchemaKind::kString;
    state.entries = 1;
    ack.operators[0].states = {state};
    ack.operators[0].description = hash;
    acknowledge(ack);
    acknowledge(id, 2);
  }
  void sayAmounts(std::uint64_t id,
                  std::vector<runtime::StateAmount> amounts,
                  std::uint64_t hash = kHash) {
    runtime::CheckpointAck ack = stored(id);
    ack.operators[0].description = hash;
    ack.operators[0].amounts = std::move(amounts);
    acknowledge(ack);
    acknowledge(id, 2);
  }
  void nextCheckpoint() { time_.advance(1s); }
  /// Of the first operator, in the file of the newest checkpoint.
  std::vector<runtime::SavedState> written() {
    const auto metadata = snapshot::readMetadata(files_, coordinator_->latest()->directory);
    EXPECT_TRUE(metadata.has_value()) << metadata.error().text();
    return metadata->operators[0].states;
  }

 private:
  runtime::CheckpointAck stored(std::uint64_t id) {
    write(id, 1);
    return ackWithFile(id, 1);
  }
};

TEST_F(CoordinatorDescriptionsTest, MetadataDescribesStatesOfWhichOnlyTheAmountsWereSent) {
  start();
  nextCheckpoint();
  describe(1, "sum");
  nextCheckpoint();
  sayAmounts(2, {{7, 70}});
  EXPECT_THAT(tasks_.notified, ElementsAre(1, 2));
  const auto states = written();
  ASSERT_EQ(states.size(), 1U);
  EXPECT_EQ(states[0].name, "sum");
  EXPECT_EQ(states[0].value.kind, record::SchemaKind::kString);
  EXPECT_EQ(states[0].entries, 7U);
  EXPECT_EQ(states[0].bytes, 70U);
}

TEST_F(CoordinatorDescriptionsTest, AHashThatIsNotKnownFailsItsCheckpointAndNoOther) {
  start();
  nextCheckpoint();
  sayAmounts(1, {{7, 70}});
  EXPECT_THAT(tasks_.aborted, ElementsAre(1));
  EXPECT_THAT(failureOf(1),
              AllOf(HasSubstr("task " + testing::operatorId(1).hex()),
                    HasSubstr("whose description it has not sent with a checkpoint that "
                              "completed"),
                    HasSubstr("with the next one")));
  nextCheckpoint();
  describe(2, "sum");
  EXPECT_THAT(tasks_.notified, ElementsAre(2));
}

TEST_F(CoordinatorDescriptionsTest, ADescriptionOfAnotherNumberOfStatesFailsTheCheckpoint) {
  start();
  nextCheckpoint();
  describe(1, "sum");
  nextCheckpoint();
  sayAmounts(2, {{7, 70}, {8, 80}});
  EXPECT_THAT(failureOf(2), HasSubstr("acknowledged with 2 states of operator 'source'"));
}

TEST_F(CoordinatorDescriptionsTest, WhatCameWithACheckpointThatFailedIsNotKept) {
  start();
  nextCheckpoint();
  runtime::CheckpointAck ack = ackOf(1, 1);
  ack.operators[0].states.resize(1);
  ack.operators[0].description = kHash;
  acknowledge(ack);
  coordinator_->decline({{}, CheckpointId(1), {testing::operatorId(2), 0}, "no"});
  nextCheckpoint();
  sayAmounts(2, {{7, 70}});
  EXPECT_THAT(tasks_.aborted, ElementsAre(1, 2));
}

TEST_F(CoordinatorDescriptionsTest, TheNextAttemptHasToDescribeItsStatesAgain) {
  start();
  nextCheckpoint();
  describe(1, "sum");
  coordinator_->stop(Error(ErrorCode::kUnavailable, "a worker died"));
  coordinator_->attemptEnded();
  coordinator_->start();
  nextCheckpoint();
  sayAmounts(2, {{7, 70}});
  EXPECT_THAT(tasks_.aborted, ElementsAre(2));
  nextCheckpoint();
  describe(3, "sum");
  nextCheckpoint();
  sayAmounts(4, {{8, 80}});
  EXPECT_THAT(tasks_.notified, ElementsAre(1, 3, 4));
}

TEST_F(CoordinatorDescriptionsTest,
       ACheckpointThatIsWrittenAcrossTheEndOfItsAttemptIsNoneOfTheNext) {
  start();
  nextCheckpoint();
  tasks_.hold_points = true;
  describe(1, "sum");
  coordinator_->stop(Error(ErrorCode::kUnavailable, "a worker died"));
  coordinator_->attemptEnded();
  coordinator_->start();
  tasks_.answerPoint();
  tasks_.hold_points = false;
  time_.runDue();
  ASSERT_THAT(tasks_.notified, ElementsAre(1));
  nextCheckpoint();
  sayAmounts(2, {{7, 70}});
  EXPECT_THAT(tasks_.aborted, ElementsAre(2));
}

TEST_F(CoordinatorDescriptionsTest, WhatWasOnItsWayWhenANewerDescriptionCompletedIsStillKnown) {
  start();
  nextCheckpoint();
  describe(1, "sum");
  nextCheckpoint();
  describe(2, "late", kHash + 1);
  nextCheckpoint();
  sayAmounts(3, {{7, 70}});
  EXPECT_THAT(tasks_.notified, ElementsAre(1, 2, 3));
  EXPECT_EQ(written()[0].name, "sum");
}

TEST_F(CoordinatorDescriptionsTest, AdoptedTasksNeedNotDescribeAgainWhatTheLatestCheckpointHas) {
  runtime::SavedState state;
  state.name = "sum";
  state.value.kind = record::SchemaKind::kString;
  const std::uint64_t hash = snapshot::descriptionOf({state});
  start();
  nextCheckpoint();
  describe(1, "sum", hash);
  auto checkpoint = *coordinator_->latest();
  const ha::JobCheckpoints known = tasks_.stored;
  coordinator_.emplace(services(), graph_, setup_, tasks_);
  coordinator_->resume(known, {checkpoint});
  coordinator_->adopt();
  coordinator_->start();
  EXPECT_THAT(tasks_.notified, ElementsAre(1, 1)) << "the latest one, again";
  nextCheckpoint();
  const std::uint64_t id = tasks_.triggered.back();
  EXPECT_GE(id, known.next.value());
  sayAmounts(id, {{7, 70}}, hash);
  EXPECT_THAT(tasks_.notified, ElementsAre(1, 1, id));
  EXPECT_EQ(written()[0].name, "sum");
}

}  // namespace
}  // namespace weir::jobmanager
