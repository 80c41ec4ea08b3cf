#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <weir/weir.h>

namespace weir {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;

/// What a job emitted, in any order. The subtasks are threads of this process and share it.
template <typename T>
class Collected {
 public:
  struct Sink : SinkFunction<T> {
    explicit Sink(std::shared_ptr<Collected> all) : all_(std::move(all)) {}
    void invoke(const T& value) override {
      const std::lock_guard lock(all_->mutex_);
      all_->values_.push_back(value);
    }

   private:
    std::shared_ptr<Collected> all_;  // With all other copies of this function.
  };

  static std::shared_ptr<Collected> make() { return std::make_shared<Collected>(); }
  std::vector<T> values() const {
    const std::lock_guard lock(mutex_);
    return values_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<T> values_;
};

StreamExecutionEnvironment localEnvironment(int parallelism) {
  return StreamExecutionEnvironment::createLocalEnvironment(parallelism);
}

TEST(LocalClusterTest, ConnectsUnionsAndSplitsStreams) {
  auto env = localEnvironment(2);
  const auto all = Collected<std::string>::make();
  auto numbers = env.fromElements(1, 2, 3).union_(env.fromElements(4));
  auto parts = numbers.split([](const int& n) {
    return n % 2 == 0 ? std::vector<std::string>{"even"} : std::vector<std::string>{"odd"};
  });
  struct Name : CoMapFunction<int, std::string, std::string> {
    std::string map1(const int& n) override { return "n" + std::to_string(n); }
    std::string map2(const std::string& s) override { return s; }
  };
  parts.select("even")
      .connect(env.fromElements(std::string("a")))
      .map(Name{})
      .addSink(Collected<std::string>::Sink(all));
  env.execute("streams");
  EXPECT_THAT(all->values(), UnorderedElementsAre("n2", "n4", "a"));
}

TEST(LocalClusterTest, BroadcastReachesEverySubtaskAndGlobalOnlyTheFirst) {
  auto env = localEnvironment(3);
  const auto everywhere = Collected<int>::make();
  const auto first = Collected<std::pair<int, int>>::make();
  struct Subtask : RichMapFunction<int, std::pair<int, int>> {
    int subtask = -1;
    void open(RuntimeContext& context) override { subtask = context.getIndexOfThisSubtask(); }
    std::pair<int, int> map(const int& n) override { return {subtask, n}; }
  };
  auto numbers = env.fromElements(7, 8);
  numbers.broadcast().map([](const int& n) { return n; }).addSink(Collected<int>::Sink(everywhere));
  numbers.global().map(Subtask{}).addSink(Collected<std::pair<int, int>>::Sink(first));
  env.execute("partitionings");
  EXPECT_THAT(everywhere->values(), UnorderedElementsAre(7, 7, 7, 8, 8, 8));
  EXPECT_THAT(first->values(), UnorderedElementsAre(std::pair(0, 7), std::pair(0, 8)));
}

TEST(LocalClusterTest, RollingAggregatesKeepOneValueAKey) {
  auto env = localEnvironment(2);
  const auto sums = Collected<std::pair<std::string, int>>::make();
  using Pair = std::pair<std::string, int>;
  env.fromElements(Pair("a", 1), Pair("b", 10), Pair("a", 2), Pair("b", 20), Pair("a", 3))
      .keyBy([](const Pair& pair) { return pair.first; })
      .reduce([](const Pair& left, const Pair& right) {
        return Pair(left.first, left.second + right.second);
      })
      .addSink(Collected<Pair>::Sink(sums));
  env.execute("sums");
  EXPECT_THAT(
      sums->values(),
      UnorderedElementsAre(Pair("a", 1), Pair("a", 3), Pair("a", 6), Pair("b", 10), Pair("b", 30)));
}

TEST(LocalClusterTest, AccumulatorsOfAllSubtasksAreMerged) {
  auto env = localEnvironment(4);
  struct Counting : RichMapFunction<std::int64_t, std::int64_t> {
    LongCounter seen;
    void open(RuntimeContext& context) override { context.addAccumulator("seen", seen); }
    std::int64_t map(const std::int64_t& n) override {
      seen.add(n);
      return n;
    }
  };
  env.generateSequence(1, 100).map(Counting{}).addSink([](const std::int64_t&) {});
  const JobExecutionResult result = env.execute("accumulators");
  EXPECT_EQ(result.getAccumulatorResult<std::int64_t>("seen"), 5050);
}

/// Throws once over all attempts, at the record `at`.
struct FailsOnce : MapFunction<std::int64_t, std::int64_t> {
  std::shared_ptr<std::atomic<bool>> failed = std::make_shared<std::atomic<bool>>(false);
  std::int64_t at = 0;
  std::int64_t map(const std::int64_t& n) override {
    if (n == at && !failed->exchange(true)) {
      throw std::runtime_error("once");
    }
    return n;
  }
};

/// 0 ... count-1, slowly enough that checkpoints complete meanwhile.
struct SlowNumbers : RichSourceFunction<std::int64_t>, Checkpointed<std::int64_t> {
  std::int64_t next = 0;
  std::int64_t count = 0;
  std::int64_t snapshotState(std::uint64_t /*checkpoint*/) override { return next; }
  void restoreState(const std::int64_t& state) override { next = state; }
  InputStatus pollNext(SourceContext<std::int64_t>& context) override {
    if (next == count) {
      return InputStatus::kEndOfInput;
    }
    context.collect(next++);
    context.pollAgainAt(std::chrono::steady_clock::now() + std::chrono::milliseconds(1));
    return InputStatus::kNothingAvailable;
  }
};

TEST(LocalClusterTest, EveryKindOfKeyedStateSurvivesAFailureExactly) {
  auto env = localEnvironment(1);
  env.enableCheckpointing(std::chrono::milliseconds(20));
  const auto last = Collected<std::string>::make();
  struct AllKinds : RichMapFunction<std::int64_t, std::string> {
    ValueState<std::int64_t> value{*this, "value", 0};
    ListState<std::int64_t> list{*this, "list"};
    MapState<std::string, std::int64_t> map_state{*this, "map"};
    ReducingState<std::int64_t> sum{
        *this, "sum", [](std::int64_t a, std::int64_t b) { return a + b; }};
    std::string map(const std::int64_t& n) override {
      value.update(value.value() + 1);
      list.add(n);
      map_state.put(std::to_string(n), n);
      sum.add(n);
      std::int64_t listed = 0;
      for (const std::int64_t one : list.get()) {
        listed += one;
      }
      std::int64_t mapped = 0;
      for (const auto& [key, number] : map_state.entries()) {
        mapped += number;
      }
      return std::to_string(n) + ":" + std::to_string(value.value()) + ":" +
             std::to_string(listed) + ":" + std::to_string(mapped) + ":" +
             std::to_string(sum.get());
    }
  };
  FailsOnce fails;
  fails.at = 150;
  SlowNumbers numbers;
  numbers.count = 200;
  env.addSource(numbers)
      .uid("numbers")
      .map(fails)
      .keyBy([](const std::int64_t& n) { return n % 2; })
      .map(AllKinds{})
      .uid("kinds")
      .addSink(Collected<std::string>::Sink(last));
  env.execute("kinds");
  EXPECT_TRUE(fails.failed->load());
  // Sums of the even and of the odd numbers below 200; lists, maps and sums agree.
  EXPECT_THAT(last->values(), testing::Contains("198:100:9900:9900:9900"));
  EXPECT_THAT(last->values(), testing::Contains("199:100:10000:10000:10000"));
}

TEST(LocalClusterTest, NotificationsComeInOrderAndTheFinalCheckpointCoversEverything) {
  auto env = localEnvironment(1);
  env.enableCheckpointing(std::chrono::milliseconds(10));
  struct Listening : RichSinkFunction<std::int64_t>,
                     CheckpointListener,
                     Checkpointed<std::int64_t> {
    std::shared_ptr<std::vector<std::uint64_t>> notified =
        std::make_shared<std::vector<std::uint64_t>>();
    std::shared_ptr<std::map<std::uint64_t, std::int64_t>> snapshots =
        std::make_shared<std::map<std::uint64_t, std::int64_t>>();
    std::int64_t seen = 0;
    void invoke(const std::int64_t& /*n*/) override { ++seen; }
    std::int64_t snapshotState(std::uint64_t checkpoint) override {
      (*snapshots)[checkpoint] = seen;
      return seen;
    }
    void restoreState(const std::int64_t& state) override { seen = state; }
    void notifyCheckpointComplete(std::uint64_t checkpoint) override {
      notified->push_back(checkpoint);
    }
  };
  const Listening sink;
  SlowNumbers numbers;
  numbers.count = 100;
  env.addSource(numbers).addSink(sink);
  env.execute("notifications");
  ASSERT_FALSE(sink.notified->empty());
  EXPECT_TRUE(std::is_sorted(sink.notified->begin(), sink.notified->end()));
  EXPECT_EQ(sink.snapshots->at(sink.notified->back()), 100);
}

TEST(LocalClusterTest, AFullSinkHoldsTheSourceBackAndLosesNothing) {
  auto env = localEnvironment(2);
  const auto sum = std::make_shared<std::atomic<std::int64_t>>(0);
  env.generateSequence(1, 20000)
      .rebalance()
      .map([](const std::int64_t& n) { return std::string(100, 'x') + std::to_string(n); })
      .shuffle()
      .addSink([sum](const std::string& text) { *sum += std::stoll(text.substr(100)); });
  env.execute("back pressure");
  EXPECT_EQ(sum->load(), 200010000);
}

/// The text of the failure of `env`'s job; empty when it finished.
std::string failureOf(StreamExecutionEnvironment& env) {
  try {
    env.execute("fails");
  } catch (const JobExecutionException& failed) {
    return failed.what();
  }
  return "";
}

TEST(LocalClusterTest, AJobThatNeverProcessedARecordEndsWithItsCause) {
  for (const bool chained : {true, false}) {
    auto env = localEnvironment(1);
    env.enableCheckpointing(std::chrono::milliseconds(20));
    auto lines = env.readTextFile("/nowhere/at/all").map([](const std::string& s) { return s; });
    (chained ? lines : lines.startNewChain()).addSink([](const std::string&) {});
    EXPECT_THAT(failureOf(env), testing::HasSubstr("/nowhere/at/all"));
  }
}

TEST(LocalClusterTest, AJobWithAStrategyOfItsOwnRestartsAlsoBeforeItsFirstRecord) {
  auto env = localEnvironment(1);
  env.enableCheckpointing(std::chrono::milliseconds(20));
  env.setRestartStrategy(RestartStrategies::fixedDelay(2, 1));
  const auto opened = std::make_shared<std::atomic<int>>(0);
  struct Opening : RichMapFunction<int, int> {
    std::shared_ptr<std::atomic<int>> times;
    void open(RuntimeContext& /*context*/) override {
      ++*times;
      throw std::runtime_error("never opens");
    }
    int map(const int& value) override { return value; }
  };
  Opening opening;
  opening.times = opened;
  env.fromElements(1).map(opening).addSink([](const int&) {});
  EXPECT_THAT(failureOf(env), testing::HasSubstr("never opens"));
  EXPECT_EQ(opened->load(), 3);
}

template <typename Number>
struct CountsRecords : RichMapFunction<int, int> {
  Counter<Number> records;
  void open(RuntimeContext& context) override { context.addAccumulator("records", records); }
  int map(const int& value) override {
    records.add(1);
    return value;
  }
};

TEST(LocalClusterTest, AccumulatorsOfOneNameAndTwoTypesFailTheJob) {
  for (const bool chained : {true, false}) {
    auto env = localEnvironment(1);
    auto counted = env.fromElements(1, 2).map(CountsRecords<std::int64_t>{}).name("long ones");
    auto again = counted.map(CountsRecords<std::int32_t>{}).name("short ones");
    (chained ? again : again.startNewChain()).addSink([](const int&) {});
    const std::string failure = failureOf(env);
    EXPECT_THAT(failure, testing::HasSubstr("LongCounter"));
    EXPECT_THAT(failure, testing::HasSubstr("IntCounter"));
    EXPECT_THAT(failure, testing::HasSubstr("short ones"));
  }
}

TEST(LocalClusterTest, TwoCallablesTakeTwoStreamsAndANamedKeyedStreamHasState) {
  auto env = localEnvironment(2);
  const auto all = Collected<int>::make();
  auto numbers = env.fromElements(1, 2, 3);
  auto both = numbers.connect(env.fromElements("aaaa"))
                  .flatMap([](int value, Collector<int>& out) { out.collect(value); },
                           [](const std::string& word, Collector<int>& out) {
                             out.collect(static_cast<int>(word.size()));
                           });
  const KeyedStream<int, bool> keyed = both.keyBy([](int value) { return value % 2 == 0; });
  struct LastSum : RichMapFunction<int, int> {
    ValueState<std::vector<int>> seen{*this, "seen"};
    int map(const int& value) override {
      seen.edit().push_back(value);
      int sum = 0;
      for (const int one : seen.value()) {
        sum += one;
      }
      return sum;
    }
  };
  keyed.map(LastSum{}).addSink(Collected<int>::Sink(all));
  env.execute("pairs");
  const auto sums = all->values();
  ASSERT_EQ(sums.size(), 4U);
  EXPECT_THAT(sums, testing::IsSupersetOf({4, 6}));
}

TEST(LocalClusterDeathTest, AJobThatFailsEndsTheProgramWithOneAndItsCause) {
  EXPECT_EXIT(
      []() noexcept {  // As main() is: nobody catches what leaves it.
        auto env = localEnvironment(1);
        env.fromElements(1)
            .map([](const int& n) -> int {
              throw std::invalid_argument("not a number: " + std::to_string(n));
            })
            .print();
        env.execute("fails");
      }(),
      testing::ExitedWithCode(1),
      "^weir: job 'fails' failed: [^\n]*std::invalid_argument: not a number: 1[^\n]*\n$");
}

}  // namespace
}  // namespace weir
