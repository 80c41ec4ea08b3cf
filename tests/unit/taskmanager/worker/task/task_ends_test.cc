// What enters and what leaves a task, without its operators.

#include <chrono>

#include <gtest/gtest.h>

#include "taskmanager/worker/task/task_input.h"
#include "taskmanager/worker/task/task_outputs.h"

namespace weir::worker {
namespace {

using functions::Barrier;
using functions::EndOfInput;
using functions::Signal;
using functions::Watermark;

constexpr SteadyTime atMillis(std::int64_t millis) {
  return SteadyTime(std::chrono::milliseconds(millis));
}

/// Port 0 has edge 4 with two channels and edge 9 with one, port 1 has edge 7 with one.
class TaskInputTest : public ::testing::Test {
 protected:
  /// What the signal makes of the whole input when it comes on `channel`.
  std::optional<TaskInput::Joined> push(std::uint32_t channel, const Signal& signal) {
    input_.gate().pushSignal(channel, signal);
    EXPECT_EQ(input_.next(), TaskInput::Next::kSignal);
    return input_.join();
  }
  /// The port that the end of `channel` ends.
  std::optional<std::uint32_t> end(std::uint32_t channel) {
    const auto joined = push(channel, EndOfInput{});
    return joined ? std::optional(joined->port) : std::nullopt;
  }

  BufferPool pool_{4096, 100};
  WakeSignal signal_;
  SystemClock clock_;
  TaskInput input_{{{4, 0, 0, 2}, {7, 1, 2, 1}, {9, 0, 3, 1}},
                   graph::CheckpointingMode::kExactlyOnce,
                   pool_,
                   signal_,
                   clock_};
};

TEST_F(TaskInputTest, APortEndsWithTheLastChannelOfItsEdgesAndTheInputWithItsLastPort) {
  EXPECT_EQ(end(1), std::nullopt);
  EXPECT_EQ(end(2), 1U);
  EXPECT_EQ(end(3), std::nullopt);
  EXPECT_FALSE(input_.ended());
  EXPECT_EQ(end(0), 0U);
  EXPECT_TRUE(input_.ended());
}

TEST_F(TaskInputTest, AChannelThatEndsAgainEndsNothing) {
  EXPECT_EQ(end(2), 1U);
  EXPECT_EQ(end(2), std::nullopt);
  EXPECT_FALSE(input_.ended());
}

TEST_F(TaskInputTest, LookingTakesNothing) {
  EXPECT_EQ(input_.next(), TaskInput::Next::kNothing);
  input_.gate().pushSignal(1, EndOfInput{});
  EXPECT_EQ(input_.next(), TaskInput::Next::kSignal);
  EXPECT_EQ(input_.next(), TaskInput::Next::kSignal);
  input_.join();
  EXPECT_EQ(input_.next(), TaskInput::Next::kNothing);
}

TEST_F(TaskInputTest, AWatermarkHasComeOnceAllChannelsOfItsPortHaveIt) {
  EXPECT_FALSE(push(0, Watermark{5}));
  EXPECT_FALSE(push(1, Watermark{9}));
  const auto least = push(3, Watermark{7});
  ASSERT_TRUE(least);
  EXPECT_EQ(least->signal, Signal(Watermark{5}));
  EXPECT_EQ(least->port, 0U);
  EXPECT_EQ(push(2, Watermark{1})->port, 1U);
}

TEST_F(TaskInputTest, ABarrierHasComeOnceAllChannelsHaveItAndWhatIsBehindItWaits) {
  const Barrier barrier{CheckpointId(3), 1, false};
  for (const std::uint32_t channel : {0U, 3U, 2U}) {
    EXPECT_FALSE(push(channel, barrier));
  }
  input_.gate().pushSignal(0, Watermark{5});
  EXPECT_EQ(input_.next(), TaskInput::Next::kNothing);
  const auto aligned = push(1, barrier);
  ASSERT_TRUE(aligned);
  EXPECT_EQ(aligned->signal, Signal(barrier));
  EXPECT_EQ(input_.next(), TaskInput::Next::kSignal);
}

TEST_F(TaskInputTest, AnAlignmentThatIsGivenUpReleasesItsChannels) {
  EXPECT_FALSE(push(0, Barrier{CheckpointId(3), 1, false}));
  input_.gate().pushSignal(0, Watermark{5});
  EXPECT_EQ(input_.next(), TaskInput::Next::kNothing);
  input_.abort(CheckpointId(3));
  EXPECT_EQ(input_.next(), TaskInput::Next::kSignal);
}

TEST_F(TaskInputTest, ASourceHasNone) {
  EXPECT_FALSE(input_.empty());
  EXPECT_TRUE(
      TaskInput({}, graph::CheckpointingMode::kExactlyOnce, pool_, signal_, clock_).empty());
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

TEST_F(TaskOutputsTest, ASignalReachesAllChannelsOfItsEdge) {
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
  outputs.edge(0).broadcast(EndOfInput{});
  EXPECT_EQ(gate.next()->channel, 0U);
  EXPECT_EQ(gate.next()->channel, 1U);
  EXPECT_FALSE(gate.next());
  EXPECT_TRUE(outputs.hasRoom());
}

}  // namespace
}  // namespace weir::worker
