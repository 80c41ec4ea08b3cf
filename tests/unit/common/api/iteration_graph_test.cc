#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/api/weir.h"

namespace weir {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;

int less(const int& value) { return value - 1; }
bool isPositive(const int& value) { return value > 0; }

Result<graph::ProgramGraph> built(const std::function<void(StreamExecutionEnvironment&)>& add) {
  auto env = StreamExecutionEnvironment::getExecutionEnvironment();
  env.setParallelism(2);
  add(env);
  return env.getProgramGraph("iterations");
}
std::string refusalOf(const std::function<void(StreamExecutionEnvironment&)>& add) {
  const auto program = built(add);
  return program.has_value() ? "nothing is wrong" : program.error().text();
}

TEST(IterationGraphTest, AnIterationThatIsNotClosedIsRefused) {
  EXPECT_THAT(refusalOf([](auto& env) { env.fromElements(1).iterate().map(&less).print(); }),
              HasSubstr("call closeWith()"));
}

TEST(IterationGraphTest, AnIterationIsClosedOnceByAStreamThatComesOfIt) {
  EXPECT_THAT(refusalOf([](auto& env) {
                auto it = env.fromElements(1).iterate();
                it.closeWith(it.map(&less).filter(&isPositive));
              }),
              HasSubstr("nothing is wrong"));
  EXPECT_THAT(refusalOf([](auto& env) {
                auto it = env.fromElements(1).iterate();
                it.closeWith(it.map(&less));
                it.closeWith(it.filter(&isPositive));
              }),
              HasSubstr("union_()"));
  EXPECT_THAT(refusalOf([](auto& env) {
                auto numbers = env.fromElements(1);
                numbers.iterate().closeWith(numbers.map(&less));
              }),
              HasSubstr("comes of the iteration"));
}

TEST(IterationGraphTest, AStreamOfAnotherEnvironmentClosesNothing) {
  EXPECT_THAT(refusalOf([](auto& env) {
                auto other = StreamExecutionEnvironment::getExecutionEnvironment();
                env.fromElements(1).iterate().closeWith(other.fromElements(1));
              }),
              HasSubstr("same environment"));
}

TEST(IterationGraphTest, AnIterationWithinAnotherIsRefused) {
  EXPECT_THAT(refusalOf([](auto& env) {
                auto outer = env.fromElements(1).iterate();
                auto inner = outer.map(&less).iterate();
                auto body = inner.map(&less);
                inner.closeWith(body.filter(&isPositive));
                outer.closeWith(body);
              }),
              HasSubstr("around another one"));
  EXPECT_THAT(refusalOf([](auto& env) {
                auto first = env.fromElements(1).iterate();
                auto body = first.map(&less);
                first.closeWith(body.filter(&isPositive));
                auto second = body.iterate();
                second.closeWith(second.map(&less).filter(&isPositive));
              }),
              HasSubstr("nothing is wrong"))
      << "one behind another is no such thing";
}

TEST(IterationGraphTest, IterationsThatExchangeRecordsAreRefused) {
  EXPECT_THAT(refusalOf([](auto& env) {
                auto first = env.fromElements(1).iterate();
                auto second = env.fromElements(2).iterate();
                auto of_first = first.map(&less);
                auto of_second = second.map(&less);
                first.closeWith(of_first.union_(of_second));
                second.closeWith(of_second.union_(of_first));
              }),
              HasSubstr("make one loop of both"));
  EXPECT_THAT(refusalOf([](auto& env) {
                auto first = env.fromElements(1).iterate();
                auto second = env.fromElements(2).iterate();
                auto of_second = second.map(&less);
                first.closeWith(first.map(&less).union_(of_second));
                second.closeWith(of_second);
              }),
              HasSubstr("nothing is wrong"))
      << "the second one ends by itself, and the first one then";
}

TEST(IterationGraphTest, ABroadcastStreamDoesNotGoRound) {
  EXPECT_THAT(refusalOf([](auto& env) {
                auto it = env.fromElements(1).iterate();
                it.closeWith(it.map(&less).filter(&isPositive).broadcast());
              }),
              HasSubstr("it.broadcast()"));
  EXPECT_THAT(refusalOf([](auto& env) {
                auto it = env.fromElements(1).iterate();
                it.closeWith(it.broadcast().map(&less).filter(&isPositive));
              }),
              HasSubstr("nothing is wrong"));
}

/// A loop at parallelism 2 whose body runs at `body`, in between by `rescale`.
std::string rescaledLoop(int body, bool rescale) {
  return refusalOf([&](auto& env) {
    auto it = env.fromElements(1, 2).iterate();
    auto steps = (rescale ? it.rescale() : it.rebalance()).map(&less).setParallelism(body);
    it.closeWith(steps.filter(&isPositive).setParallelism(body));
    steps.rescale().map(&less).setParallelism(7).print();
  });
}

TEST(IterationGraphTest, ALoopThatLeadsFromSomeSubtasksToSomeOthersIsRefused) {
  EXPECT_THAT(rescaledLoop(3, true), HasSubstr("has rescale() within it, from 'Iteration Head'"));
  EXPECT_THAT(rescaledLoop(3, true), HasSubstr("use rebalance()"));
  EXPECT_EQ(rescaledLoop(3, false), "nothing is wrong") << "behind the loop it may be";
  EXPECT_EQ(rescaledLoop(2, true), "nothing is wrong");
  EXPECT_EQ(rescaledLoop(1, true), "nothing is wrong");
}

TEST(IterationGraphTest, AWaitThatIsNoneIsRefused) {
  EXPECT_THAT(refusalOf([](auto& env) {
                auto it = env.fromElements(1).iterate(seconds(0));
                it.closeWith(it.map(&less));
              }),
              HasSubstr("iterate(), max wait"));
}

TEST(IterationGraphTest, TheTailRunsWhereItsHeadDoesWhateverTheStreamBetweenDoes) {
  const auto program = built([](auto& env) {
    auto it = env.fromElements(1).iterate();
    it.setParallelism(3).slotSharingGroup("loops");
    it.closeWith(it.map(&less).setParallelism(5).slotSharingGroup("others")).setParallelism(7);
  });
  ASSERT_TRUE(program.has_value()) << program.error().text();
  const graph::JobVertex* head = nullptr;
  const graph::JobVertex* tail = nullptr;
  for (const graph::JobVertex& vertex : program->graph.vertices) {
    const std::string& kind = program->graph.operators[vertex.operators[0]].kind;
    head = kind == "iterationHead" ? &vertex : head;
    tail = kind == "iterationTail" ? &vertex : tail;
  }
  ASSERT_TRUE(head != nullptr && tail != nullptr);
  EXPECT_EQ(tail->parallelism, 3U);
  EXPECT_EQ(tail->slot_sharing_group, head->slot_sharing_group);
}

TEST(IterationGraphTest, WhatComesBackMayBeOfAnotherType) {
  const auto program = built([](auto& env) {
    auto it = env.fromElements(1).iterate().template withFeedbackType<std::string>();
    auto texts = it.map([](const int& value) { return std::to_string(value); },
                        [](const std::string& text) { return text + "!"; });
    it.closeWith(texts);
  });
  ASSERT_TRUE(program.has_value()) << program.error().text();
  for (const graph::JobOperator& one : program->graph.operators) {
    if (one.kind == "iterationHead" || one.kind == "iterationTail") {
      ASSERT_EQ(one.states.size(), 1U);
      EXPECT_THAT(record::describeSchema(one.states[0].value), HasSubstr("string"));
    }
  }
}

TEST(IterationGraphTest, ALoopIsNotClosedWithTheTypeThatItHadBefore) {
  EXPECT_THAT(refusalOf([](auto& env) {
                auto it = env.fromElements(1).iterate();
                auto texts = it.template withFeedbackType<std::string>();
                it.closeWith(texts.map([](const int& value) { return value; },
                                       [](const std::string&) { return 1; }));
              }),
              HasSubstr("withFeedbackType() has replaced"));
}

TEST(IterationGraphTest, TheTailIsKnownByTheUidOfItsHead) {
  const auto program = built([](auto& env) {
    auto it = env.fromElements(1).iterate();
    it.uid("loop");
    it.closeWith(it.map(&less));
  });
  ASSERT_TRUE(program.has_value()) << program.error().text();
  EXPECT_EQ(program->graph.operators.back().uid, "loop (feedback)");
}

}  // namespace
}  // namespace weir
