// What enters and what leaves a task, without its operators.

#include <chrono>

#include <gtest/gtest.h>

#include "taskmanager/worker/task/task_input.h"
#include "taskmanager/worker/task/task_outputs.h"

namespace weir::worker {
namespace {

constexpr SteadyTime atMillis(std::int64_t millis) {
  return SteadyTime(std::chrono::milliseconds(millis));
}

class TaskInputTest : public ::testing::Test {
 protected:
  BufferPool pool_{4096, 100};
  WakeSignal signal_;
  /// Edge 4 has two channels, edge 7 one.
  TaskInput input_{{{4, 0, 2}, {7, 2, 1}}, pool_, signal_};
};

TEST_F(TaskInputTest, AnEdgeEndsWithItsLastChannelAndTheInputWithItsLastEdge) {
  EXPECT_EQ(input_.endChannel(1), std::nullopt);
  EXPECT_EQ(input_.endChannel(2), 7U);
  EXPECT_FALSE(input_.ended());
  EXPECT_EQ(input_.endChannel(0), 4U);
  EXPECT_TRUE(input_.ended());
}

TEST_F(TaskInputTest, AChannelThatEndsAgainEndsNothing) {
  EXPECT_EQ(input_.endChannel(2), 7U);
  EXPECT_EQ(input_.endChannel(2), std::nullopt);
  EXPECT_FALSE(input_.ended());
}

TEST_F(TaskInputTest, HandsEventsOnWithTheirChannelAndThenHasNothing) {
  EXPECT_EQ(input_.next(), TaskInput::Next::kNothing);
  input_.gate().pushEvent(1, Event::endOfInput());
  ASSERT_EQ(input_.next(), TaskInput::Next::kEvent);
  ASSERT_EQ(input_.next(), TaskInput::Next::kEvent);  // Looking takes nothing.
  const auto arrived = input_.takeEvent();
  EXPECT_EQ(arrived.channel, 1U);
  EXPECT_EQ(arrived.event.kind, Event::Kind::kEndOfInput);
  EXPECT_EQ(input_.next(), TaskInput::Next::kNothing);
}

TEST_F(TaskInputTest, ASourceHasNone) {
  EXPECT_FALSE(input_.empty());
  EXPECT_TRUE(TaskInput({}, pool_, signal_).empty());
}

class TaskOutputsTest : public ::testing::Test {
 protected:
  TaskOutputs make(std::int64_t timeout) {
    return {pool_, signal_, stop_, clock_, std::chrono::milliseconds(timeout)};
  }
  BufferPool pool_{4096, 100};
  WakeSignal signal_;
  std::atomic<bool> stop_{false};
  SystemClock clock_;
};

TEST_F(TaskOutputsTest, StartedBuffersAreDueATimeoutAfterTheFirstRecord) {
  TaskOutputs outputs = make(100);
  EXPECT_FALSE(outputs.due(atMillis(5000)));
  outputs.noteStarted(atMillis(1000));
  outputs.noteStarted(atMillis(1099));
  EXPECT_FALSE(outputs.due(atMillis(1099)));
  EXPECT_TRUE(outputs.due(atMillis(1100)));
  outputs.noteFlushed();
  EXPECT_FALSE(outputs.due(atMillis(1100)));
}

TEST_F(TaskOutputsTest, WithoutATimeoutNothingIsEverDue) {
  TaskOutputs outputs = make(-1);
  outputs.noteStarted(atMillis(1000));
  EXPECT_TRUE(outputs.started());
  EXPECT_FALSE(outputs.due(atMillis(1'000'000)));
}

TEST_F(TaskOutputsTest, WhatIsDueAtOnceWaitsForNothing) {
  TaskOutputs outputs = make(100);
  outputs.noteStarted(atMillis(1000));
  outputs.noteDue(atMillis(1001));
  EXPECT_TRUE(outputs.due(atMillis(1001)));
}

TEST_F(TaskOutputsTest, AnEventReachesAllChannelsOfAllEdges) {
  TaskOutputs outputs = make(100);
  WakeSignal consumer;
  InputGate gate(3, pool_, consumer);
  std::vector<std::unique_ptr<OutputChannel>> pair;
  pair.push_back(std::make_unique<LocalChannel>(gate, 0));
  pair.push_back(std::make_unique<LocalChannel>(gate, 1));
  outputs.add(0, std::move(pair));
  std::vector<std::unique_ptr<OutputChannel>> single;
  single.push_back(std::make_unique<LocalChannel>(gate, 2));
  outputs.add(1, std::move(single));
  outputs.broadcast(Event::endOfInput());
  int events = 0;
  while (gate.next()) {
    ++events;
  }
  EXPECT_EQ(events, 3);
  EXPECT_TRUE(outputs.hasRoom());
}

}  // namespace
}  // namespace weir::worker
