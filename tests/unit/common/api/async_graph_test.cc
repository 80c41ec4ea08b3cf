#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/api/weir.h"

namespace weir {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;

struct Ask : RichAsyncFunction<int, std::string> {
  void asyncInvoke(const int& value, ResultFuture<std::string> result) override {
    result.complete({std::to_string(value)});
  }
};
struct AskWithState : Ask {
  ValueState<int> seen{*this, "seen", 0};
};

/// What a graph is refused with.
std::string refusalOf(const std::function<void(StreamExecutionEnvironment&)>& add) {
  auto env = StreamExecutionEnvironment::getExecutionEnvironment();
  add(env);
  const auto program = env.getProgramGraph("async");
  return program.has_value() ? "nothing is wrong" : program.error().text();
}
TEST(AsyncGraphTest, ATimeOutOrACapacityThatIsNoneIsRefusedWithThePlace) {
  const auto with = [](Time timeout, std::int64_t capacity) {
    return refusalOf([=](StreamExecutionEnvironment& env) {
      AsyncDataStream::orderedWait(env.fromElements(1, 2), Ask{}, timeout, capacity).print();
    });
  };
  EXPECT_THAT(with(seconds(1), 1), HasSubstr("nothing is wrong"));
  EXPECT_THAT(with(seconds(0), 1), HasSubstr("orderedWait(), timeout"));
  EXPECT_THAT(with(seconds(1), 0), HasSubstr("orderedWait(), capacity"));
}

TEST(AsyncGraphTest, AnAsynchronousFunctionHasNoKeyedState) {
  EXPECT_THAT(refusalOf([](StreamExecutionEnvironment& env) {
                AsyncDataStream::unorderedWait(
                    env.fromElements(1, 2).keyBy([](const int& v) { return v; }),
                    AskWithState{},
                    seconds(1))
                    .print();
              }),
              HasSubstr("seen"));
}

}  // namespace
}  // namespace weir
