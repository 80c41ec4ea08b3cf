#include "common/functions/broadcast_operator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/common/functions/fakes.h"

namespace weir::functions {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Rule {
  std::string name;
  int limit = 0;
};
const MapStateDescriptor<std::string, Rule> kRules("rules");
const MapStateDescriptor<std::string, int> kOthers("others");

/// Says which rules a number breaks, and how many its key has broken.
struct Breaks : KeyedBroadcastProcessFunction<int, int, Rule, std::string> {
  ValueState<int> broken_{*this, "broken", 0};
  void processElement(const int& value,
                      ReadOnlyContext& context,
                      Collector<std::string>& out) override {
    for (const auto& [name, rule] : context.getBroadcastState(kRules).entries()) {
      if (value > rule.limit) {
        broken_.update(broken_.value() + 1);
        out.collect(std::to_string(context.getCurrentKey()) + " breaks " + name + " #" +
                    std::to_string(broken_.value()));
      }
    }
    if (value == 99) {
      context.timerService().registerEventTimeTimer(1000);
    }
  }
  void processBroadcastElement(const Rule& rule,
                               Context& context,
                               Collector<std::string>& out) override {
    if (rule.name == "other") {
      context.getBroadcastState(kOthers).clear();
    }
    auto& rules = context.getBroadcastState(kRules);
    rule.limit < 0 ? rules.remove(rule.name) : rules.put(rule.name, rule);
    if (rule.name == "timer") {
      context.timerService().registerEventTimeTimer(7);
    }
    out.collect("told " + rule.name);
  }
  void onTimer(std::int64_t /*time*/,
               OnTimerContext& context,
               Collector<std::string>& out) override {
    out.collect(std::to_string(context.getCurrentKey()) + " sees " +
                std::to_string(context.getBroadcastState(kRules).entries().size()));
  }
};
const auto kDigit = [](const int& value) { return value % 10; };
using Breaking = BroadcastOperator<Breaks, decltype(kDigit)>;

struct Subtask {
  explicit Subtask(std::uint32_t subtask = 0, std::uint32_t parallelism = 1)
      : context(subtask, parallelism),
        op(Breaks{}, kDigit, [](BroadcastStates& states) { states.add(kRules); }) {
    op.setup(context);
    op.addOutput(out);
  }
  void tell(const Rule& rule) { feed<Rule>(op, {rule}, 1); }
  FakeContext context;
  Received<std::string> out;
  Breaking op;
};

TEST(BroadcastOperatorTest, RecordsAreHandledByWhatTheBroadcastStreamHasSaidUntilThen) {
  Subtask one;
  one.op.open();
  feed<int>(one.op, {15});
  one.tell({"ten", 10});
  feed<int>(one.op, {15, 5});
  one.tell({"ten", -1});
  feed<int>(one.op, {15});
  EXPECT_THAT(one.out.records, ElementsAre("told ten", "5 breaks ten #1", "told ten"));
}

TEST(BroadcastOperatorTest, TimersOfKeysMayReadItAndTheBroadcastStreamHasNone) {
  Subtask one;
  one.op.open();
  one.tell({"ten", 100});
  feed<int>(one.op, {99});
  one.op.input(0)->receive(Watermark{2000});
  EXPECT_EQ(one.out.records.size(), 1U);
  one.op.input(1)->receive(Watermark{1000});
  EXPECT_THAT(one.out.records, ElementsAre("told ten", "9 sees 1"));
  EXPECT_THROW(one.tell({"timer", 1}), state::StateError);
}

TEST(BroadcastOperatorTest, AStateThatBroadcastDoesNotNameIsAnErrorWithItsName) {
  Subtask one;
  one.op.open();
  try {
    one.tell({"other", 1});
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("'others'"));
  }
}

TEST(BroadcastOperatorTest, ItIsKeptOnceInASnapshotAndEverySubtaskHasItAgain) {
  Snapshots snapshots;
  for (std::uint32_t subtask = 0; subtask < 2; ++subtask) {
    Subtask one(subtask, 2);
    one.op.open();
    one.tell({"ten", 10});
    one.tell({"six", 6});
    snapshots.take(one.op, subtask);
  }
  std::size_t kept = 0;
  for (std::uint32_t subtask = 0; subtask < 3; ++subtask) {
    Subtask one(subtask, 3);
    const OperatorRestore restore = snapshots.restoreFor(one.context.task());
    for (const auto& part : restore.sections) {
      for (const state::StateSummary& state : part.section->states()) {
        kept += state.name == "rules" ? state.entries : 0;
        if (state.name == "rules") {
          EXPECT_EQ(state.mode, state::ListMode::kBroadcast);
        }
      }
    }
    ASSERT_TRUE(one.op.restore(restore).has_value());
    one.op.open();
    feed<int>(one.op, {7});
    EXPECT_THAT(one.out.records, ElementsAre("7 breaks six #1"));
  }
  EXPECT_EQ(kept, 3 * 2U);  // Each restore has looked at the same two elements.
}

}  // namespace
}  // namespace weir::functions
