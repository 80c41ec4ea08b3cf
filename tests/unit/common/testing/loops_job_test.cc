#include <algorithm>
#include <chrono>
#include <map>
#include <numeric>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/api/weir.h"
#include "common/testing/testing.h"
#include "tests/unit/common/testing/directory.h"

/// Jobs whose operators have something beside their input.
namespace weir::testing {
namespace {

using ::testing::ElementsAre;
using Walk = std::pair<int, int>;  // What it began with, and where it is.

/// Takes one from each number, and counts how often that was done to each walk.
struct Less : RichMapFunction<Walk, Walk> {
  ValueState<int> steps_{*this, "steps", 0};
  Walk map(const Walk& walk) override {
    steps_.update(steps_.value() + 1);
    return {walk.first, walk.second - 1};
  }
};
struct Count : RichMapFunction<Walk, Walk> {
  ValueState<int> seen_{*this, "seen", 0};
  Walk map(const Walk& walk) override {
    seen_.update(seen_.value() + 1);
    return {walk.first, seen_.value()};
  }
};
int startOf(const Walk& walk) { return walk.first; }

Program walking(const ElementsSink<Walk>& sink) {
  return [sink](StreamExecutionEnvironment& env) {
    std::vector<Walk> walks;
    for (int start = 1; start <= 40; ++start) {
      walks.emplace_back(start, start);
    }
    auto it = env.addSource(source<Walk>(walks)).uid("walks").iterate();
    it.uid("loop");
    auto steps = it.keyBy(&startOf).map(Less{}).uid("less").name("Less");
    it.closeWith(steps.filter([](const Walk& walk) { return walk.second > 0; }));
    steps.keyBy(&startOf).map(Count{}).uid("count").addSink(sink).uid("sink");
  };
}

/// The largest count of each walk, which is what it began with.
void expectAllWalked(const std::vector<Walk>& results) {
  std::map<int, int> most;
  for (const auto& [start, count] : results) {
    most[start] = std::max(most[start], count);
  }
  ASSERT_EQ(most.size(), 40U);
  for (const auto& [start, count] : most) {
    EXPECT_EQ(count, start);
  }
}

TEST(LoopsJobTest, AnIterationEndsByItselfInAnyOrderOfTurns) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    auto results = sink<Walk>();
    Job job(walking(results));
    job.parallelism(3).seed(seed).runToEnd();
    EXPECT_EQ(results.values().size(), 40U * 41 / 2);
    expectAllWalked(results.values());
  }
}

TEST(LoopsJobTest, WhatGoesRoundIsInCheckpointsAndInSavepointsForAnotherParallelism) {
  const Directory directory;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    auto results = sink<Walk>();
    Job job(walking(results));
    job.parallelism(2).seed(seed).step(static_cast<int>(3 + seed * 4));
    job.checkpoint();
    job.step(7);
    job.failTask("Less", 1);
    job.step(5);
    const std::string path = job.savepoint(directory.path());
    job.runToEnd();
    expectAllWalked(results.values());

    auto more = sink<Walk>();
    Job restored(walking(more));
    restored.parallelism(3).restoreFrom(path).runToEnd();
    std::vector<Walk> all = results.values();
    const auto rest = more.values();
    all.insert(all.end(), rest.begin(), rest.end());
    expectAllWalked(all);
  }
}

/// Answers at once, or when the test does.
struct Ask : AsyncFunction<int, std::string> {
  std::vector<std::pair<int, ResultFuture<std::string>>>* open;
  explicit Ask(std::vector<std::pair<int, ResultFuture<std::string>>>& asked) : open(&asked) {}
  void asyncInvoke(const int& value, ResultFuture<std::string> result) override {
    open->emplace_back(value, result);
  }
  void timeout(const int& value, ResultFuture<std::string> result) override {
    result.complete({"late " + std::to_string(value)});
  }
};

TEST(LoopsJobTest, AnAsynchronousFunctionIsAnsweredByTheTestOrByTime) {
  std::vector<std::pair<int, ResultFuture<std::string>>> open;
  auto results = sink<std::string>();
  Job job([&](StreamExecutionEnvironment& env) {
    AsyncDataStream::orderedWait(
        env.addSource(source<int>({1, 2, 3})), Ask(open), Time::seconds(10))
        .addSink(results);
  });
  job.step(5);
  ASSERT_EQ(open.size(), 3U);
  open[1].second.complete({"two"});
  open[0].second.complete({"one"});
  job.step(5);
  EXPECT_THAT(results.values(), ElementsAre("one", "two"));
  EXPECT_FALSE(job.ended());
  job.advance(Time::seconds(11));
  EXPECT_THAT(results.values(), ElementsAre("one", "two", "late 3"));
  EXPECT_TRUE(job.ended());
}

TEST(LoopsJobTest, AnIterationOfManySubtasksEndsToo) {
  auto results = sink<Walk>();
  Job job(walking(results));
  job.parallelism(9).runToEnd();
  expectAllWalked(results.values());
}

/// Answers from a thread of its own, some milliseconds later.
struct AskSlowly : AsyncFunction<int, int> {
  void asyncInvoke(const int& value, ResultFuture<int> result) override {
    std::thread([value, result]() mutable {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      result.complete({value});
    }).detach();
  }
};

TEST(LoopsJobTest, ACheckpointWaitsForAnAsynchronousFunctionThatTakesNoMore) {
  auto results = sink<int>();
  Job job([&](StreamExecutionEnvironment& env) {
    std::vector<int> values(20);
    std::iota(values.begin(), values.end(), 0);
    AsyncDataStream::orderedWait(
        env.addSource(source<int>(values)).rebalance(), AskSlowly(), Time::seconds(60), 2)
        .addSink(results);
  });
  job.step(5);
  job.checkpoint();
  job.runToEnd();
  EXPECT_EQ(results.values().size(), 20U);
}

}  // namespace
}  // namespace weir::testing
