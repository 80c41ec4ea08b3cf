#include <stdexcept>
#include <string>
#include <thread>

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

struct KeyOfWord {
  std::string operator()(const std::string& word) const { return word; }
};

struct CountPerWord : RichMapFunction<std::string, std::string> {
  ValueState<std::int64_t> seen_{*this, "seen", 0};
  std::string map(const std::string& word) override {
    seen_.update(seen_.value() + 1);
    return word + "=" + std::to_string(seen_.value());
  }
};

TEST(OneInputHarnessTest, RunsAFunctionWithStateInTenLines) {
  OneInputHarness h(CountPerWord{}, [](const std::string& word) { return word; });
  h.open();
  h.push("to");
  h.push("be");
  h.push("to");
  EXPECT_THAT(h.output(), ElementsAre("to=1", "be=1", "to=2"));
  EXPECT_THAT(h.state(ValueStateDescriptor<std::int64_t>("seen", 0), "to"), Optional(2));
  EXPECT_EQ(h.state(ValueStateDescriptor<std::int64_t>("seen", 0), "or"), std::nullopt);
}

TEST(OneInputHarnessTest, SaysWhichStatesThereAreToWhoAsksForAnother) {
  OneInputHarness h(CountPerWord{}, KeyOfWord{});
  try {
    h.state(ValueStateDescriptor<std::int64_t>("sen"), "to");
    FAIL();
  } catch (const std::invalid_argument& error) {
    EXPECT_THAT(error.what(), HasSubstr("no value state 'sen'; it has value 'seen'"));
  }
  h.push("to");
  EXPECT_THROW(h.state(ValueStateDescriptor<std::string>("seen"), "to"), std::invalid_argument);
}

TEST(OneInputHarnessTest, RunsEveryKindOfCallable) {
  OneInputHarness doubles([](const int& n) { return 2 * n; });
  doubles.push(21, 7);
  EXPECT_THAT(doubles.records(), ElementsAre(Timestamped<int>{42, 7}));
  EXPECT_TRUE(doubles.timers().empty());

  OneInputHarness letters([](const std::string& word, Collector<char>& out) {
    for (const char one : word) {
      out.collect(one);
    }
  });
  letters.push("ab");
  EXPECT_THAT(letters.output(), ElementsAre('a', 'b'));

  OneInputHarness odd(filter([](const int& n) { return n % 2 != 0; }));
  odd.push(1);
  odd.push(2);
  EXPECT_THAT(odd.output(), ElementsAre(1));

  OneInputHarness sums([](const int& a, const int& b) { return a + b; },
                       [](const int& n) { return n % 10; });
  for (const int n : {1, 11, 2}) {
    sums.push(n);
  }
  EXPECT_THAT(sums.output(), ElementsAre(1, 12, 2));

  std::vector<int> taken;
  OneInputHarness sink([&taken](const int& n) { taken.push_back(n); });
  sink.push(5);
  EXPECT_THAT(taken, ElementsAre(5));
}

/// Emits a key that had no record for a second, by either time.
struct Silence : KeyedProcessFunction<std::string, std::string, std::string> {
  ValueState<std::int64_t> last_{*this, "last", 0};
  OutputTag<std::int64_t> times_{"times"};

  void processElement(const std::string& value,
                      Context& context,
                      Collector<std::string>&) override {
    if (const auto time = context.timestamp()) {
      last_.update(*time);
      context.timerService().registerEventTimeTimer(*time + 1000);
      context.output(times_, *time);
    } else {
      context.timerService().registerProcessingTimeTimer(
          context.timerService().currentProcessingTime() + 1000);
    }
    if (value == "bad") {
      throw std::runtime_error("a bad one");
    }
  }
  void onTimer(std::int64_t time, OnTimerContext& context, Collector<std::string>& out) override {
    if (context.timeDomain() == TimeDomain::kProcessingTime || time == last_.value() + 1000) {
      out.collect(context.getCurrentKey() + "@" + std::to_string(time));
    }
  }
};

TEST(OneInputHarnessTest, FiresTimersWhenTheTestMovesTime) {
  OneInputHarness h(Silence{}, KeyOfWord{});
  h.push("a", 100);
  h.push("a", 600);
  h.push("b");
  EXPECT_THAT(h.timers(),
              ElementsAre(Timer<std::string>{"a", 1100, TimeDomain::kEventTime},
                          Timer<std::string>{"a", 1600, TimeDomain::kEventTime},
                          Timer<std::string>{"b", 1000, TimeDomain::kProcessingTime}));
  h.watermark(1599);
  EXPECT_THAT(h.output(), IsEmpty());
  h.watermark(1600);
  EXPECT_THAT(h.records(), ElementsAre(Timestamped<std::string>{"a@1600", 1600}));
  h.advanceProcessingTime(std::chrono::milliseconds(999));
  EXPECT_EQ(h.output().size(), 1U);
  h.advanceProcessingTime(Time::milliseconds(1));
  EXPECT_THAT(h.output(), ElementsAre("a@1600", "b@1000"));
  EXPECT_THAT(h.timers(), IsEmpty());
  EXPECT_THAT(h.watermarks(), ElementsAre(1599, 1600));
  EXPECT_THAT(h.sideOutput(OutputTag<std::int64_t>("times")), ElementsAre(100, 600));
  EXPECT_THROW(h.sideOutput(OutputTag<std::string>("times")), std::invalid_argument);
}

TEST(OneInputHarnessTest, AtTheEndEventTimeTimersFireAndThoseOfTheClockDoNot) {
  OneInputHarness h(Silence{}, KeyOfWord{});
  h.push("a", 100);
  h.push("b");
  h.endInput();
  h.advanceProcessingTime(Time::days(1));
  EXPECT_THAT(h.output(), ElementsAre("a@1100"));
}

TEST(OneInputHarnessTest, WhatUserCodeThrowsComesOutOfTheCall) {
  OneInputHarness h(Silence{}, KeyOfWord{});
  try {
    h.push("bad", 5);
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "a bad one");
  }
  h.push("good", 10);
  h.watermark(1010);
  EXPECT_THAT(h.output(), ElementsAre("bad@1005", "good@1010"));
}

TEST(OneInputHarnessTest, ARestoredFunctionGoesOnWithStateAndTimers) {
  OneInputHarness h(Silence{}, KeyOfWord{});
  h.push("a", 100);
  const Snapshot snapshot = h.snapshot();
  h.push("a", 5000);
  h.restore(snapshot);
  h.open();
  EXPECT_THAT(h.state(ValueStateDescriptor<std::int64_t>("last"), "a"), Optional(100));
  h.watermark(1100);
  EXPECT_THAT(h.output(), ElementsAre("a@1100"));

  OneInputHarness other(Silence{}, KeyOfWord{});
  other.restore(snapshot);
  other.watermark(1100);
  EXPECT_THAT(other.output(), ElementsAre("a@1100"));
}

TEST(OneInputHarnessTest, TimersThatAreDueAtARestoreFireBeforeItsRecords) {
  OneInputHarness h(Silence{}, KeyOfWord{});
  h.push("a");
  const Snapshot snapshot = h.snapshot();

  OneInputHarness later(Silence{}, KeyOfWord{});
  later.restore(snapshot);
  later.setProcessingTime(1000);
  later.open();
  EXPECT_THAT(later.output(), ElementsAre("a@1000"));
}

TEST(OneInputHarnessTest, SplitsDealOutTheKeysAndMergesBringThemTogether) {
  OneInputHarness one(CountPerWord{}, KeyOfWord{});
  for (int i = 0; i < 100; ++i) {
    one.push(std::to_string(i));
  }
  const std::vector<Snapshot> parts = split(one.snapshot(), 3);
  std::vector<Snapshot> again;
  for (std::size_t i = 0; i < 3; ++i) {
    OneInputHarness part(CountPerWord{}, KeyOfWord{});
    part.restore(parts[i]);
    for (int word = 0; word < 100; ++word) {
      if (part.owns(std::to_string(word))) {
        part.push(std::to_string(word));
      }
    }
    again.push_back(part.snapshot());
  }
  EXPECT_THROW(split(again[0], 2), std::invalid_argument);
  EXPECT_THROW(merge({again[0], again[1]}), std::invalid_argument);
  EXPECT_THROW(merge({again[0], again[1], again[1]}), std::invalid_argument);
  OneInputHarness whole(CountPerWord{}, KeyOfWord{});
  whole.restore(merge({again[2], again[0], again[1]}));
  const ValueStateDescriptor<std::int64_t> seen("seen", 0);
  for (int i = 0; i < 100; ++i) {
    EXPECT_THAT(whole.state(seen, std::to_string(i)), Optional(2));
  }
}

struct Recent : RichMapFunction<std::string, int> {
  static ValueStateDescriptor<int> descriptor() {
    return ValueStateDescriptor<int>("seen").enableTimeToLive(
        StateTtlConfig::newBuilder(Time::seconds(10)).build());
  }
  ValueState<int> seen_{*this, "seen", 0, descriptor().ttl};
  int map(const std::string&) override {
    seen_.update(seen_.value() + 1);
    return seen_.value();
  }
};

TEST(OneInputHarnessTest, StateExpiresWhenTheTestMovesTheClock) {
  OneInputHarness h(Recent{}, KeyOfWord{});
  h.push("a");
  h.advanceProcessingTime(Time::seconds(9));
  EXPECT_THAT(h.state(Recent::descriptor(), "a"), Optional(1));
  h.advanceProcessingTime(Time::seconds(1));
  EXPECT_EQ(h.state(Recent::descriptor(), "a"), std::nullopt);
  h.push("a");
  EXPECT_THAT(h.output(), ElementsAre(1, 1));
}

/// Remembers the last words, and how its life went.
struct Life : RichMapFunction<std::string, std::string>,
              ListCheckpointed<std::string>,
              CheckpointListener {
  std::vector<std::string> words;
  std::vector<std::string>* life = nullptr;

  explicit Life(std::vector<std::string>* to) : life(to) {}
  std::string map(const std::string& word) override {
    words.push_back(word);
    return word;
  }
  std::vector<std::string> snapshotState(std::uint64_t id) override {
    life->push_back("snapshot " + std::to_string(id));
    return words;
  }
  void restoreState(const std::vector<std::string>& elements) override {
    words = elements;
    life->push_back("restore " + std::to_string(elements.size()));
  }
  void notifyCheckpointComplete(std::uint64_t id) override {
    life->push_back("complete " + std::to_string(id));
  }
  void notifyCheckpointAborted(std::uint64_t id) override {
    life->push_back("aborted " + std::to_string(id));
  }
  void open(RuntimeContext& context) override {
    life->push_back("open " + std::to_string(context.getIndexOfThisSubtask()) + " of " +
                    std::to_string(context.getNumberOfParallelSubtasks()));
  }
  void endInput() override { life->push_back("endInput"); }
  void close() override { life->push_back("close"); }
};

TEST(OneInputHarnessTest, AFunctionHearsOfItsLifeInOrder) {
  std::vector<std::string> life;
  OneInputHarness h{Life(&life)};
  h.open();
  h.push("a");
  h.push("b");
  h.push("c");
  const Snapshot first = h.snapshot();
  h.snapshotComplete(first.checkpointId());
  h.snapshotAborted(h.snapshot());
  h.endInput();
  h.close();
  EXPECT_THAT(life,
              ElementsAre("open 0 of 1",
                          "snapshot 1",
                          "complete 1",
                          "snapshot 2",
                          "aborted 2",
                          "endInput",
                          "close"));
  life.clear();
  h.restore(split(first, 2)[1]);
  h.open();
  EXPECT_THAT(life, ElementsAre("restore 1", "open 1 of 2"));
}

/// Commits what the test can see.
struct Committing : TwoPhaseCommitSink<int, std::vector<int>> {
  std::vector<int>* committed = nullptr;
  explicit Committing(std::vector<int>* to) : committed(to) {}
  std::vector<int> begin() override { return {}; }
  void invoke(std::vector<int>& transaction, const int& value) override {
    transaction.push_back(value);
  }
  void preCommit(std::vector<int>&) override {}
  void commit(const std::vector<int>& transaction) override {
    committed->insert(committed->end(), transaction.begin(), transaction.end());
  }
  void abort(const std::vector<int>&) override {}
};

TEST(OneInputHarnessTest, ASinkCommitsWhenItsCheckpointIsComplete) {
  std::vector<int> committed;
  OneInputHarness h{Committing(&committed)};
  h.push(1);
  const Snapshot first = h.snapshot();
  h.push(2);
  EXPECT_THAT(committed, IsEmpty());
  h.snapshotComplete(first);
  EXPECT_THAT(committed, ElementsAre(1));
  const Snapshot second = h.snapshot();
  committed.clear();
  h.restore(second);
  h.open();
  EXPECT_THAT(committed, ElementsAre(2));
}

TEST(OneInputHarnessTest, AStrategyGivesTimestampsAndWatermarks) {
  OneInputHarness h(WatermarkStrategy<std::int64_t>::forBoundedOutOfOrderness(Time::milliseconds(5))
                        .withTimestampAssigner([](const std::int64_t& n) { return n; }));
  h.push(100);
  h.push(90);
  h.advanceProcessingTime(Time::milliseconds(200));
  EXPECT_THAT(h.records(),
              ElementsAre(Timestamped<std::int64_t>{100, 100}, Timestamped<std::int64_t>{90, 90}));
  EXPECT_THAT(h.watermarks(), ElementsAre(94));
}

/// Is answered by another thread.
struct Doubling : AsyncFunction<int, int> {
  void asyncInvoke(const int& n, ResultFuture<int> result) override {
    std::thread([n, result]() mutable { result.complete({2 * n}); }).detach();
  }
};

TEST(OneInputHarnessTest, WaitsForAnswersOfOtherThreads) {
  OneInputHarness h(Doubling{});
  for (const int n : {1, 2, 3}) {
    h.push(n);
  }
  EXPECT_TRUE(h.awaitOutput(3));
  EXPECT_THAT(h.output(), ElementsAre(2, 4, 6));
}

struct Joined : CoProcessFunction<std::string, int, std::string> {
  void processElement1(const std::string& value, Context&, Collector<std::string>& out) override {
    out.collect(value);
  }
  void processElement2(const int& value, Context&, Collector<std::string>& out) override {
    out.collect(std::to_string(value));
  }
};

/// Counts the records of both inputs by key.
struct CountBoth : RichCoMapFunction<std::string, int, std::string> {
  ValueState<int> count_{*this, "count", 0};
  std::string map1(const std::string&) override { return next("first"); }
  std::string map2(const int&) override { return next("second"); }
  std::string next(const std::string& which) {
    count_.update(count_.value() + 1);
    return which + std::to_string(count_.value());
  }
};

TEST(TwoInputHarnessTest, BothInputsComeToOneFunctionWithTheStateOfTheirKey) {
  TwoInputHarness plain(Joined{});
  plain.push1("a");
  plain.push2(1);
  EXPECT_THAT(plain.output(), ElementsAre("a", "1"));

  TwoInputHarness keyed(CountBoth{}, KeyOfWord{}, [](const int& n) { return std::to_string(n); });
  keyed.push1("1");
  keyed.push2(1);
  keyed.push2(2);
  EXPECT_THAT(keyed.output(), ElementsAre("first1", "second2", "second1"));
  EXPECT_THAT(keyed.state(ValueStateDescriptor<int>("count"), "1"), Optional(2));
}

TEST(TwoInputHarnessTest, TheWatermarkIsTheLeastOfBoth) {
  TwoInputHarness h(Joined{});
  h.watermark1(10);
  EXPECT_THAT(h.watermarks(), IsEmpty());
  h.watermark2(5);
  EXPECT_THAT(h.watermarks(), ElementsAre(5));
  h.endInput2();
  EXPECT_THAT(h.watermarks(), ElementsAre(5, 10));
}

const MapStateDescriptor<std::string, int> kLimits("limits");

struct Limited : KeyedBroadcastProcessFunction<std::string,
                                               std::string,
                                               std::pair<std::string, int>,
                                               std::string> {
  ValueState<int> count_{*this, "count", 0};
  void processElement(const std::string& value,
                      ReadOnlyContext& context,
                      Collector<std::string>& out) override {
    count_.update(count_.value() + 1);
    if (count_.value() <= context.getBroadcastState(kLimits).get(value).value_or(0)) {
      out.collect(value);
    }
  }
  void processBroadcastElement(const std::pair<std::string, int>& limit,
                               Context& context,
                               Collector<std::string>&) override {
    context.getBroadcastState(kLimits).put(limit.first, limit.second);
  }
};

TEST(TwoInputHarnessTest, BroadcastStateIsKeptAndRestoredEverywhere) {
  TwoInputHarness h(Limited{}, KeyOfWord{}, kLimits);
  h.push1("a");
  h.push2({"a", 3});
  h.push1("a");
  EXPECT_THAT(h.output(), ElementsAre("a"));
  const auto parts = split(h.snapshot(), 2);
  for (const Snapshot& part : parts) {
    TwoInputHarness other(Limited{}, KeyOfWord{}, kLimits);
    other.restore(part);
    other.push2({"b", 1});
    other.push1("b");
    if (other.owns("a")) {
      other.push1("a");
      other.push1("a");
      EXPECT_THAT(other.output(), ElementsAre("b", "a"));
    }
  }
}

struct Numbers : SourceFunction<std::int64_t>, Checkpointed<std::int64_t> {
  std::int64_t next = 1;
  std::int64_t last = 0;
  Numbers(std::int64_t from, std::int64_t to) : next(from), last(to) {}
  InputStatus pollNext(SourceContext<std::int64_t>& context) override {
    if (next == 5) {
      ++next;
      return InputStatus::kNothingAvailable;
    }
    if (next > last) {
      return InputStatus::kEndOfInput;
    }
    context.collectWithTimestamp(next, next * 10);
    ++next;
    return InputStatus::kMoreAvailable;
  }
  std::int64_t snapshotState(std::uint64_t) override { return next; }
  void restoreState(const std::int64_t& state) override { next = state; }
};

TEST(SourceHarnessTest, IsPolledAndGoesOnWhereItsSnapshotWasTaken) {
  SourceHarness h(Numbers(1, 7));
  EXPECT_EQ(h.poll(), InputStatus::kMoreAvailable);
  EXPECT_THAT(h.records(), ElementsAre(Timestamped<std::int64_t>{1, 10}));
  const Snapshot snapshot = h.snapshot();
  EXPECT_EQ(h.poll(2), InputStatus::kMoreAvailable);
  EXPECT_THAT(h.output(), ElementsAre(1, 2, 3));
  EXPECT_EQ(h.pollUntilIdle(), InputStatus::kNothingAvailable);
  EXPECT_EQ(h.pollUntilIdle(), InputStatus::kEndOfInput);
  EXPECT_THAT(h.output(), ElementsAre(1, 2, 3, 4, 6, 7));
  EXPECT_THAT(h.watermarks(), ElementsAre(std::numeric_limits<std::int64_t>::max()));
  const Snapshot ended = h.snapshot();
  h.clearOutput();
  h.restore(snapshot);
  EXPECT_EQ(h.poll(), InputStatus::kMoreAvailable);
  EXPECT_THAT(h.output(), ElementsAre(2));
  h.restore(ended);
  EXPECT_EQ(h.poll(), InputStatus::kEndOfInput);
  EXPECT_THAT(h.output(), ElementsAre(2));
}

TEST(SourceHarnessTest, TakesACallable) {
  SourceHarness h([n = 0](SourceContext<int>& context) mutable {
    context.collect(++n);
    return n < 3 ? InputStatus::kMoreAvailable : InputStatus::kEndOfInput;
  });
  h.pollUntilIdle();
  EXPECT_THAT(h.output(), ElementsAre(1, 2, 3));
}

}  // namespace
}  // namespace weir::testing
