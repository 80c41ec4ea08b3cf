#include "common/functions/signal_join.h"

#include <gtest/gtest.h>

namespace weir::functions {
namespace {

std::optional<Signal> just(const Signal& signal) { return signal; }
Barrier barrierOf(std::uint64_t checkpoint) { return {CheckpointId(checkpoint), 0, false}; }

TEST(SignalJoinTest, TheWatermarkIsTheLeastOfAllInputsOnceEachHasOne) {
  SignalJoin join(3);
  EXPECT_EQ(join.join(0, Watermark{10}), std::nullopt);
  EXPECT_EQ(join.join(1, Watermark{30}), std::nullopt);
  EXPECT_EQ(join.join(2, Watermark{20}), just(Watermark{10}));
  EXPECT_EQ(join.join(1, Watermark{40}), std::nullopt);
  EXPECT_EQ(join.join(0, Watermark{50}), just(Watermark{20}));
}

TEST(SignalJoinTest, AWatermarkThatGoesBackOrSaysNothingNewIsIgnored) {
  SignalJoin join(2);
  join.join(0, Watermark{10});
  EXPECT_EQ(join.join(1, Watermark{10}), just(Watermark{10}));
  EXPECT_EQ(join.join(0, Watermark{5}), std::nullopt);
  EXPECT_EQ(join.join(1, Watermark{20}), std::nullopt);
  EXPECT_EQ(join.join(0, Watermark{10}), std::nullopt);
  EXPECT_EQ(join.join(0, Watermark{11}), just(Watermark{11}));
}

TEST(SignalJoinTest, ABarrierHasComeWithTheLastInputAlsoWhereOneHasEnded) {
  SignalJoin join(2);
  EXPECT_EQ(join.join(0, EndOfInput{}), std::nullopt);
  EXPECT_EQ(join.join(1, barrierOf(1)), std::nullopt);
  EXPECT_EQ(join.join(0, barrierOf(1)), just(barrierOf(1)));
  EXPECT_EQ(join.join(0, barrierOf(1)), std::nullopt);
}

TEST(SignalJoinTest, ANewerBarrierLeavesAnOlderOneBehind) {
  SignalJoin join(2);
  EXPECT_EQ(join.join(0, barrierOf(1)), std::nullopt);
  EXPECT_EQ(join.join(1, barrierOf(2)), std::nullopt);
  EXPECT_EQ(join.join(1, barrierOf(1)), std::nullopt);
  EXPECT_EQ(join.join(0, barrierOf(2)), just(barrierOf(2)));
}

TEST(SignalJoinTest, TheEndHasComeWithTheLastInputAndOnce) {
  SignalJoin join(2);
  EXPECT_EQ(join.join(0, EndOfInput{}), std::nullopt);
  EXPECT_EQ(join.join(0, EndOfInput{}), std::nullopt);
  EXPECT_FALSE(join.ended());
  EXPECT_EQ(join.join(1, EndOfInput{}), just(EndOfInput{}));
  EXPECT_TRUE(join.ended());
  EXPECT_EQ(join.join(1, EndOfInput{}), std::nullopt);
}

TEST(SignalJoinTest, NobodyWaitsForAnIdleInput) {
  SignalJoin join(2);
  join.join(0, Watermark{10});
  EXPECT_EQ(join.join(1, StreamStatus{true}), just(Watermark{10}));
  EXPECT_EQ(join.more(), std::nullopt);
  EXPECT_EQ(join.join(0, Watermark{30}), just(Watermark{30}));
}

TEST(SignalJoinTest, ItIsIdleWhileAllInputsAreAndHasTheLargestWatermarkThen) {
  SignalJoin join(2);
  join.join(0, Watermark{10});
  join.join(1, Watermark{20});
  EXPECT_EQ(join.join(1, StreamStatus{true}), std::nullopt);
  EXPECT_EQ(join.join(0, StreamStatus{true}), just(Watermark{20}));
  EXPECT_EQ(join.more(), just(StreamStatus{true}));
  EXPECT_EQ(join.more(), std::nullopt);
  EXPECT_EQ(join.join(0, StreamStatus{true}), std::nullopt);
  EXPECT_EQ(join.join(0, StreamStatus{false}), just(StreamStatus{false}));
}

TEST(SignalJoinTest, AnIdleInputDoesNotHoldBackTheEndOfTimeOfOneThatHasEnded) {
  SignalJoin join(2);
  join.join(0, Watermark{10});
  join.join(1, Watermark{20});
  EXPECT_EQ(join.join(1, StreamStatus{true}), std::nullopt);
  EXPECT_EQ(join.join(0, Watermark{Watermark::kEnd}), just(Watermark{Watermark::kEnd}));
  EXPECT_EQ(join.more(), std::nullopt);
  EXPECT_EQ(join.join(1, Watermark{30}), std::nullopt) << "it comes too late";
}

TEST(SignalJoinTest, AnInputThatHasEndedDoesNotHoldBackThoseThatAreActive) {
  SignalJoin join(2);
  join.join(0, Watermark{Watermark::kEnd});
  EXPECT_EQ(join.join(1, Watermark{30}), just(Watermark{30}));
  EXPECT_EQ(join.join(1, StreamStatus{true}), just(Watermark{Watermark::kEnd}));
}

TEST(SignalJoinTest, AWatermarkMakesAnIdleInputActiveAndCannotTakeTheJointOneBack) {
  SignalJoin join(2);
  join.join(0, Watermark{10});
  join.join(1, StreamStatus{true});
  join.join(0, Watermark{30});
  EXPECT_EQ(join.join(1, Watermark{5}), std::nullopt);
  EXPECT_EQ(join.join(0, Watermark{40}), std::nullopt);
  EXPECT_EQ(join.join(1, Watermark{35}), just(Watermark{35}));
}

TEST(SignalJoinTest, AnIdleStreamIsActiveAgainWithAWatermarkThatSaysNothingNew) {
  SignalJoin join(1);
  join.join(0, Watermark{10});
  EXPECT_EQ(join.join(0, StreamStatus{true}), just(StreamStatus{true}));
  EXPECT_EQ(join.join(0, Watermark{10}), just(StreamStatus{false}));
  EXPECT_EQ(join.join(0, StreamStatus{true}), just(StreamStatus{true}));
  EXPECT_EQ(join.join(0, Watermark{11}), just(Watermark{11}));
  EXPECT_EQ(join.more(), std::nullopt);
}

TEST(SignalJoinTest, AMarkPassesWithTheLastInputOfItsRoundAndTheHottestCounts) {
  SignalJoin join(3);
  EXPECT_EQ(join.join(0, LoopMark{7, 1, 0}), std::nullopt);
  EXPECT_EQ(join.join(1, LoopMark{7, 1, 2}), std::nullopt);
  EXPECT_EQ(join.join(1, LoopMark{9, 1, 5}), std::nullopt) << "that of another loop";
  EXPECT_EQ(join.join(2, LoopMark{7, 1, 1}), just(LoopMark{7, 1, 2}));
  EXPECT_EQ(join.join(2, LoopMark{7, 2, 0}), std::nullopt);
}

TEST(SignalJoinTest, AMarkDoesNotWaitForInputsThatHaveEnded) {
  SignalJoin join(3);
  EXPECT_EQ(join.join(0, EndOfInput{}), std::nullopt);
  EXPECT_EQ(join.join(1, LoopMark{7, 1, 0}), std::nullopt);
  EXPECT_EQ(join.join(2, EndOfInput{}), just(LoopMark{7, 1, 0}));
  EXPECT_EQ(join.join(1, LoopMark{7, 2, 3}), just(LoopMark{7, 2, 3}));
  EXPECT_EQ(join.join(1, EndOfInput{}), just(EndOfInput{}));
}

}  // namespace
}  // namespace weir::functions
