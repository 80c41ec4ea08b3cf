// The program of the savepoints page, as users copy it: that it compiles is the test.
#include <gtest/gtest.h>

#include "common/api/weir.h"

namespace {

struct Trade {
  std::string symbol;
  double price;
  std::int64_t time;
};

struct CountPerWord : weir::RichMapFunction<std::string, std::string> {
  weir::ValueState<std::int64_t> seen_{*this, "seen", 0};  // declared: known before anything runs
  std::string map(const std::string& word) override {
    seen_.update(seen_.value() + 1);
    return word + "=" + std::to_string(seen_.value());
  }
};

struct StatefulSource : weir::SourceFunction<std::string>, weir::Checkpointed<std::uint64_t> {
  weir::InputStatus pollNext(weir::SourceContext<std::string>& ctx) override {
    ctx.collect(std::to_string(next++));
    return weir::InputStatus::kMoreAvailable;
  }
  std::uint64_t snapshotState(std::uint64_t /*checkpointId*/) override { return next; }
  void restoreState(const std::uint64_t& state) override { next = state; }
  std::uint64_t next = 0;
};

struct StatefulMapper : weir::MapFunction<std::string, std::string>, weir::Checkpointed<Trade> {
  std::string map(const std::string& word) override { return word; }
  Trade snapshotState(std::uint64_t /*checkpointId*/) override { return {}; }
  void restoreState(const Trade& /*state*/) override {}
};

TEST(ExampleTest, HasTheOperatorsItNames) {
  auto env = weir::StreamExecutionEnvironment::getExecutionEnvironment();
  env.setParallelism(2);
  env.enableCheckpointing(std::chrono::seconds(1));
  env.addSource(StatefulSource{})
      .uid("source-id")
      .shuffle()
      .map(StatefulMapper{})
      .uid("mapper-id")  // operator state through Checkpointed<S>
      .keyBy([](const std::string& s) { return s; })
      .map(CountPerWord{})
      .uid("keyed-id")
      .name("Count per word")
      .print();
  const auto program = env.getProgramGraph("Stateful example");
  ASSERT_TRUE(program.has_value());
  ASSERT_EQ(program->graph.operators.size(), 4U);
  EXPECT_TRUE(program->graph.operators[0].fixed_parallelism_state);
  EXPECT_TRUE(program->graph.operators[1].fixed_parallelism_state);
  EXPECT_EQ(program->graph.operators[2].name, "Count per word");
  EXPECT_EQ(program->graph.vertices.size(), 3U);
  EXPECT_EQ(program->graph.checkpoints.interval, std::chrono::milliseconds(1000));
}

}  // namespace
