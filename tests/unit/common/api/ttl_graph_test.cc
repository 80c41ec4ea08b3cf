#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/api/weir.h"

namespace weir {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;

/// What a graph is refused with.
std::string refusalOf(const std::function<void(StreamExecutionEnvironment&)>& add) {
  auto env = StreamExecutionEnvironment::getExecutionEnvironment();
  add(env);
  const auto program = env.getProgramGraph("ttl");
  return program.has_value() ? "nothing is wrong" : program.error().text();
}
const auto ofTtl(const StateTtlConfig& ttl) {
  return refusalOf([ttl](StreamExecutionEnvironment& env) {
    struct Count : RichMapFunction<int, int> {
      explicit Count(const StateTtlConfig& ttl) : seen(*this, "seen", 0, ttl) {}
      ValueState<int> seen;
      int map(const int& value) override { return value; }
    };
    env.fromElements(1, 2).keyBy([](const int& v) { return v; }).map(Count(ttl)).print();
  });
}

TEST(TtlGraphTest, ATimeToLiveThatIsNoneIsRefusedWithItsStateAndOperator) {
  EXPECT_THAT(ofTtl(StateTtlConfig::newBuilder(seconds(1)).build()), HasSubstr("nothing is wrong"));
  const std::string refusal = ofTtl(StateTtlConfig::newBuilder(seconds(-1)).build());
  EXPECT_THAT(refusal, HasSubstr("state 'seen'"));
  EXPECT_THAT(refusal, HasSubstr("Map"));
}

TEST(TtlGraphTest, BroadcastStateDoesNotExpire) {
  struct Tell : BroadcastProcessFunction<int, int, int> {
    void processElement(const int&, ReadOnlyContext&, Collector<int>&) override {}
    void processBroadcastElement(const int&, Context&, Collector<int>&) override {}
  };
  EXPECT_THAT(refusalOf([](StreamExecutionEnvironment& env) {
                auto rules = MapStateDescriptor<int, int>("rules").enableTimeToLive(
                    StateTtlConfig::newBuilder(seconds(1)).build());
                auto numbers = env.fromElements(1, 2);
                numbers.connect(env.fromElements(3).broadcast(rules)).process(Tell{}).print();
              }),
              HasSubstr("broadcast state 'rules' has a time to live"));
}

}  // namespace
}  // namespace weir
