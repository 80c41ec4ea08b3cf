#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/functions/keyed_functions.h"
#include "common/functions/source_operator.h"
#include "common/functions/stream_operators.h"
#include "tests/unit/common/functions/fakes.h"

namespace weir::functions {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

using Log = std::vector<std::string>;

struct CountPerWord : RichMapFunction<std::string, std::string> {
  ValueState<std::int64_t> seen_{*this, "seen", 0};
  std::string map(const std::string& word) override {
    seen_.update(seen_.value() + 1);
    return word + "=" + std::to_string(seen_.value());
  }
};
const auto kWordItself = [](const std::string& word) { return word; };
using Counting = OneInputOperator<MapStep,
                                  CountPerWord,
                                  std::string,
                                  std::string,
                                  std::string,
                                  decltype(kWordItself)>;

/// An operator with its context and what it emits.
template <typename Op, typename Out>
struct Running {
  template <typename... A>
  explicit Running(FakeContext in, A&&... made_of)
      : context(std::move(in)), op(std::forward<A>(made_of)...) {
    op.setup(context);
    op.addOutput(out);
  }
  FakeContext context;
  Received<Out> out;
  Op op;
};

struct Counter : Running<Counting, std::string> {
  explicit Counter(std::uint32_t subtask = 0, std::uint32_t parallelism = 1)
      : Running(FakeContext(subtask, parallelism), CountPerWord{}, kWordItself) {}
};

TEST(OperatorTest, KeyedStateIsOfTheRecordsKey) {
  Counter counter;
  counter.op.open();
  feed<std::string>(counter.op, {"a", "b", "a"});
  feed<std::string>(counter.op, {"a"});
  EXPECT_THAT(counter.out.records, ElementsAre("a=1", "b=1", "a=2", "a=3"));
}

TEST(OperatorTest, KeyedStateComesBackAtAnotherParallelism) {
  Snapshots snapshots;
  Counter before;
  before.op.open();
  feed<std::string>(before.op, {"a", "b", "c", "d", "a"});
  snapshots.take(before.op, 0);
  std::vector<std::string> after;
  for (std::uint32_t subtask = 0; subtask < 3; ++subtask) {
    Counter counter(subtask, 3);
    ASSERT_TRUE(counter.op.restore(snapshots.restoreFor(counter.context.task())).has_value());
    counter.op.open();
    const KeyGroupRange mine = keyGroupRangeOf(subtask, 3, 128);
    for (const std::string word : {"a", "b", "c", "d"}) {
      if (mine.contains(keyGroupOf(keyHash(word), 128))) {
        feed<std::string>(counter.op, {word});
      }
    }
    after.insert(after.end(), counter.out.records.begin(), counter.out.records.end());
  }
  EXPECT_THAT(after, ::testing::UnorderedElementsAre("a=3", "b=2", "c=2", "d=2"));
}

TEST(OperatorTest, CopiesOfAFunctionHaveTheirOwnState) {
  const Prototype<CountPerWord> prototype{CountPerWord{}};
  Running<Counting, std::string> first(FakeContext(0, 2), prototype.copy(), kWordItself);
  Running<Counting, std::string> second(FakeContext(1, 2), prototype.copy(), kWordItself);
  first.op.open();
  second.op.open();
  feed<std::string>(first.op, {"a", "a"});
  feed<std::string>(second.op, {"a"});
  EXPECT_THAT(second.out.records, ElementsAre("a=1"));
}

struct LateState : RichMapFunction<int, int> {
  ValueState<int> sum;
  MapState<int, int> map_;
  ReducingState<int> reducing;
  FoldingState<int, int> folding;
  AggregatingState<int, int, int> aggregating;
  void open(RuntimeContext& context) override {
    sum = context.getState(ValueStateDescriptor<int>("sum", 100));
  }
  int map(const int& value) override {
    sum.update(sum.value() + value);
    return sum.value();
  }
};

TEST(OperatorTest, StateMayBeDeclaredInOpen) {
  const auto parity = [](int value) { return value % 2; };
  Running<OneInputOperator<MapStep, LateState, int, int, int, decltype(parity)>, int> late(
      FakeContext(), LateState{}, parity);
  late.op.open();
  feed<int>(late.op, {1, 2, 3});
  EXPECT_THAT(late.out.records, ElementsAre(101, 102, 104));
}

TEST(OperatorTest, KeyedStateWithoutAKeySaysWhatIsMissing) {
  Running<OneInputOperator<MapStep, LateState, int, int, NoKey, NoSelector>, int> late(
      FakeContext(), LateState{}, NoSelector{});
  try {
    late.op.open();
    FAIL();
  } catch (const state::StateError& error) {
    EXPECT_THAT(error.what(), HasSubstr("put keyBy() before it"));
  }
}

struct Logged : RichMapFunction<int, int>, Checkpointed<int>, CheckpointListener {
  Log* log = nullptr;
  int sum = 0;
  void open(RuntimeContext& context) override {
    log->push_back("open " + std::to_string(context.getIndexOfThisSubtask()));
  }
  int map(const int& value) override { return sum += value; }
  void endInput() override { log->push_back("endInput"); }
  void close() override { log->push_back("close"); }
  int snapshotState(std::uint64_t id) override {
    log->push_back("snapshot " + std::to_string(id));
    return sum;
  }
  void restoreState(const int& state) override {
    log->push_back("restore");
    sum = state;
  }
  void notifyCheckpointComplete(std::uint64_t id) override {
    log->push_back("complete " + std::to_string(id));
  }
};
using LoggedOperator = OneInputOperator<MapStep, Logged, int, int, NoKey, NoSelector>;

Logged logged(Log& log) {
  Logged function;
  function.log = &log;
  return function;
}

TEST(OperatorTest, AFunctionsLifeIsInOrder) {
  Log log;
  Snapshots snapshots;
  Running<LoggedOperator, int> first(FakeContext(), logged(log), NoSelector{});
  first.op.open();
  feed<int>(first.op, {1, 2});
  snapshots.take(first.op, 0);
  first.op.notifyCheckpointComplete(CheckpointId(7));
  first.op.input(0)->receive(EndOfInput{});
  first.op.close();
  first.op.close();
  Running<LoggedOperator, int> second(FakeContext(), logged(log), NoSelector{});
  ASSERT_TRUE(second.op.restore(snapshots.restoreFor(second.context.task())).has_value());
  second.op.open();
  feed<int>(second.op, {4});
  EXPECT_THAT(second.out.records, ElementsAre(7));
  EXPECT_THAT(
      log,
      ElementsAre("open 0", "snapshot 7", "complete 7", "endInput", "close", "restore", "open 0"));
}

TEST(OperatorTest, SignalsPassAFunctionBehindWhatItEmitted) {
  Log log;
  Running<LoggedOperator, int> one(FakeContext(), logged(log), NoSelector{});
  one.op.open();
  feed<int>(one.op, {1, 2});
  one.op.input(0)->receive(Watermark{5});
  feed<int>(one.op, {3});
  one.op.input(0)->receive(Barrier{CheckpointId(1), 0, false});
  EXPECT_THAT(one.out.signals,
              ElementsAre(Pair(2U, Signal(Watermark{5})),
                          Pair(3U, Signal(Barrier{CheckpointId(1), 0, false}))));
}

TEST(OperatorTest, AFunctionThatHadEndedBeforeARestoreHearsNoMoreOfTheEndThatRunsOn) {
  Log log;
  Running<LoggedOperator, int> one(FakeContext(), logged(log), NoSelector{});
  one.op.setFinished();
  one.op.open();
  one.op.input(0)->receive(EndOfInput{});
  EXPECT_THAT(log, ElementsAre("open 0"));
  EXPECT_THAT(one.out.signals, ElementsAre(Pair(0U, Signal(EndOfInput{}))));
}

struct LastWords : CoMapFunction<int, std::string, int>, RichFunction {
  int ends = 0;
  int map1(const int& value) override { return value; }
  int map2(const std::string& value) override { return static_cast<int>(value.size()); }
  void endInput() override { ++ends; }
};
using Both = TwoInputOperator<CoSteps<LastWords>,
                              LastWords,
                              int,
                              std::string,
                              int,
                              NoKey,
                              NoSelector,
                              NoSelector>;

TEST(OperatorTest, AnOperatorOfTwoInputsSendsOnWhatBothHaveSaid) {
  Running<Both, int> one(FakeContext(), LastWords{}, NoSelector{}, NoSelector{});
  one.op.open();
  one.op.input(0)->receive(Watermark{9});
  feed<std::string>(one.op, {"four"}, 1);
  one.op.input(1)->receive(Watermark{3});
  one.op.input(1)->receive(EndOfInput{});
  feed<int>(one.op, {1});
  one.op.input(0)->receive(EndOfInput{});
  EXPECT_THAT(one.out.records, ElementsAre(4, 1));
  EXPECT_THAT(one.out.signals,
              ElementsAre(Pair(1U, Signal(Watermark{3})), Pair(2U, Signal(EndOfInput{}))));
}

TEST(OperatorTest, CloseWithoutOpenReachesNoFunction) {
  Log log;
  Running<LoggedOperator, int> never(FakeContext(), logged(log), NoSelector{});
  never.op.close();
  EXPECT_THAT(log, IsEmpty());
}

TEST(OperatorTest, CheckpointedStateRefusesAnotherParallelismWithBothNumbers) {
  Log log;
  Snapshots snapshots;
  Running<LoggedOperator, int> before(FakeContext(), logged(log), NoSelector{});
  before.op.open();
  snapshots.take(before.op, 0);
  Running<LoggedOperator, int> after(FakeContext(0, 3), logged(log), NoSelector{});
  const Status restored = after.op.restore(snapshots.restoreFor(after.context.task()));
  ASSERT_FALSE(restored.has_value());
  EXPECT_THAT(restored.error().message(),
              HasSubstr("with parallelism 1 and now has parallelism 3"));
}

struct Keeping : MapFunction<int, int>, ListCheckpointed<int> {
  std::shared_ptr<std::vector<int>> kept = std::make_shared<std::vector<int>>();
  std::shared_ptr<int> restores = std::make_shared<int>(0);
  int map(const int& value) override {
    kept->push_back(value);
    return value;
  }
  std::vector<int> snapshotState(std::uint64_t /*id*/) override { return *kept; }
  void restoreState(const std::vector<int>& elements) override {
    *kept = elements;
    ++*restores;
  }
};
using KeepingOperator = OneInputOperator<MapStep, Keeping, int, int, NoKey, NoSelector>;

TEST(OperatorTest, ListElementsAreDealtOutAnew) {
  Snapshots snapshots;
  for (std::uint32_t subtask = 0; subtask < 2; ++subtask) {
    Running<KeepingOperator, int> before(FakeContext(subtask, 2), Keeping{}, NoSelector{});
    before.op.open();
    feed<int>(before.op, {static_cast<int>(subtask) * 10, static_cast<int>(subtask) * 10 + 1});
    snapshots.take(before.op, subtask);
  }
  std::vector<std::vector<int>> dealt;
  for (std::uint32_t subtask = 0; subtask < 5; ++subtask) {
    const Keeping function;
    Running<KeepingOperator, int> after(FakeContext(subtask, 5), function, NoSelector{});
    ASSERT_TRUE(after.op.restore(snapshots.restoreFor(after.context.task())).has_value());
    EXPECT_EQ(*function.restores, 1);
    dealt.push_back(*function.kept);
  }
  EXPECT_THAT(
      dealt,
      ElementsAre(ElementsAre(0), ElementsAre(1), ElementsAre(10), ElementsAre(11), IsEmpty()));
}

TEST(OperatorTest, ListElementsAreDealtOutInRunsSoThatASubtaskReadsFewSections) {
  Snapshots snapshots;
  const std::vector<std::vector<int>> before_all = {{0, 1, 2}, {}, {20}, {30, 31, 32}};
  for (std::uint32_t subtask = 0; subtask < before_all.size(); ++subtask) {
    Running<KeepingOperator, int> before(FakeContext(subtask, 4), Keeping{}, NoSelector{});
    before.op.open();
    feed<int>(before.op, before_all[subtask]);
    snapshots.take(before.op, subtask);
  }
  std::vector<std::vector<int>> dealt;
  for (std::uint32_t subtask = 0; subtask < 3; ++subtask) {
    const Keeping function;
    Running<KeepingOperator, int> after(FakeContext(subtask, 3), function, NoSelector{});
    ASSERT_TRUE(after.op.restore(snapshots.restoreFor(after.context.task())).has_value());
    dealt.push_back(*function.kept);
  }
  EXPECT_THAT(dealt, ElementsAre(ElementsAre(0, 1, 2), ElementsAre(20, 30), ElementsAre(31, 32)));
}

TEST(OperatorTest, ListElementsStayWhereTheyWereAtTheSameParallelism) {
  for (std::uint32_t subtask = 0; subtask < 2; ++subtask) {
    Snapshots snapshots;  // Of the one subtask alone, as no other section is handed to it.
    Running<KeepingOperator, int> before(FakeContext(subtask, 2), Keeping{}, NoSelector{});
    before.op.open();
    feed<int>(before.op, {7, 8, 9});
    snapshots.take(before.op, subtask);
    const Keeping function;
    Running<KeepingOperator, int> after(FakeContext(subtask, 2), function, NoSelector{});
    OperatorRestore restore = snapshots.restoreFor(after.context.task());
    restore.old_parallelism = 2;
    ASSERT_TRUE(after.op.restore(restore).has_value());
    EXPECT_THAT(*function.kept, ElementsAre(7, 8, 9));
  }
}

TEST(OperatorTest, TimestampsPassThroughAFunctionToWhatItEmits) {
  const auto twice = [](const int& value, Collector<int>& out) {
    out.collect(value);
    out.collect(value);
  };
  Running<OneInputOperator<FlatMapStep, decltype(twice), int, int, NoKey, NoSelector>, int> op(
      FakeContext(), twice, NoSelector{});
  auto batch = batchOf<int>({1, 2}, {10, 20});
  op.op.receive(batch);
  EXPECT_THAT(op.out.records, ElementsAre(1, 1, 2, 2));
  EXPECT_THAT(op.out.timestamps, ElementsAre(10, 10, 20, 20));
}

TEST(OperatorTest, EveryConsumerGetsEveryRecord) {
  const auto longer = [](const std::string& text) { return text + "!"; };
  Running<OneInputOperator<MapStep, decltype(longer), std::string, std::string, NoKey, NoSelector>,
          std::string>
      op(FakeContext(), longer, NoSelector{});
  Received<std::string> other;
  op.op.addOutput(other);
  feed<std::string>(op.op, {"a", "b"});
  EXPECT_THAT(op.out.records, ElementsAre("a!", "b!"));
  EXPECT_THAT(other.records, ElementsAre("a!", "b!"));
}

struct Join : RichCoFlatMapFunction<int, std::string, std::string> {
  ValueState<int> left_{*this, "left", 0};
  void flatMap1(const int& value, Collector<std::string>& /*out*/) override { left_.update(value); }
  void flatMap2(const std::string& value, Collector<std::string>& out) override {
    out.collect(value + std::to_string(left_.value()));
  }
};

TEST(OperatorTest, TwoInputsShareTheStateOfAKey) {
  const auto first = [](int value) { return value % 10; };
  const auto second = [](const std::string& text) { return static_cast<int>(text.size()); };
  Running<TwoInputOperator<CoSteps<Join>,
                           Join,
                           int,
                           std::string,
                           std::string,
                           int,
                           decltype(first),
                           decltype(second)>,
          std::string>
      join(FakeContext(), Join{}, first, second);
  join.op.open();
  feed<int>(join.op, {11, 22}, 0);
  feed<std::string>(join.op, {"x", "yy", "zzz"}, 1);
  EXPECT_THAT(join.out.records, ElementsAre("x11", "yy22", "zzz0"));
}

TEST(OperatorTest, ARollingReduceKeepsOneValuePerKey) {
  const auto plus = [](int a, int b) { return a + b; };
  const auto parity = [](int value) { return value % 2; };
  using Reduce = RollingReduce<int, decltype(plus)>;
  Running<OneInputOperator<MapStep, Reduce, int, int, int, decltype(parity)>, int> op(
      FakeContext(), Reduce(plus, "reduce"), parity);
  op.op.open();
  feed<int>(op.op, {1, 2, 3, 4, 5});
  EXPECT_THAT(op.out.records, ElementsAre(1, 2, 4, 6, 9));
}

struct CountingSum : ReduceFunction<int>, ListCheckpointed<int> {
  int calls = 0;
  int reduce(const int& a, const int& b) override {
    ++calls;
    return a + b + 100 * calls;
  }
  std::vector<int> snapshotState(std::uint64_t /*id*/) override { return {calls}; }
  void restoreState(const std::vector<int>& elements) override {
    calls = elements.empty() ? 0 : elements[0];
  }
};

TEST(OperatorTest, ARollingReduceKeepsTheStateOfItsFunction) {
  const auto zero = [](int /*value*/) { return 0; };
  using Reduce = RollingReduce<int, CountingSum>;
  using Op = OneInputOperator<MapStep, Reduce, int, int, int, decltype(zero)>;
  Snapshots snapshots;
  Running<Op, int> before(FakeContext(), Reduce(CountingSum{}, "reduce"), zero);
  before.op.open();
  feed<int>(before.op, {1, 2});
  snapshots.take(before.op, 0);
  Running<Op, int> after(FakeContext(), Reduce(CountingSum{}, "reduce"), zero);
  ASSERT_TRUE(after.op.restore(snapshots.restoreFor(after.context.task())).has_value());
  after.op.open();
  feed<int>(after.op, {3});
  EXPECT_THAT(after.out.records, ElementsAre(306));
}

struct Ticks : SourceFunction<int> {
  int next = 0;
  InputStatus pollNext(SourceContext<int>& context) override {
    if (next == 5) {
      return InputStatus::kEndOfInput;
    }
    if (next == 3) {
      ++next;
      context.waker()();
      context.pollAgainAt(SteadyTime(std::chrono::seconds(9)));
      return InputStatus::kNothingAvailable;
    }
    ++next;
    context.collectWithTimestamp(next - 1, 100 + next);
    return InputStatus::kMoreAvailable;
  }
};

TEST(OperatorTest, ASourceIsPolledUpToTheLimitAndSaysWhenToGoOn) {
  Running<SourceOperator<Ticks, int>, int> source(FakeContext(), Ticks{});
  source.op.open();
  EXPECT_EQ(source.op.poll(2), InputStatus::kMoreAvailable);
  EXPECT_THAT(source.out.records, ElementsAre(0, 1));
  EXPECT_EQ(source.op.poll(2), InputStatus::kNothingAvailable);
  EXPECT_EQ(source.op.pollAgainAt(), SteadyTime(std::chrono::seconds(9)));
  EXPECT_EQ(source.context.woken, 1);
  EXPECT_EQ(source.op.poll(9), InputStatus::kEndOfInput);
  EXPECT_EQ(source.op.pollAgainAt(), SteadyTime::max());
  EXPECT_THAT(source.out.records, ElementsAre(0, 1, 2, 4));
  EXPECT_THAT(source.out.timestamps, ElementsAre(101, 102, 103, 105));
}

TEST(OperatorTest, SourceMayPauseWithoutLosingARecord) {
  Running<SourceOperator<Ticks, int>, int> source(FakeContext(), Ticks{});
  source.op.open();
  while (source.op.poll(1) != InputStatus::kEndOfInput) {
  }
  EXPECT_THAT(source.out.records, ElementsAre(0, 1, 2, 4));
}

}  // namespace
}  // namespace weir::functions
