#include <chrono>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/api/weir.h"

namespace weir {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string errorOf(const StreamExecutionEnvironment& env) {
  const auto program = env.getProgramGraph("wrong");
  return program.has_value() ? "nothing is wrong" : program.error().text();
}

struct TimedFunction : KeyedProcessFunction<int, int, int> {
  void processElement(const int& /*v*/, Context& /*c*/, Collector<int>& /*out*/) override {}
  void onTimer(std::int64_t /*t*/, OnTimerContext& /*c*/, Collector<int>& /*out*/) override {}
};
struct UntimedFunction : KeyedProcessFunction<int, int, int> {
  void processElement(const int& /*v*/, Context& /*c*/, Collector<int>& /*out*/) override {}
};

TEST(TimeGraphTest, TimersAreStatesOfTheFunctionsThatHaveThem) {
  auto env = StreamExecutionEnvironment::getExecutionEnvironment();
  auto keyed = env.fromElements(1, 2).keyBy([](int value) { return value; });
  keyed.process(TimedFunction{}).name("timed").print();
  keyed.process(UntimedFunction{}).name("untimed").print();
  const auto program = env.getProgramGraph("timers");
  ASSERT_TRUE(program.has_value());
  for (const graph::JobOperator& one : program->graph.operators) {
    std::vector<std::string> states;
    for (const auto& state : one.states) {
      states.push_back(state.name + " " + std::string(state::toString(state.kind)));
    }
    if (one.name == "timed") {
      EXPECT_THAT(states, ElementsAre("event-time-timers timer", "processing-time-timers timer"));
      EXPECT_TRUE(one.stateful);
    } else if (one.name == "untimed") {
      EXPECT_TRUE(states.empty()) << one.name;
    }
  }
}

TEST(TimeGraphTest, ALengthOfTimeIsAWholePositiveNumberOfMilliseconds) {
  using Strategy = WatermarkStrategy<int>;
  using std::chrono::microseconds;
  const auto with = [](const Strategy& strategy) {
    auto env = StreamExecutionEnvironment::getExecutionEnvironment();
    env.fromElements(1, 2).assignTimestampsAndWatermarks(strategy).name("timed").print();
    return errorOf(env);
  };
  EXPECT_EQ(with(Strategy::forBoundedOutOfOrderness(Time::milliseconds(0))), "nothing is wrong");
  EXPECT_THAT(
      with(Strategy::forBoundedOutOfOrderness(microseconds(1500))),
      AllOf(HasSubstr("'timed'"), HasSubstr("forBoundedOutOfOrderness()"), HasSubstr("1.5")));
  EXPECT_THAT(with(Strategy::forBoundedOutOfOrderness(Time::seconds(-1))), HasSubstr("-1000 ms"));
  EXPECT_THAT(with(Strategy::noWatermarks().withIdleness(Time::milliseconds(0))),
              HasSubstr("withIdleness()"));
  EXPECT_THAT(with(Strategy::noWatermarks().withIdleness(Time::days(200'000'000'000))),
              HasSubstr("withIdleness()"));
  auto env = StreamExecutionEnvironment::getExecutionEnvironment();
  env.setAutoWatermarkInterval(microseconds(10));
  env.fromElements(1, 2).print();
  EXPECT_THAT(errorOf(env), HasSubstr("setAutoWatermarkInterval()"));
}

TEST(TimeGraphTest, AnOutputTagBelongsToOneType) {
  const OutputTag<std::string> words("late");
  const OutputTag<int> numbers("late");
  auto env = StreamExecutionEnvironment::getExecutionEnvironment();
  auto processed = env.fromElements(1, 2).process(
      [words](int value, ProcessContext& context, Collector<int>& /*out*/) {
        context.output(words, std::to_string(value));
      });
  processed.getSideOutput(words).print();
  processed.getSideOutput(words).print();
  EXPECT_EQ(errorOf(env), "nothing is wrong");
  processed.getSideOutput(numbers).print();
  EXPECT_THAT(errorOf(env), AllOf(HasSubstr("'late'"), HasSubstr("two types")));
}

}  // namespace
}  // namespace weir
