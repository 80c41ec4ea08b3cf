#include <chrono>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/functions/process_function.h"
#include "common/functions/stream_operators.h"
#include "common/state/state_error.h"
#include "tests/unit/common/functions/fakes.h"

namespace weir::functions {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

struct Order {
  std::string key;
  std::int64_t event = 0;       // Registers this event-time timer,
  std::int64_t processing = 0;  // and this one; 0: none.
  bool deletes = false;         // Instead.
};

/// Sets the timers that records ask for, and says who fired when.
struct Says : KeyedProcessFunction<std::string, Order, std::string> {
  ValueState<int> fired_{*this, "fired", 0};

  void processElement(const Order& value,
                      Context& context,
                      Collector<std::string>& /*out*/) override {
    TimerService& timers = context.timerService();
    if (value.event != 0) {
      value.deletes ? timers.deleteEventTimeTimer(value.event)
                    : timers.registerEventTimeTimer(value.event);
    }
    if (value.processing != 0) {
      value.deletes ? timers.deleteProcessingTimeTimer(value.processing)
                    : timers.registerProcessingTimeTimer(value.processing);
    }
  }
  void onTimer(std::int64_t time, OnTimerContext& context, Collector<std::string>& out) override {
    fired_.update(fired_.value() + 1);
    const bool event = context.timeDomain() == TimeDomain::kEventTime;
    EXPECT_EQ(context.timestamp(), time);
    out.collect(context.getCurrentKey() + (event ? "@" : "!") + std::to_string(time) + "#" +
                std::to_string(fired_.value()));
    if (context.getCurrentKey() == "again" && time < 100) {
      context.timerService().registerEventTimeTimer(time + 10);
    }
  }
};
const auto kKey = [](const Order& order) { return order.key; };
using SayingOperator =
    OneInputOperator<ProcessStep, Says, Order, std::string, std::string, decltype(kKey)>;

struct Saying {
  explicit Saying(std::uint32_t subtask = 0, std::uint32_t parallelism = 1)
      : context(subtask, parallelism), op(Says{}, kKey) {
    op.setup(context);
    op.addOutput(out);
  }
  void watermark(std::int64_t time) { op.input(0)->receive(Watermark{time}); }
  FakeContext context;
  Received<std::string> out;
  SayingOperator op;
};

TEST(ProcessOperatorTest, EventTimeTimersFireInOrderOfTimeWithTheirKeyBeforeTheWatermarkGoesOn) {
  Saying one;
  one.op.open();
  feed<Order>(one.op, {{"a", 30}, {"b", 10}, {"a", 20}, {"b", 10}, {"c", 31}});
  one.watermark(9);
  EXPECT_THAT(one.out.records, IsEmpty());
  one.watermark(30);
  EXPECT_THAT(one.out.records, ElementsAre("b@10#1", "a@20#1", "a@30#2"));
  EXPECT_THAT(one.out.timestamps, ElementsAre(10, 20, 30));
  EXPECT_THAT(one.out.signals,
              ElementsAre(Pair(0U, Signal(Watermark{9})), Pair(3U, Signal(Watermark{30}))));
}

TEST(ProcessOperatorTest, ADeletedTimerDoesNotFireAndOneThatIsSetAgainDoesOnce) {
  Saying one;
  one.op.open();
  feed<Order>(
      one.op,
      {{"a", 10}, {"a", 10, 0, true}, {"b", 10}, {"b", 10, 0, true}, {"b", 10}, {"c", 5, 0, true}});
  one.watermark(50);
  EXPECT_THAT(one.out.records, ElementsAre("b@10#1"));
}

TEST(ProcessOperatorTest, ATimerMaySetAnotherWhichFiresWithTheSameWatermarkIfThatReachesIt) {
  Saying one;
  one.op.open();
  feed<Order>(one.op, {{"again", 85}});
  one.watermark(99);
  EXPECT_THAT(one.out.records, ElementsAre("again@85#1", "again@95#2"));
  one.watermark(105);
  EXPECT_EQ(one.out.records.back(), "again@105#3");
}

TEST(ProcessOperatorTest, ATimerThatIsDueWhenItIsSetFiresWithTheNextWatermark) {
  Saying one;
  one.op.open();
  one.watermark(100);
  feed<Order>(one.op, {{"a", 20}});
  EXPECT_THAT(one.out.records, IsEmpty());
  one.watermark(101);
  one.watermark(102);
  EXPECT_THAT(one.out.records, ElementsAre("a@20#1"));
}

TEST(ProcessOperatorTest, ProcessingTimeTimersGoByTheClockUntilTheInputEnds) {
  Saying one;
  one.op.open();
  feed<Order>(one.op, {{"a", 0, 30}, {"b", 0, 10}, {"c", 0, 50}, {"d", 60}});
  one.context.time().advanceTo(40);
  EXPECT_THAT(one.out.records, ElementsAre("b!10#1", "a!30#1"));
  EXPECT_THAT(one.out.timestamps, IsEmpty());
  one.op.input(0)->receive(Watermark{Watermark::kEnd});
  one.op.input(0)->receive(EndOfInput{});
  one.context.time().advanceTo(100);
  EXPECT_THAT(one.out.records, ElementsAre("b!10#1", "a!30#1", "d@60#1"));
}

TEST(ProcessOperatorTest, TimersAreRestoredAtAnotherParallelismAndFireThereIfTheyWereDueMeanwhile) {
  Snapshots snapshots;
  {
    Saying one;
    one.op.open();
    std::vector<Order> orders;
    for (int i = 0; i < 100; ++i) {
      orders.push_back({"key" + std::to_string(i), 1000 + i, 2000 + i});
    }
    feed(one.op, orders);
    one.watermark(1049);
    EXPECT_EQ(one.out.records.size(), 50U);
    snapshots.take(one.op, 0);
  }
  std::set<std::string> fired;
  for (std::uint32_t subtask = 0; subtask < 3; ++subtask) {
    Saying one(subtask, 3);
    one.context.time().advanceTo(5000);
    ASSERT_TRUE(one.op.restore(snapshots.restoreFor(one.context.task())).has_value());
    one.op.open();
    EXPECT_THAT(one.out.records, IsEmpty());
    one.context.time().advanceTo(5001);
    EXPECT_GT(one.out.records.size(), 10U);
    one.watermark(1060);
    for (const std::string& said : one.out.records) {
      EXPECT_TRUE(fired.insert(said.substr(0, said.find('#'))).second) << said;
    }
  }
  EXPECT_EQ(fired.size(), 100U + 11U);
  EXPECT_TRUE(fired.contains("key60@1060"));
  EXPECT_FALSE(fired.contains("key49@1049"));
}

TEST(ProcessOperatorTest, AKeyThatHasHadNothingButTimersIsForgottenWithThem) {
  struct Silent : KeyedProcessFunction<std::string, Order, std::string> {
    void processElement(const Order& value,
                        Context& context,
                        Collector<std::string>& /*out*/) override {
      context.timerService().registerEventTimeTimer(value.event);
    }
    void onTimer(std::int64_t /*time*/,
                 OnTimerContext& /*c*/,
                 Collector<std::string>& /*out*/) override {}
  };
  OneInputOperator<ProcessStep, Silent, Order, std::string, std::string, decltype(kKey)> op(
      Silent{}, kKey);
  FakeContext context;
  op.setup(context);
  op.open();
  feed<Order>(op, {{"a", 10}, {"b", 20}});
  op.input(0)->receive(Watermark{100});
  Snapshots snapshots;
  snapshots.take(op, 0);
  for (const auto& part : snapshots.restoreFor(context.task()).sections) {
    for (const state::StateSummary& state : part.section->states()) {
      EXPECT_EQ(state.kind, state::StateKind::kTimer);
      EXPECT_EQ(state.entries, 0U);
    }
  }
}

struct Unkeyed : ProcessFunction<int, int> {
  void processElement(const int& value, Context& context, Collector<int>& out) override {
    if (value == 13) {
      context.timerService().registerEventTimeTimer(5);
    }
    context.output(OutputTag<std::string>("words"), std::to_string(value));
    out.collect(static_cast<int>(context.timerService().currentWatermark() % 1000));
  }
  void onTimer(std::int64_t /*time*/,
               OnTimerContext& /*context*/,
               Collector<int>& /*out*/) override {}
};
using UnkeyedOperator = OneInputOperator<ProcessStep, Unkeyed, int, int, NoKey, NoSelector>;

struct UnkeyedTest : ::testing::Test {
  UnkeyedTest() : op(Unkeyed{}, NoSelector{}) {
    op.setup(context);
    op.addOutput(out);
  }
  FakeContext context;
  Received<int> out;
  UnkeyedOperator op;
};

TEST_F(UnkeyedTest, WithoutKeyThereIsTimeAndATimerIsAnErrorThatSaysSo) {
  op.open();
  op.input(0)->receive(Watermark{77});
  feed<int>(op, {1});
  EXPECT_THAT(out.records, ElementsAre(77));
  try {
    feed<int>(op, {13});
    FAIL();
  } catch (const state::StateError& error) {
    EXPECT_THAT(error.what(), HasSubstr("stream without key"));
  }
}

TEST_F(UnkeyedTest, SideOutputsHaveRecordsTimestampsAndSignalsOfTheirOwn) {
  Received<std::string> words;
  op.addSideOutput("words", words);
  op.open();
  auto batch = batchOf<int>({1, 2}, {10, 20});
  static_cast<Receiver<int>*>(op.input(0))->receive(batch);
  op.input(0)->receive(Watermark{20});
  EXPECT_THAT(words.records, ElementsAre("1", "2"));
  EXPECT_THAT(words.timestamps, ElementsAre(10, 20));
  EXPECT_THAT(words.signals, ElementsAre(Pair(2U, Signal(Watermark{20}))));
  EXPECT_EQ(out.records.size(), 2U);
}

TEST_F(UnkeyedTest, ATagOfAnotherTypeThanItsConsumerFailsWithItsName) {
  Received<int> numbers;
  op.addSideOutput("words", numbers);
  op.open();
  try {
    feed<int>(op, {1});
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("'words'"));
  }
}

struct Pairing : CoProcessFunction<int, std::string, std::string>, RichFunction {
  ValueState<int> number_{*this, "number", 0};
  void processElement1(const int& value,
                       Context& context,
                       Collector<std::string>& /*out*/) override {
    number_.update(value);
    context.timerService().registerEventTimeTimer(value);
  }
  void processElement2(const std::string& value,
                       Context& context,
                       Collector<std::string>& /*out*/) override {
    context.timerService().deleteEventTimeTimer(std::stoi(value));
  }
  void onTimer(std::int64_t time,
               OnTimerContext& /*context*/,
               Collector<std::string>& out) override {
    out.collect(std::to_string(number_.value()) + "@" + std::to_string(time));
  }
};

TEST(CoProcessOperatorTest, TimersOfEitherInputWaitForTheWatermarksOfBoth) {
  const auto first = [](const int& value) { return value % 10; };
  const auto second = [](const std::string& value) { return std::stoi(value) % 10; };
  TwoInputOperator<CoSteps<Pairing>,
                   Pairing,
                   int,
                   std::string,
                   std::string,
                   int,
                   decltype(first),
                   decltype(second)>
      op(Pairing{}, first, second);
  FakeContext context;
  Received<std::string> out;
  op.setup(context);
  op.addOutput(out);
  op.open();
  feed<int>(op, {11, 22, 33}, 0);
  feed<std::string>(op, {"22"}, 1);
  op.input(0)->receive(Watermark{100});
  EXPECT_THAT(out.records, IsEmpty());
  op.input(1)->receive(Watermark{20});
  EXPECT_THAT(out.records, ElementsAre("11@11"));
  op.input(1)->receive(StreamStatus{true});
  EXPECT_THAT(out.records, ElementsAre("11@11", "33@33"));
}

}  // namespace
}  // namespace weir::functions
