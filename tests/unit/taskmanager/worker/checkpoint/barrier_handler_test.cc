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

/// Two channels, of which `second` may be overtaken or not.
BarrierOvertaker overtaker(Duration patience = {}, bool second = true) {
  return BarrierOvertaker({{true, second}, patience});
}
constexpr std::chrono::seconds kSecond{1};

TEST(BarrierOvertakerTest, ABarrierPassesOnceItHasComeToEveryChannel) {
  BarrierOvertaker handler = overtaker();
  handler.onAnnounced(0, barrier(1), kStart);
  EXPECT_EQ(handler.overtakesAt(), SteadyTime::max());
  EXPECT_FALSE(handler.overtake(kStart).passed);
  handler.onAnnounced(1, barrier(1), kStart);
  EXPECT_EQ(handler.overtakesAt(), kStart);
  const BarrierVerdict verdict = handler.overtake(kStart + kSecond);
  ASSERT_TRUE(verdict.passed);
  EXPECT_TRUE(verdict.passed->unaligned);
  EXPECT_TRUE(verdict.overtaken);
  EXPECT_TRUE(verdict.release);
  EXPECT_EQ(verdict.alignment, kSecond);
  EXPECT_EQ(handler.pending(), 0U);
}

TEST(BarrierOvertakerTest, ItsBarriersMeanNothingWhenTheyAreReadLater) {
  BarrierOvertaker handler = overtaker();
  handler.onAnnounced(0, barrier(1), kStart);
  handler.onAnnounced(1, barrier(1), kStart);
  ASSERT_TRUE(handler.overtake(kStart).passed);
  EXPECT_EQ(barrier(handler, 0, 1), "");
  EXPECT_EQ(barrier(handler, 1, 1), "");
  EXPECT_EQ(handler.pending(), 0U);
  EXPECT_EQ(barrier(handler, 0, 2), "block ");
  EXPECT_EQ(barrier(handler, 1, 2), "release snapshot2");
}

TEST(BarrierOvertakerTest, WaitsForItsPatienceAndIsAlignedIfRecordsComeInTime) {
  BarrierOvertaker handler = overtaker(kSecond);
  handler.onAnnounced(0, barrier(1), kStart);
  handler.onAnnounced(1, barrier(1), kStart);
  EXPECT_EQ(handler.overtakesAt(), kStart + kSecond);
  EXPECT_FALSE(handler.overtake(kStart + kSecond / 2).passed);
  EXPECT_EQ(barrier(handler, 0, 1), "block ");
  EXPECT_EQ(barrier(handler, 1, 1), "release snapshot1");
  EXPECT_EQ(handler.overtakesAt(), SteadyTime::max());
}

TEST(BarrierOvertakerTest, TurnsInTheMiddleOfAnAlignment) {
  BarrierOvertaker handler = overtaker(kSecond);
  handler.onAnnounced(0, barrier(1), kStart);
  handler.onAnnounced(1, barrier(1), kStart);
  EXPECT_EQ(barrier(handler, 0, 1), "block ");
  const BarrierVerdict verdict = handler.overtake(kStart + kSecond);
  EXPECT_TRUE(verdict.passed);
  EXPECT_TRUE(verdict.release);
}

TEST(BarrierOvertakerTest, WhereABarrierHasOvertakenBeforeNobodyWaitsForIt) {
  BarrierOvertaker handler = overtaker(kSecond);
  functions::Barrier one = barrier(1);
  handler.onAnnounced(0, one, kStart);
  one.unaligned = true;
  handler.onAnnounced(1, one, kStart);
  EXPECT_EQ(handler.overtakesAt(), kStart);
}

TEST(BarrierOvertakerTest, WaitsForTheBarrierOfAChannelThatIsNotOvertaken) {
  BarrierOvertaker handler = overtaker({}, /*second=*/false);
  handler.onAnnounced(0, barrier(1), kStart);
  handler.onAnnounced(1, barrier(1), kStart);
  EXPECT_EQ(handler.overtakesAt(), SteadyTime::max());
  EXPECT_EQ(barrier(handler, 1, 1), "block ");
  EXPECT_TRUE(handler.overtake(kStart).overtaken);
}

TEST(BarrierOvertakerTest, SavepointsAndStopsAreAligned) {
  for (const bool stops : {false, true}) {
    BarrierOvertaker handler = overtaker();
    functions::Barrier one = barrier(1);
    one.savepoint = !stops;
    one.stops = stops;
    handler.onAnnounced(0, one, kStart);
    handler.onAnnounced(1, one, kStart);
    EXPECT_EQ(handler.overtakesAt(), SteadyTime::max());
    EXPECT_EQ(handler.onBarrier(0, one, kStart).block, true);
    const BarrierVerdict verdict = handler.onBarrier(1, one, kStart);
    ASSERT_TRUE(verdict.passed);
    EXPECT_FALSE(verdict.overtaken);
    EXPECT_FALSE(verdict.passed->unaligned);
  }
}

TEST(BarrierOvertakerTest, AnOlderCheckpointIsNotOvertakenUntilItIsTakenOrAborted) {
  BarrierOvertaker handler = overtaker();
  functions::Barrier savepoint = barrier(1);
  savepoint.savepoint = true;
  handler.onAnnounced(0, savepoint, kStart);
  handler.onAnnounced(0, barrier(2), kStart);
  handler.onAnnounced(1, barrier(2), kStart);
  EXPECT_FALSE(handler.overtake(kStart).passed);
  handler.onAborted(CheckpointId(1));
  EXPECT_EQ(handler.overtake(kStart).passed->checkpoint, CheckpointId(2));
}

TEST(BarrierOvertakerTest, AnAbortInTheMiddleReleasesAndItsLateBarriersAreIgnored) {
  BarrierOvertaker handler = overtaker();
  handler.onAnnounced(0, barrier(1), kStart);
  EXPECT_EQ(barrier(handler, 0, 1), "block ");
  EXPECT_TRUE(handler.onAborted(CheckpointId(1)).release);
  handler.onAnnounced(1, barrier(1), kStart);
  EXPECT_EQ(handler.pending(), 0U);
  EXPECT_EQ(handler.overtakesAt(), SteadyTime::max());
  EXPECT_EQ(barrier(handler, 1, 1), "");
}

TEST(BarrierOvertakerTest, RemembersTheNewestOnlyWhateverIsNeverComplete) {
  BarrierOvertaker handler = overtaker();
  for (std::uint64_t id = 1; id < 1000; ++id) {
    handler.onAnnounced(0, barrier(id), kStart);
  }
  EXPECT_EQ(handler.pending(), BarrierOvertaker::kMostPending);
}

TEST(BarrierOvertakerTest, AtLeastOnceNothingOvertakes) {
  const auto handler = BarrierHandler::make(graph::CheckpointingMode::kAtLeastOnce, 2);
  handler->onAnnounced(0, barrier(1), kStart);
  handler->onAnnounced(1, barrier(1), kStart);
  EXPECT_EQ(handler->overtakesAt(), SteadyTime::max());
  EXPECT_FALSE(handler->overtake(kStart).passed);
}

}  // namespace
}  // namespace weir::worker
