#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/api/weir.h"
#include "common/testing/testing.h"
#include "tests/unit/common/testing/directory.h"

namespace weir::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

using Word = std::string;

struct CountPerWord : RichMapFunction<Word, std::string> {
  ValueState<std::int64_t> seen_{*this, "seen", 0};
  std::string map(const Word& word) override {
    seen_.update(seen_.value() + 1);
    return word + "=" + std::to_string(seen_.value());
  }
};

/// `count` words, of seven different ones.
std::vector<Word> words(int count) {
  std::vector<Word> all;
  for (int i = 0; i < count; ++i) {
    all.push_back("w" + std::to_string(i % 7));
  }
  return all;
}

/// The largest count of each word.
std::map<Word, int> counts(const std::vector<std::string>& results) {
  std::map<Word, int> most;
  for (const std::string& one : results) {
    const std::size_t at = one.find('=');
    int& count = most[one.substr(0, at)];
    count = std::max(count, std::stoi(one.substr(at + 1)));
  }
  return most;
}

Program counting(std::vector<Word> given, const ElementsSink<std::string>& sink) {
  return [given = std::move(given), sink](StreamExecutionEnvironment& env) {
    env.addSource(source<Word>(given))
        .uid("words")
        .keyBy([](const Word& word) { return word; })
        .map(CountPerWord{})
        .uid("counts")
        .name("Count per word")
        .addSink(sink)
        .uid("sink");
  };
}

std::string textOf(const std::function<void()>& call) {
  try {
    call();
  } catch (const std::exception& thrown) {
    return thrown.what();
  }
  return {};
}

TEST(JobTest, RunsAWholeJobAtAnyParallelism) {
  for (const int parallelism : {1, 3}) {
    auto results = sink<std::string>();
    Job job(counting(words(700), results));
    job.parallelism(parallelism).runToEnd();
    EXPECT_TRUE(job.ended());
    const auto values = results.values();
    EXPECT_EQ(values.size(), 700U);
    EXPECT_EQ(std::set<std::string>(values.begin(), values.end()).size(), 700U);
    EXPECT_EQ(counts(values).at("w6"), 100);
  }
}

TEST(JobTest, ASeedFixesTheOrderInWhichSubtasksRun) {
  const auto run = [](std::uint64_t seed) {
    auto results = sink<std::string>();
    Job job(counting(words(300), results));
    job.parallelism(3).seed(seed).runToEnd();
    return results.values();
  };
  EXPECT_EQ(run(1), run(1));
  EXPECT_NE(run(1), run(2));
  EXPECT_EQ(counts(run(1)), counts(run(2)));
}

TEST(JobTest, EventTimeFollowsTheElements) {
  using Reading = std::pair<std::string, int>;
  auto results = sink<Reading>();
  Job job([&](StreamExecutionEnvironment& env) {
    env.addSource(timestampedSource<Reading>(
                      {{{"a", 1}, 100}, {{"a", 2}, 900}, {{"b", 3}, 400}, {{"a", 4}, 1500}}))
        .assignTimestampsAndWatermarks(WatermarkStrategy<Reading>::forMonotonousTimestamps())
        .keyBy([](const Reading& reading) { return reading.first; })
        .window(TumblingEventTimeWindows::of(Time::seconds(1)))
        .reduce([](const Reading& a, const Reading& b) {
          return Reading(a.first, a.second + b.second);
        })
        .addSink(results);
  });
  job.runToEnd();
  EXPECT_THAT(results.values(),
              UnorderedElementsAre(Reading("a", 3), Reading("b", 3), Reading("a", 4)));
}

/// Has nothing after its elements, and does not end.
struct Endless : SourceFunction<int> {
  int left = 3;
  InputStatus pollNext(SourceContext<int>& context) override {
    if (left == 0) {
      return InputStatus::kNothingAvailable;
    }
    context.collect(left--);
    return InputStatus::kMoreAvailable;
  }
};

TEST(JobTest, TheClockPassesWhenTheTestMovesIt) {
  auto results = sink<int>();
  Job job([&](StreamExecutionEnvironment& env) {
    env.addSource(Endless{})
        .keyBy([](const int&) { return 0; })
        .window(TumblingProcessingTimeWindows::of(Time::seconds(10)))
        .reduce([](const int& a, const int& b) { return a + b; })
        .addSink(results);
  });
  job.advance(Time::seconds(9));
  EXPECT_THAT(results.values(), IsEmpty());
  job.advance(Time::seconds(1));
  EXPECT_THAT(results.values(), ElementsAre(6));
  EXPECT_EQ(job.currentProcessingTime(), 10'000);
  EXPECT_FALSE(job.ended());
}

TEST(JobTest, AFailedTaskGoesOnFromTheLatestCheckpointExactlyOnce) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    auto results = sink<std::string>();
    Job job(counting(words(700), results));
    job.parallelism(2).seed(seed);
    job.step(static_cast<int>(seed));
    job.checkpoint();
    job.step(5);
    job.failTask("Count per word", 1);
    job.step(3);
    job.failTask("Count per word", 0);
    job.runToEnd();
    EXPECT_EQ(job.attempts(), 3);
    for (const auto& [word, count] : counts(results.values())) {
      EXPECT_EQ(count, 100) << word << " with seed " << seed;
    }
  }
}

TEST(JobTest, WithoutACheckpointAFailedTaskBeginsAgain) {
  auto results = sink<std::string>();
  Job job(counting(words(70), results));
  job.step(2);
  job.failTask("Count per word", 0);
  job.runToEnd();
  EXPECT_EQ(counts(results.values()).at("w0"), 10);
}

TEST(JobTest, ASavepointIsRestoredAtAnotherParallelism) {
  const Directory directory;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    auto results = sink<std::string>();
    Job before(counting(words(700), results));
    before.parallelism(2).seed(seed);
    before.step(4);
    const std::string path = before.savepoint(directory.path());
    EXPECT_THAT(path, HasSubstr("/savepoint-"));
    for (const int parallelism : {1, 3}) {
      results.clear();
      Job after(counting(words(700), results));
      after.parallelism(parallelism).restoreFrom(path).runToEnd();
      EXPECT_LT(results.values().size(), 700U);
      for (const auto& [word, count] : counts(results.values())) {
        EXPECT_EQ(count, 100) << word;
      }
    }
  }
}

TEST(JobTest, TheClockBeginsWhenTheSavepointWasTaken) {
  const Directory directory;
  auto results = sink<std::string>();
  Job before(counting(words(70), results));
  before.setProcessingTime(1'000'000).step(2);
  const std::string path = before.savepoint(directory.path());
  Job after(counting(words(70), results));
  after.restoreFrom(path).step(1);
  EXPECT_EQ(after.currentProcessingTime(), 1'000'000);
  Job later(counting(words(70), results));
  later.restoreFrom(path).setProcessingTime(2'000'000).step(1);
  EXPECT_EQ(later.currentProcessingTime(), 2'000'000);
}

/// As on a cluster, where their time has passed while the job was down.
TEST(JobTest, TimersThatAreDueAtARestoreFireBeforeItsRecords) {
  const Directory directory;
  auto results = sink<int>();
  const Program program = [&](StreamExecutionEnvironment& env) {
    env.addSource(source<int>(std::vector<int>(700, 1)))
        .uid("ones")
        .keyBy([](int one) { return one; })
        .timeWindow(Time::seconds(1))
        .sum()
        .uid("sums")
        .addSink(results)
        .uid("results");
  };
  Job before(program);
  before.setProcessingTime(1'000).step(2);
  const std::string path = before.savepoint(directory.path());
  ASSERT_THAT(results.values(), IsEmpty());
  Job after(program);
  after.restoreFrom(path).setProcessingTime(5'000).step(3);
  EXPECT_THAT(results.values(), SizeIs(1)) << "the window from 1 s to 2 s, without a move";
}

TEST(JobTest, ARestoreThatDoesNotFitSaysWhatDoesNot) {
  const Directory directory;
  auto results = sink<std::string>();
  Job before(counting(words(70), results));
  before.step(1);
  const std::string path = before.savepoint(directory.path());
  const auto without_uids = [&](StreamExecutionEnvironment& env) {
    env.addSource(source<Word>(words(70))).uid("words").addSink(results).uid("sink");
  };
  Job other(without_uids);
  other.restoreFrom(path);
  EXPECT_THAT(textOf([&] { other.runToEnd(); }), HasSubstr("counts"));
  Job dropping(without_uids);
  dropping.restoreFrom(path, {.drop = {"counts"}}).runToEnd();
  Job nowhere(without_uids);
  nowhere.restoreFrom(directory.path() + "/none");
  EXPECT_THAT(textOf([&] { nowhere.runToEnd(); }), HasSubstr("no savepoint"));
}

/// Commits what the test can see.
struct Committing : TwoPhaseCommitSink<int, std::vector<int>> {
  std::shared_ptr<std::vector<int>> committed = std::make_shared<std::vector<int>>();
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

TEST(JobTest, PeriodicCheckpointsCompleteAsTimePassesAndOneAtTheEnd) {
  const Committing committing;
  Job job([&](StreamExecutionEnvironment& env) {
    env.enableCheckpointing(std::chrono::seconds(1));
    env.addSource(Endless{}).addSink(committing);
  });
  job.advance(Time::milliseconds(999));
  EXPECT_THAT(*committing.committed, IsEmpty());
  job.advance(Time::milliseconds(1));
  EXPECT_THAT(*committing.committed, ElementsAre(3, 2, 1));

  const Committing at_end;
  Job ending([&](StreamExecutionEnvironment& env) {
    env.enableCheckpointing(std::chrono::seconds(1));
    env.addSource(source<int>({7, 8})).addSink(at_end);
  });
  ending.runToEnd();
  EXPECT_THAT(*at_end.committed, ElementsAre(7, 8));
}

TEST(JobTest, WhatUserCodeThrowsComesOutOfTheCall) {
  Job job([](StreamExecutionEnvironment& env) {
    env.addSource(source<int>({1, 2}))
        .map([](const int& n) -> int { throw std::out_of_range("no " + std::to_string(n)); })
        .addSink([](const int&) {});
  });
  EXPECT_THROW(job.runToEnd(), std::out_of_range);
  EXPECT_THAT(textOf([&] { job.step(); }), HasSubstr("has failed"));
}

TEST(JobTest, MisuseIsSaid) {
  auto results = sink<std::string>();
  Job job(counting(words(7), results));
  job.step();
  EXPECT_THROW(job.parallelism(2), std::logic_error);
  EXPECT_THAT(textOf([&] { job.failTask("Count", 0); }), HasSubstr("'Count per word'"));
  EXPECT_THAT(textOf([&] { job.failTask("Count per word", 1); }), HasSubstr("subtasks 0 to 0"));
  job.runToEnd();
  EXPECT_THAT(textOf([&] { job.advance(Time::seconds(1)); }), HasSubstr("has ended"));

  Job executing([](StreamExecutionEnvironment& env) {
    env.addSource(source<int>({1})).addSink([](const int&) {});
    env.execute("mine");
  });
  EXPECT_THAT(textOf([&] { executing.runToEnd(); }), HasSubstr("leave it out"));
  Job malformed([](StreamExecutionEnvironment& env) {
    env.addSource(source<int>({1})).uid("").addSink([](const int&) {});
  });
  EXPECT_THROW(malformed.runToEnd(), JobExecutionException);
}

struct Adding : RichMapFunction<int, int> {
  LongCounter sum;
  void open(RuntimeContext& context) override { context.addAccumulator("sum", sum); }
  int map(const int& n) override {
    sum.add(n);
    return n;
  }
};

TEST(JobTest, TheResultHasTheAccumulators) {
  Job job([](StreamExecutionEnvironment& env) {
    env.addSource(source<int>({1, 2, 3, 4})).map(Adding{}).addSink([](const int&) {});
  });
  EXPECT_EQ(job.parallelism(2).runToEnd().getAccumulatorResult<std::int64_t>("sum"), 10);
}

TEST(JobTest, OneProcessHoldsAnyNumberOfJobs) {
  std::vector<std::unique_ptr<Job>> jobs;
  std::vector<ElementsSink<std::string>> results;
  for (int i = 0; i < 50; ++i) {
    results.push_back(sink<std::string>());
    jobs.push_back(std::make_unique<Job>(counting(words(70 + 7 * i), results.back())));
    jobs.back()->seed(static_cast<std::uint64_t>(i));
  }
  for (bool worked = true; std::exchange(worked, false);) {
    for (const auto& job : jobs) {
      worked = (!job->ended() && job->step()) || worked;
    }
  }
  for (int i = 0; i < 50; ++i) {
    jobs[static_cast<std::size_t>(i)]->runToEnd();
    EXPECT_EQ(counts(results[static_cast<std::size_t>(i)].values()).at("w3"), 10 + i);
  }
}

}  // namespace
}  // namespace weir::testing
