#include "common/functions/assigner_operator.h"

#include <algorithm>
#include <chrono>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/functions/source_operator.h"
#include "tests/unit/common/functions/fakes.h"

namespace weir::functions {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

using Strategy = WatermarkStrategy<int>;
const auto kItself = [](const int& value) -> std::int64_t { return value; };

template <typename A>
struct Assigning {
  explicit Assigning(A assigner) : op(std::move(assigner), {}) {
    op.setup(context);
    op.addOutput(out);
    op.open();
  }
  void pass(std::int64_t millis) { context.time().advanceTo(context.time().now() + millis); }
  void feed(std::vector<int> records, std::vector<std::int64_t> timestamps = {}) {
    auto batch = batchOf(std::move(records), std::move(timestamps));
    static_cast<Receiver<int>&>(*op.input(0)).receive(batch);
  }
  FakeContext context;
  Received<int> out;
  AssignerOperator<A, int> op;
};

TEST(AssignerOperatorTest, BoundedDisorderGivesTheLargestTimestampLessBoundLessOneOnceAnInterval) {
  Assigning one(Strategy::forBoundedOutOfOrderness(5ms).withTimestampAssigner(kItself));
  one.pass(200);
  EXPECT_THAT(one.out.signals, IsEmpty());
  one.feed({10, 30, 20});
  one.pass(199);
  EXPECT_THAT(one.out.signals, IsEmpty());
  one.pass(1);
  one.feed({25});
  one.pass(200);
  EXPECT_THAT(one.out.timestamps, ElementsAre(10, 30, 20, 25));
  EXPECT_THAT(one.out.signals, ElementsAre(Pair(3U, Signal(Watermark{24}))));
}

TEST(AssignerOperatorTest, NegativeTimesHaveWatermarksLikeAnyOther) {
  Assigning one(Strategy::forMonotonousTimestamps().withTimestampAssigner(kItself));
  one.feed({-30, -20});
  one.pass(200);
  EXPECT_THAT(one.out.signals, ElementsAre(Pair(2U, Signal(Watermark{-21}))));
}

TEST(AssignerOperatorTest, WithoutAnAssignerTheTimestampsOfTheSourceCount) {
  Assigning one(Strategy::forMonotonousTimestamps());
  one.feed({1, 2}, {100, 90});
  one.pass(200);
  EXPECT_THAT(one.out.timestamps, ElementsAre(100, 90));
  EXPECT_THAT(one.out.signals, ElementsAre(Pair(2U, Signal(Watermark{99}))));
}

TEST(AssignerOperatorTest, ARecordWithoutTimestampFailsWithWhatToCall) {
  Assigning one(Strategy::forMonotonousTimestamps());
  try {
    one.feed({1});
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("assignTimestampsAndWatermarks()"));
  }
}

TEST(AssignerOperatorTest, WhatCameBeforeIsReplacedButForTheEnd) {
  Assigning one(Strategy::noWatermarks().withTimestampAssigner(kItself));
  one.feed({7}, {1});
  one.op.input(0)->receive(Watermark{3});
  one.op.input(0)->receive(StreamStatus{true});
  one.op.input(0)->receive(Watermark{Watermark::kEnd});
  one.pass(1000);
  EXPECT_THAT(one.out.timestamps, ElementsAre(7));
  EXPECT_THAT(one.out.signals, ElementsAre(Pair(1U, Signal(Watermark{Watermark::kEnd}))));
}

TEST(AssignerOperatorTest, WithoutRecordsForSoLongTheStreamIsIdleUntilTheNextOne) {
  Assigning one(
      Strategy::forMonotonousTimestamps().withTimestampAssigner(kItself).withIdleness(500ms));
  one.feed({10});
  one.pass(200);
  one.pass(499);
  EXPECT_THAT(one.out.signals, ElementsAre(Pair(1U, Signal(Watermark{9}))));
  one.pass(200);
  one.feed({12});
  EXPECT_THAT(one.out.signals,
              ElementsAre(Pair(1U, Signal(Watermark{9})),
                          Pair(1U, Signal(StreamStatus{true})),
                          Pair(1U, Signal(StreamStatus{false}))));
}

TEST(AssignerOperatorTest, ATaskThatWasStoppedLooksForRecordsBeforeItsStreamIsIdle) {
  for (const auto idleness : {500ms, 50ms}) {
    Assigning one(
        Strategy::forMonotonousTimestamps().withTimestampAssigner(kItself).withIdleness(idleness));
    const std::int64_t step = std::min<std::int64_t>(200, idleness.count() / 2);
    one.feed({10});
    one.pass(step);
    one.context.time().stopUntil(60'000);
    one.pass(0);     // Its alarm comes first,
    one.feed({12});  // what had come meanwhile behind it.
    one.pass(step);
    EXPECT_THAT(one.out.signals,
                ElementsAre(Pair(1U, Signal(Watermark{9})), Pair(2U, Signal(Watermark{11}))));
  }
}

struct EachTenth : AssignerWithPunctuatedWatermarks<int> {
  std::int64_t extractTimestamp(const int& value, std::int64_t previous) override {
    return previous == kNoTimestamp ? value : previous + value;
  }
  std::optional<std::int64_t> checkAndGetNextWatermark(const int& value,
                                                       std::int64_t extracted) override {
    return value % 10 == 0 ? std::optional(extracted) : std::nullopt;
  }
};

TEST(AssignerOperatorTest, APunctuatedWatermarkStandsRightBehindItsRecordAndNeverGoesBack) {
  Assigning one(EachTenth{});
  one.feed({3, 20, 4, 10, 30});
  one.feed({5}, {100});
  EXPECT_THAT(one.out.timestamps, ElementsAre(3, 20, 4, 10, 30, 105));
  EXPECT_THAT(one.out.signals,
              ElementsAre(Pair(2U, Signal(Watermark{20})), Pair(5U, Signal(Watermark{30}))));
}

struct Counted : AssignerWithPeriodicWatermarks<int>, Checkpointed<std::int64_t> {
  std::int64_t most = kNoTimestamp;
  std::int64_t extractTimestamp(const int& value, std::int64_t /*previous*/) override {
    most = std::max<std::int64_t>(most, value);
    return value;
  }
  std::int64_t getCurrentWatermark() override { return most; }
  std::int64_t snapshotState(std::uint64_t /*checkpoint*/) override { return most; }
  void restoreState(const std::int64_t& state) override { most = state; }
};

TEST(AssignerOperatorTest, AUsersAssignerKeepsStateAndBeginsWithoutAWatermarkAfterARestore) {
  Snapshots snapshots;
  {
    Assigning one(Counted{});
    one.feed({50});
    one.pass(200);
    EXPECT_THAT(one.out.signals, ElementsAre(Pair(1U, Signal(Watermark{50}))));
    snapshots.take(one.op, 0);
  }
  FakeContext context;
  Received<int> out;
  AssignerOperator<Counted, int> restored(Counted{}, {});
  restored.setup(context);
  restored.addOutput(out);
  ASSERT_TRUE(restored.restore(snapshots.restoreFor(context.task())).has_value());
  restored.open();
  EXPECT_THAT(out.signals, IsEmpty());
  context.time().advanceTo(200);
  EXPECT_THAT(out.signals, ElementsAre(Pair(0U, Signal(Watermark{50}))));
}

/// Does what the test says at each poll.
struct Scripted : SourceFunction<int> {
  std::function<void(SourceContext<int>&)> step;
  InputStatus pollNext(SourceContext<int>& context) override {
    step(context);
    return InputStatus::kNothingAvailable;
  }
};

struct SourceTimeTest : ::testing::Test {
  void poll(std::function<void(SourceContext<int>&)> step) {
    if (!op) {
      Scripted script;
      script.step = [this](SourceContext<int>& to) { now(to); };
      op.emplace(script, settings);
      op->setup(context);
      op->addOutput(out);
      op->open();
    }
    now = std::move(step);
    op->poll(100);
  }
  std::function<void(SourceContext<int>&)> now;
  TimeSettings settings;
  FakeContext context;
  Received<int> out;
  std::optional<SourceOperator<Scripted, int>> op;
};

TEST_F(SourceTimeTest, WatermarksAndIdlenessStandBetweenTheRecordsOfASource) {
  poll([](auto& to) {
    to.collectWithTimestamp(1, 10);
    to.emitWatermark(10);
    to.emitWatermark(5);
    to.markAsTemporarilyIdle();
    to.markAsTemporarilyIdle();
    to.collectWithTimestamp(2, 11);
    to.markAsTemporarilyIdle();
    to.emitWatermark(12);
    to.collectWithTimestamp(3, 13);
  });
  EXPECT_THAT(out.timestamps, ElementsAre(10, 11, 13));
  EXPECT_THAT(out.signals,
              ElementsAre(Pair(1U, Signal(Watermark{10})),
                          Pair(1U, Signal(StreamStatus{true})),
                          Pair(1U, Signal(StreamStatus{false})),
                          Pair(2U, Signal(StreamStatus{true})),
                          Pair(2U, Signal(Watermark{12}))));
}

TEST_F(SourceTimeTest, IngestionTimeStampsRecordsLaterThanTheWatermarkBeforeThem) {
  settings.characteristic = TimeCharacteristic::kIngestionTime;
  context.time().advanceTo(1000);
  poll([](auto& to) {
    to.collect(1);
    to.emitWatermark(5000);
  });
  context.time().advanceTo(1200);
  poll([](auto& to) { to.collectWithTimestamp(2, 3); });
  EXPECT_THAT(out.timestamps, ElementsAre(1000, 1200));
  EXPECT_THAT(out.signals, ElementsAre(Pair(1U, Signal(Watermark{1199}))));
  op->emit(EndOfInput{});
  context.time().advanceTo(5000);
  EXPECT_EQ(out.signals.size(), 2U);
}

}  // namespace
}  // namespace weir::functions
