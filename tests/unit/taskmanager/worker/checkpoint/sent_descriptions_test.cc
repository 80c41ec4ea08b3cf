#include "taskmanager/worker/checkpoint/sent_descriptions.h"

#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/schema/schema.h"

namespace weir::worker {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

runtime::SavedState state(std::string name, std::uint64_t entries) {
  runtime::SavedState one;
  one.name = std::move(name);
  one.entries = entries;
  one.bytes = entries * 10;
  return one;
}

runtime::CheckpointAck ackOf(std::uint64_t id, std::vector<runtime::SavedState> states) {
  runtime::CheckpointAck ack;
  ack.checkpoint = CheckpointId(id);
  ack.operators.resize(1);
  ack.operators[0].states = std::move(states);
  return ack;
}

class SentDescriptionsTest : public ::testing::Test {
 protected:
  /// What is acknowledged of an operator with `states`.
  runtime::OperatorSnapshot send(std::uint64_t id, std::vector<runtime::SavedState> states) {
    runtime::CheckpointAck ack = ackOf(id, std::move(states));
    sent_.shorten(ack);
    return ack.operators[0];
  }
  void complete(std::uint64_t id) { sent_.completed(CheckpointId(id)); }

  SentDescriptions sent_{true};
};

TEST_F(SentDescriptionsTest, DescribesUntilACheckpointThatDidHasCompleted) {
  EXPECT_THAT(send(1, {state("sum", 1)}).states, SizeIs(1));
  const auto again = send(2, {state("sum", 2)});
  EXPECT_THAT(again.states, SizeIs(1));
  complete(2);
  const auto later = send(3, {state("sum", 3)});
  EXPECT_THAT(later.states, IsEmpty());
  EXPECT_THAT(later.amounts, ElementsAre(runtime::StateAmount{3, 30}));
  EXPECT_EQ(later.description, again.description);
}

TEST_F(SentDescriptionsTest, DescribesAgainWhenAStateWasRegisteredLater) {
  send(1, {state("sum", 1)});
  complete(1);
  const auto more = send(2, {state("sum", 1), state("late", 1)});
  EXPECT_THAT(more.states, SizeIs(2));
  EXPECT_THAT(more.amounts, IsEmpty());
  complete(2);
  EXPECT_THAT(send(3, {state("sum", 1), state("late", 2)}).amounts, SizeIs(2));
}

TEST_F(SentDescriptionsTest, DescribesAgainWhatIsOfAnotherSchema) {
  auto one = state("sum", 1);
  send(1, {one});
  complete(1);
  one.value.kind = record::SchemaKind::kString;
  EXPECT_THAT(send(2, {one}).states, SizeIs(1));
}

TEST_F(SentDescriptionsTest, DescribesAgainAfterACheckpointThatCalledItByItsHashWasAborted) {
  send(1, {state("sum", 1)});
  complete(1);
  EXPECT_THAT(send(2, {state("sum", 1)}).states, IsEmpty());
  sent_.aborted(CheckpointId(2));
  EXPECT_THAT(send(3, {state("sum", 1)}).states, SizeIs(1));
}

TEST_F(SentDescriptionsTest, AnotherTasksCompletedDescriptionIsNoneOfThisOne) {
  send(1, {state("sum", 1)});
  complete(1);
  runtime::CheckpointAck other = ackOf(2, {state("sum", 1)});
  other.task.subtask = 1;
  sent_.shorten(other);
  EXPECT_THAT(other.operators[0].states, SizeIs(1));
}

TEST_F(SentDescriptionsTest, AnOperatorWithoutStateIsDescribedByNothing) {
  send(1, {});
  complete(1);
  const auto one = send(2, {});
  EXPECT_EQ(one.description, 0U);
  EXPECT_THAT(one.amounts, IsEmpty());
}

TEST(SentDescriptionsOldTest, AJobManagerThatKeepsNoneIsSentAllOfThem) {
  SentDescriptions sent(false);
  for (const std::uint64_t id : {1U, 2U}) {
    runtime::CheckpointAck ack = ackOf(id, {state("sum", 1)});
    sent.shorten(ack);
    sent.completed(CheckpointId(id));
    EXPECT_THAT(ack.operators[0].states, SizeIs(1));
    EXPECT_EQ(ack.operators[0].description, 0U);
  }
}

}  // namespace
}  // namespace weir::worker
