#include "taskmanager/worker/checkpoint/barrier_handler.h"

#include <gtest/gtest.h>

namespace weir::worker {
namespace {

functions::Barrier barrier(std::uint64_t id) {
  functions::Barrier barrier;
  barrier.checkpoint = CheckpointId(id);
  return barrier;
}
const SteadyTime kStart{std::chrono::hours(1)};

/// Verdict of the barrier `id` on `channel` as a word: what a table of expectations reads like.
template <typename Handler>
std::string barrier(Handler& handler, std::uint32_t channel, std::uint64_t id) {
  const BarrierVerdict verdict = handler.onBarrier(channel, barrier(id), kStart);
  std::string text;
  text += verdict.release ? "release " : "";
  text += verdict.block ? "block " : "";
  text += verdict.passed ? "snapshot" + std::to_string(verdict.passed->checkpoint.value()) : "";
  return text;
}

TEST(BarrierAlignerTest, BlocksChannelsUntilAllHaveDelivered) {
  BarrierAligner aligner(3);
  EXPECT_EQ(barrier(aligner, 1, 1), "block ");
  EXPECT_EQ(barrier(aligner, 0, 1), "block ");
  EXPECT_EQ(barrier(aligner, 2, 1), "release snapshot1");
  EXPECT_FALSE(aligner.aligning());
}

TEST(BarrierAlignerTest, ASingleChannelNeverBlocks) {
  BarrierAligner aligner(1);
  EXPECT_EQ(barrier(aligner, 0, 1), "release snapshot1");
  EXPECT_EQ(barrier(aligner, 0, 2), "release snapshot2");
}

TEST(BarrierAlignerTest, ANewerBarrierGivesUpTheOlderAlignment) {
  BarrierAligner aligner(2);
  EXPECT_EQ(barrier(aligner, 0, 1), "block ");
  EXPECT_EQ(barrier(aligner, 1, 2), "release block ");
  EXPECT_EQ(barrier(aligner, 1, 1), "");
  EXPECT_EQ(barrier(aligner, 0, 2), "release snapshot2");
}

TEST(BarrierAlignerTest, ANewerBarrierOnTheBlockedChannelItselfRestarts) {
  BarrierAligner aligner(2);
  EXPECT_EQ(barrier(aligner, 0, 1), "block ");
  EXPECT_EQ(barrier(aligner, 0, 2), "release block ");
  EXPECT_EQ(barrier(aligner, 1, 2), "release snapshot2");
}

TEST(BarrierAlignerTest, AnAbortReleasesTheAlignmentAndItsLateBarriersAreIgnored) {
  BarrierAligner aligner(2);
  EXPECT_EQ(barrier(aligner, 0, 1), "block ");
  EXPECT_TRUE(aligner.onAborted(CheckpointId(1)).release);
  EXPECT_EQ(barrier(aligner, 1, 1), "");
  EXPECT_EQ(barrier(aligner, 0, 2), "block ");
  EXPECT_EQ(barrier(aligner, 1, 2), "release snapshot2");
}

TEST(BarrierAlignerTest, AnAbortedCheckpointDoesNotTakeAnOlderOneWithIt) {
  BarrierAligner aligner(1);
  EXPECT_FALSE(aligner.onAborted(CheckpointId(2)).release);
  EXPECT_EQ(barrier(aligner, 0, 1), "release snapshot1");
  EXPECT_EQ(barrier(aligner, 0, 2), "");
}

TEST(BarrierAlignerTest, IgnoresRepeatedAndTakenBarriers) {
  BarrierAligner aligner(2);
  EXPECT_EQ(barrier(aligner, 0, 5), "block ");
  EXPECT_EQ(barrier(aligner, 0, 5), "");
  EXPECT_EQ(barrier(aligner, 1, 5), "release snapshot5");
  EXPECT_EQ(barrier(aligner, 1, 5), "");
  EXPECT_EQ(barrier(aligner, 1, 4), "");
}

TEST(BarrierAlignerTest, MeasuresTheAlignmentFromTheFirstBarrier) {
  BarrierAligner aligner(2);
  aligner.onBarrier(0, barrier(1), kStart);
  const auto verdict = aligner.onBarrier(1, barrier(1), kStart + std::chrono::milliseconds(40));
  EXPECT_EQ(verdict.alignment, std::chrono::milliseconds(40));
}

TEST(BarrierTrackerTest, NeverBlocksAndCountsSeveralCheckpointsAtOnce) {
  BarrierTracker tracker(2);
  EXPECT_EQ(barrier(tracker, 0, 1), "");
  EXPECT_EQ(barrier(tracker, 0, 2), "");
  EXPECT_EQ(barrier(tracker, 1, 1), "snapshot1");
  EXPECT_EQ(barrier(tracker, 1, 2), "snapshot2");
}

TEST(BarrierTrackerTest, ACompleteCheckpointDropsAllOlderOnes) {
  BarrierTracker tracker(2);
  barrier(tracker, 0, 1);
  barrier(tracker, 0, 2);
  EXPECT_EQ(barrier(tracker, 1, 2), "snapshot2");
  EXPECT_EQ(barrier(tracker, 1, 1), "");
  EXPECT_EQ(tracker.pending(), 0U);
}

TEST(BarrierTrackerTest, RemembersAtMostFiftyCheckpoints) {
  BarrierTracker tracker(2);
  for (std::uint64_t id = 1; id <= 60; ++id) {
    barrier(tracker, 0, id);
  }
  EXPECT_EQ(tracker.pending(), BarrierTracker::kMostPending);
  EXPECT_EQ(barrier(tracker, 1, 10), "");
  EXPECT_EQ(barrier(tracker, 1, 11), "snapshot11");
}

TEST(BarrierTrackerTest, TakesNoSnapshotOfAnAbortedCheckpoint) {
  BarrierTracker tracker(2);
  barrier(tracker, 0, 1);
  tracker.onAborted(CheckpointId(1));
  EXPECT_EQ(barrier(tracker, 1, 1), "");
}

}  // namespace
}  // namespace weir::worker
