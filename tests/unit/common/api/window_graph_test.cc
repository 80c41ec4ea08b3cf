#include <functional>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/api/weir.h"

namespace weir {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;
using Keyed = decltype(std::declval<DataStream<int>>().keyBy(std::declval<int (*)(const int&)>()));

int sameKey(const int& value) { return value; }

/// What a graph with windows is refused with.
std::string refusalOf(const std::function<void(const Keyed&)>& add) {
  auto env = StreamExecutionEnvironment::getExecutionEnvironment();
  add(env.fromElements(1, 2).keyBy(&sameKey));
  const auto program = env.getProgramGraph("windows");
  return program.has_value() ? "nothing is wrong" : program.error().text();
}

TEST(WindowGraphTest, LengthsThatAreNoneAreRefusedWithTheirPlace) {
  EXPECT_THAT(refusalOf([](const Keyed& k) { k.timeWindow(seconds(1)).sum().print(); }),
              HasSubstr("nothing is wrong"));
  EXPECT_THAT(refusalOf([](const Keyed& k) { k.timeWindow(seconds(0)).sum().print(); }),
              HasSubstr("timeWindow(), size"));
  EXPECT_THAT(
      refusalOf([](const Keyed& k) {
        k.window(TumblingEventTimeWindows::of(std::chrono::microseconds(1500))).sum().print();
      }),
      HasSubstr("TumblingEventTimeWindows, size"));
  EXPECT_THAT(
      refusalOf([](const Keyed& k) { k.timeWindow(seconds(1), seconds(-1)).sum().print(); }),
      HasSubstr("slide"));
  EXPECT_THAT(refusalOf([](const Keyed& k) { k.countWindow(0).sum().print(); }),
              HasSubstr("countWindow() with 0: give it 1 or more"));
  EXPECT_THAT(refusalOf([](const Keyed& k) {
                k.timeWindow(seconds(1)).allowedLateness(seconds(-1)).sum().print();
              }),
              HasSubstr("allowedLateness()"));
}

TEST(WindowGraphTest, SessionsAreRefusedWithATriggerThatCannotMerge) {
  EXPECT_THAT(
      refusalOf([](const Keyed& k) {
        k.window(EventTimeSessionWindows::withGap(seconds(1)))
            .trigger(DeltaTrigger::of(1, [](int a, int b) { return static_cast<double>(b - a); }))
            .sum()
            .print();
      }),
      HasSubstr("its windows merge, and its trigger cannot"));
}

TEST(WindowGraphTest, WindowsOfAllRecordsHaveOneSubtask) {
  EXPECT_THAT(refusalOf([](const Keyed& k) {
                k.timeWindowAll(seconds(1)).sum().setParallelism(2).print();
              }),
              HasSubstr("parallelism"));
}

TEST(WindowGraphTest, AnIntervalWithoutATimeInItIsRefused) {
  const auto joined = [](const auto& bounded) {
    bounded
        .process([](const int& a, const int&, ProcessJoinContext&, Collector<int>& out) {
          out.collect(a);
        })
        .print();
  };
  EXPECT_THAT(
      refusalOf([&](const Keyed& k) { joined(k.intervalJoin(k).between(seconds(1), seconds(0))); }),
      HasSubstr("between()"));
  EXPECT_THAT(refusalOf([&](const Keyed& k) { joined(k.intervalJoin(k)); }),
              HasSubstr("call between(lower, upper)"));
}

TEST(WindowGraphTest, StatesOfWindowsAreKnownBeforeTheJobRuns) {
  auto env = StreamExecutionEnvironment::getExecutionEnvironment();
  env.fromElements(1, 2).keyBy(&sameKey).countWindow(3).sum().print();
  const auto program = env.getProgramGraph("windows");
  ASSERT_TRUE(program.has_value()) << program.error().text();
  std::vector<std::string> states;
  for (const graph::JobOperator& one : program->graph.operators) {
    for (const graph::StateDeclaration& state : one.states) {
      states.push_back(state.name);
    }
  }
  EXPECT_THAT(states, ::testing::IsSupersetOf({"window-contents", "trigger-count"}));
}

TEST(WindowGraphTest, TheGraphSaysWhichWindowsStateIsIn) {
  auto env = StreamExecutionEnvironment::getExecutionEnvironment();
  const auto keyed = env.fromElements(1, 2).keyBy(&sameKey);
  keyed.countWindow(3).sum().name("count").print();
  keyed.timeWindow(seconds(1)).sum().name("time").print();
  keyed.reduce([](int a, int b) { return a + b; }).name("reduce").print();
  const auto program = env.getProgramGraph("windows");
  ASSERT_TRUE(program.has_value()) << program.error().text();
  std::map<std::string, std::string> windows;
  for (const graph::JobOperator& one : program->graph.operators) {
    windows[one.name] = state::describeWindows(one.windows);
  }
  EXPECT_EQ(windows["count"], "the global window");
  EXPECT_EQ(windows["time"], "struct{start: i64, end: i64}");
  EXPECT_EQ(windows["reduce"], "none, one value for each key");
}

}  // namespace
}  // namespace weir
