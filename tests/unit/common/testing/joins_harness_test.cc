#include <cstdint>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/api/weir.h"
#include "common/testing/testing.h"

namespace weir::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Optional;
using ::testing::UnorderedElementsAre;
using ::testing::UnorderedElementsAreArray;

struct Order {
  std::string id;
  int amount = 0;
};
struct Payment {
  std::string order;
  int paid = 0;
};

Time ms(std::int64_t n) { return Time::milliseconds(n); }
TumblingEventTimeWindows hundreds() { return TumblingEventTimeWindows::of(ms(100)); }

struct Match : JoinFunction<Order, Payment, std::string> {
  std::string join(const Order& order, const Payment& payment) override {
    return order.id + ":" + std::to_string(order.amount) + "/" + std::to_string(payment.paid);
  }
};

TEST(JoinsHarnessTest, RunsAJoinOfWindowsInTenLines) {
  TwoInputHarness h(Match{}, &Order::id, &Payment::order, hundreds());
  h.push1({"a", 5}, 10);
  h.push2({"a", 3}, 20);
  h.push2({"a", 2}, 99);
  h.push2({"b", 1}, 30);
  h.push2({"a", 9}, 100);
  h.watermark(99);
  EXPECT_THAT(h.records(),
              UnorderedElementsAre(Timestamped<std::string>{"a:5/3", 99},
                                   Timestamped<std::string>{"a:5/2", 99}));
}

TEST(JoinsHarnessTest, TheWatermarkOfAJoinIsTheLeastOfBothInputs) {
  TwoInputHarness h(Match{}, &Order::id, &Payment::order, hundreds());
  h.push1({"a", 5}, 10);
  h.push2({"a", 3}, 20);
  h.watermark1(500);
  EXPECT_THAT(h.output(), IsEmpty());
  h.watermark2(99);
  EXPECT_THAT(h.output(), ElementsAre("a:5/3"));
  EXPECT_THAT(h.watermarks(), ElementsAre(99));
  h.endInput2();
  EXPECT_THAT(h.watermarks(), ElementsAre(99, 500));
  h.endInput1();
  EXPECT_EQ(h.stateEntries(), 0U);
}

/// Gives the sizes of both sides.
struct Sizes : CoGroupFunction<Order, Payment, std::string> {
  void coGroup(Iterable<Order>& orders,
               Iterable<Payment>& payments,
               Collector<std::string>& out) override {
    out.collect(std::to_string(orders.size()) + "+" + std::to_string(payments.size()));
  }
};

TEST(JoinsHarnessTest, ACoGroupGetsBothSidesAlsoWhereOneIsEmpty) {
  TwoInputHarness h(Sizes{}, &Order::id, &Payment::order, hundreds());
  h.push1({"a", 5}, 10);
  h.push1({"b", 5}, 10);
  h.push2({"a", 3}, 20);
  h.push2({"c", 3}, 20);
  h.endInput();
  EXPECT_THAT(h.output(), UnorderedElementsAre("1+1", "1+0", "0+1"));
}

TEST(JoinsHarnessTest, TriggersAndLatenessOfAJoinAreThoseOfTheProgram) {
  TwoInputHarness h(Sizes{}, &Order::id, &Payment::order, inWindows([](auto pair) {
                      return pair.window(EventTimeSessionWindows::withGap(ms(50)))
                          .trigger(EventTimeTrigger::create())
                          .allowedLateness(ms(100));
                    }));
  h.push1({"a", 5}, 0);
  h.push2({"a", 5}, 40);
  h.watermark(89);
  h.push2({"a", 6}, 60);
  h.watermark(109);
  EXPECT_THAT(h.output(), ElementsAre("1+1", "1+2"));
}

TEST(JoinsHarnessTest, WhatAJoinKeepsGoesOnAfterARestoreInOtherSubtasks) {
  TwoInputHarness h(Match{}, &Order::id, &Payment::order, hundreds());
  for (int i = 0; i < 20; ++i) {
    h.push1({std::to_string(i), i}, 10);
  }
  int pairs = 0;
  for (const Snapshot& part : split(h.snapshot(), 3)) {
    TwoInputHarness other(Match{}, &Order::id, &Payment::order, hundreds());
    other.restore(part);
    for (int i = 0; i < 20; ++i) {
      if (other.owns(std::to_string(i))) {
        other.push2({std::to_string(i), i}, 20);
      }
    }
    other.endInput();
    pairs += static_cast<int>(other.output().size());
  }
  EXPECT_EQ(pairs, 20);
}

/// Counts the pairs of a key.
struct Pair : ProcessJoinFunction<Order, Payment, std::string> {
  ValueState<int> pairs_{*this, "pairs", 0};
  void processElement(const Order& order,
                      const Payment& payment,
                      Context& context,
                      Collector<std::string>& out) override {
    pairs_.update(pairs_.value() + 1);
    context.output(OutputTag<std::int64_t>("lags"),
                   context.getRightTimestamp() - context.getLeftTimestamp());
    out.collect(order.id + ":" + std::to_string(payment.paid));
  }
};

TEST(JoinsHarnessTest, AnIntervalJoinPairsWhatItsBoundsSayAndKeepsStateOfItsKey) {
  TwoInputHarness h(Pair{}, &Order::id, &Payment::order, between(ms(-10), ms(20)));
  h.push1({"a", 5}, 100);
  h.push2({"a", 1}, 89);
  h.push2({"a", 2}, 90);
  h.push2({"a", 3}, 120);
  h.push2({"a", 4}, 121);
  EXPECT_THAT(
      h.records(),
      ElementsAre(Timestamped<std::string>{"a:2", 100}, Timestamped<std::string>{"a:3", 120}));
  EXPECT_THAT(h.sideOutput(OutputTag<std::int64_t>("lags")), ElementsAre(-10, 20));
  EXPECT_THAT(h.state(ValueStateDescriptor<int>("pairs", 0), "a"), Optional(2));
  h.watermark(1000);
  EXPECT_THAT(h.timers(), IsEmpty());
  h.push1({"a", 5}, 999);
  EXPECT_EQ(h.accumulator<LongCounter>("numLateRecordsDropped")->getLocalValue(), 1);
}

TEST(JoinsHarnessTest, BoundsOfAnIntervalMayBeExclusiveAndHaveToBeInOrder) {
  const auto open = between(ms(-10), ms(20)).lowerBoundExclusive().upperBoundExclusive();
  TwoInputHarness h(Pair{}, &Order::id, &Payment::order, open);
  h.push1({"a", 5}, 100);
  for (const int at : {90, 91, 119, 120}) {
    h.push2({"a", at}, at);
  }
  EXPECT_THAT(h.output(), ElementsAre("a:91", "a:119"));
  try {
    TwoInputHarness wrong(Pair{}, &Order::id, &Payment::order, between(ms(1), ms(0)));
    FAIL();
  } catch (const JobExecutionException& error) {
    EXPECT_THAT(error.what(), HasSubstr("no time is from 1 ms to 0 ms"));
  }
}

TEST(JoinsHarnessTest, CallablesThatNameTheirTypesJoin) {
  TwoInputHarness sums(
      [](const Order& order, const Payment& paid) { return order.amount - paid.paid; },
      &Order::id,
      &Payment::order,
      hundreds());
  sums.push1({"a", 5}, 1);
  sums.push2({"a", 3}, 2);
  sums.endInput();
  EXPECT_THAT(sums.output(), ElementsAre(2));
  TwoInputHarness groups(
      [](Iterable<Order>& orders, Iterable<Payment>& payments, Collector<std::size_t>& out) {
        out.collect(orders.size() + payments.size());
      },
      &Order::id,
      &Payment::order,
      hundreds());
  groups.push1({"a", 5}, 1);
  groups.endInput();
  EXPECT_THAT(groups.output(), ElementsAre(1));
  TwoInputHarness pairs(
      [](const Order& order, const Payment&, ProcessJoinContext&, Collector<int>& out) {
        out.collect(order.amount);
      },
      &Order::id,
      &Payment::order,
      between(ms(0), ms(1)));
  pairs.push1({"a", 5}, 1);
  pairs.push2({"a", 5}, 2);
  EXPECT_THAT(pairs.output(), ElementsAre(5));
}

TEST(JoinsHarnessTest, AJobOfTheSameJoinGivesTheSame) {
  const std::vector<Timestamped<Order>> orders = {{{"a", 1}, 5}, {{"b", 2}, 40}, {{"a", 4}, 170}};
  const std::vector<Timestamped<Payment>> payments = {
      {{"a", 1}, 9}, {{"a", 2}, 99}, {{"b", 3}, 101}};
  TwoInputHarness h(Match{}, &Order::id, &Payment::order, hundreds());
  for (const auto& one : orders) {
    h.push1(one.value, one.timestamp);
  }
  for (const auto& one : payments) {
    h.push2(one.value, one.timestamp);
  }
  h.endInput();
  auto results = sink<std::string>();
  Job job([&](StreamExecutionEnvironment& env) {
    env.addSource(timestampedSource<Order>(orders))
        .join(env.addSource(timestampedSource<Payment>(payments)))
        .where(&Order::id)
        .equalTo(&Payment::order)
        .window(hundreds())
        .apply(Match{})
        .addSink(results);
  });
  job.runToEnd();
  EXPECT_THAT(h.output(), UnorderedElementsAreArray(results.values()));
  EXPECT_EQ(h.output().size(), 2U);
}

}  // namespace
}  // namespace weir::testing
