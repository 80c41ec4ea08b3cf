#include "common/functions/two_phase_commit_sink.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/functions/stream_operators.h"
#include "tests/unit/common/functions/fakes.h"

namespace weir::functions {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

/// What is outside: it outlives all sinks, as a data base does.
struct Outside {
  std::map<std::string, std::vector<int>> open;
  std::vector<int> committed;  // In the order in which their transactions were committed.
  std::set<std::string> ended;
  std::vector<std::string> log;
  int begun = 0;
  std::string fails;  // The step that throws, once.
};

struct Name {
  std::string name;
};

class Sink : public TwoPhaseCommitSink<int, Name> {
 public:
  explicit Sink(Outside& outside) : outside_(&outside) {}
  void open(RuntimeContext& /*context*/) override { outside_->log.emplace_back("open"); }
  void close() override { outside_->log.emplace_back("close"); }
  Name begin() override {
    step("begin");
    const std::string name = "t" + std::to_string(++outside_->begun);
    outside_->open[name];
    return {name};
  }
  void invoke(Name& transaction, const int& value) override {
    outside_->open.at(transaction.name).push_back(value);
  }
  void preCommit(Name& transaction) override { step("preCommit " + transaction.name); }
  void commit(const Name& transaction) override {
    step("commit " + transaction.name);
    if (outside_->ended.insert(transaction.name).second) {
      const auto& values = outside_->open.at(transaction.name);
      outside_->committed.insert(outside_->committed.end(), values.begin(), values.end());
    }
  }
  void abort(const Name& transaction) override {
    step("abort " + transaction.name);
    outside_->ended.insert(transaction.name);
  }

 private:
  void step(const std::string& what) {
    if (what == outside_->fails) {
      outside_->fails.clear();
      throw std::runtime_error("no room");
    }
    outside_->log.push_back(what);
  }
  Outside* outside_;  // Of the test.
};
using SinkOperator = OneInputOperator<SinkStep, Sink, int, NoOutput, NoKey, NoSelector>;

class Context final : public OperatorContext {
 public:
  explicit Context(std::uint32_t subtask = 0, std::uint32_t parallelism = 1) {
    FakeContext fake(subtask, parallelism);
    task_ = fake.task();
    task_.checkpointing = true;
  }
  const TaskInfo& task() const override { return task_; }
  AccumulatorRegistry& accumulators() override { return accumulators_; }
  std::function<void()> waker() override { return {}; }
  ProcessingTime& time() override { return time_; }
  TaskInfo& change() { return task_; }

 private:
  TaskInfo task_;
  AccumulatorRegistry accumulators_;
  ManualTime time_;
};

/// A subtask with the sink.
struct Running {
  explicit Running(Outside& outside, Context& context) : op(Sink(outside), NoSelector{}) {
    op.setup(context);
  }
  explicit Running(Outside& outside, Context& context, const Snapshots& snapshots)
      : Running(outside, context) {
    EXPECT_TRUE(op.restore(snapshots.restoreFor(context.task())).has_value());
  }
  void complete(std::uint64_t checkpoint) { op.notifyCheckpointComplete(CheckpointId(checkpoint)); }
  SinkOperator op;
};

class TwoPhaseCommitSinkTest : public ::testing::Test {
 protected:
  Outside outside_;
  Context context_;
};

std::string failureOf(const std::function<void()>& step) {
  try {
    step();
  } catch (const TransactionError& error) {
    return error.what();
  }
  return "";
}

TEST_F(TwoPhaseCommitSinkTest, CommitsWhatWasWrittenBeforeACheckpointWhenThatHasCompleted) {
  Running sink(outside_, context_);
  sink.op.open();
  feed<int>(sink.op, {1, 2});
  sink.op.snapshot(CheckpointId(1));
  feed<int>(sink.op, {3});
  EXPECT_THAT(outside_.committed, IsEmpty());
  sink.complete(1);
  EXPECT_THAT(outside_.committed, ElementsAre(1, 2));
  EXPECT_THAT(outside_.log, ElementsAre("open", "begin", "preCommit t1", "begin", "commit t1"));
}

TEST_F(TwoPhaseCommitSinkTest, CommitsInOrderAllUpToTheCheckpointThatCompletedAndNoMore) {
  Running sink(outside_, context_);
  sink.op.open();
  for (int i = 1; i <= 4; ++i) {
    feed<int>(sink.op, {i});
    sink.op.snapshot(CheckpointId(static_cast<std::uint64_t>(i)));
  }
  sink.op.notifyCheckpointAborted(CheckpointId(1));
  EXPECT_THAT(outside_.committed, IsEmpty());
  sink.complete(3);
  EXPECT_THAT(outside_.committed, ElementsAre(1, 2, 3));
  sink.complete(2);  // Is told late.
  sink.complete(4);
  EXPECT_THAT(outside_.committed, ElementsAre(1, 2, 3, 4));
}

TEST_F(TwoPhaseCommitSinkTest, ARestoreCommitsWhatWasPreparedAndAbortsWhatWasOnlyBegun) {
  Snapshots snapshots;
  {
    Running first(outside_, context_);
    first.op.open();
    feed<int>(first.op, {1});
    first.op.snapshot(CheckpointId(6));  // Aborted: it is committed with the next one.
    feed<int>(first.op, {2});
    snapshots.take(first.op, 0);
    feed<int>(first.op, {3});  // Killed here.
  }
  outside_.log.clear();
  Running second(outside_, context_, snapshots);
  EXPECT_THAT(outside_.log, IsEmpty());
  second.op.open();
  EXPECT_THAT(outside_.log, ElementsAre("open", "commit t1", "commit t2", "abort t3", "begin"));
  EXPECT_THAT(outside_.committed, ElementsAre(1, 2));
}

TEST_F(TwoPhaseCommitSinkTest, WhatWasCommittedAlreadyIsOutsideOnceAfterARestore) {
  Snapshots snapshots;
  Running first(outside_, context_);
  first.op.open();
  feed<int>(first.op, {1});
  snapshots.take(first.op, 0);
  first.complete(7);
  first.op.close();
  for (int attempt = 0; attempt < 2; ++attempt) {
    Running again(outside_, context_, snapshots);
    again.op.open();
    again.op.close();
  }
  EXPECT_THAT(outside_.committed, ElementsAre(1));
}

TEST_F(TwoPhaseCommitSinkTest,
       AFailedCommitNamesOperatorAndTransactionAndIsRepeatedByTheNextAttempt) {
  Snapshots snapshots;
  Running first(outside_, context_);
  first.op.open();
  feed<int>(first.op, {1});
  snapshots.take(first.op, 0);
  outside_.fails = "commit t1";
  EXPECT_EQ(failureOf([&] { first.complete(7); }),
            "could not commit transaction 't1' of operator 'tested' for checkpoint 7");
  first.op.close();
  outside_.fails = "commit t1";
  Running second(outside_, context_, snapshots);
  EXPECT_THAT(failureOf([&] { second.op.open(); }),
              StartsWith("could not commit transaction 't1'"));
  second.op.close();
  Running third(outside_, context_, snapshots);
  third.op.open();
  EXPECT_THAT(outside_.committed, ElementsAre(1));
}

TEST_F(TwoPhaseCommitSinkTest, OtherFailuresNameTheirStep) {
  Running sink(outside_, context_);
  outside_.fails = "begin";
  EXPECT_EQ(failureOf([&] { sink.op.open(); }),
            "could not begin a transaction of operator 'tested'");
  Running other(outside_, context_);
  other.op.open();
  outside_.fails = "preCommit t1";
  EXPECT_EQ(failureOf([&] { other.op.snapshot(CheckpointId(3)); }),
            "could not prepare transaction 't1' of operator 'tested' for checkpoint 3");
  outside_.fails = "abort t1";
  EXPECT_EQ(failureOf([&] { other.op.close(); }),
            "could not abort transaction 't1' of operator 'tested'");
  EXPECT_EQ(outside_.log.back(), "close");
}

TEST_F(TwoPhaseCommitSinkTest, AtAnotherParallelismEachTransactionIsCommittedByOneSubtask) {
  for (const std::uint32_t parallelism : {1U, 2U, 5U}) {
    Outside outside;
    Snapshots snapshots;
    for (std::uint32_t subtask = 0; subtask < 3; ++subtask) {
      Context context(subtask, 3);
      Running sink(outside, context);
      sink.op.open();
      feed<int>(sink.op, {static_cast<int>(subtask)});
      snapshots.take(sink.op, subtask);
    }
    outside.log.clear();
    for (std::uint32_t subtask = 0; subtask < parallelism; ++subtask) {
      Context context(subtask, parallelism);
      Running sink(outside, context, snapshots);
      sink.op.open();
    }
    std::ranges::sort(outside.committed);
    EXPECT_THAT(outside.committed, ElementsAre(0, 1, 2));
    for (const char* step : {"commit t1", "commit t3", "commit t5", "abort t2", "abort t4"}) {
      EXPECT_EQ(std::ranges::count(outside.log, step), 1) << step << " at " << parallelism;
    }
  }
}

TEST_F(TwoPhaseCommitSinkTest, CommitsEverythingBeforeItIsFinishedAndLeavesNothingOpen) {
  Running sink(outside_, context_);
  sink.op.open();
  feed<int>(sink.op, {1});
  sink.op.input(0)->receive(EndOfInput{});
  sink.op.snapshot(CheckpointId(1));  // The final one.
  sink.complete(1);
  sink.op.notifyFinished();
  sink.op.close();
  EXPECT_THAT(outside_.committed, ElementsAre(1));
  EXPECT_THAT(
      outside_.log,
      ElementsAre("open", "begin", "preCommit t1", "begin", "commit t1", "abort t2", "close"));
}

TEST_F(TwoPhaseCommitSinkTest, WithoutCheckpointsCommitsAtTheEnd) {
  context_.change().checkpointing = false;
  Running sink(outside_, context_);
  sink.op.open();
  feed<int>(sink.op, {1, 2});
  sink.op.input(0)->receive(EndOfInput{});
  EXPECT_THAT(outside_.committed, IsEmpty());
  sink.op.notifyFinished();
  sink.op.close();
  EXPECT_THAT(outside_.log, ElementsAre("open", "begin", "preCommit t1", "commit t1", "close"));
}

TEST_F(TwoPhaseCommitSinkTest, AnAttemptThatEndsOtherwiseAbortsWhatItWroteLast) {
  Running sink(outside_, context_);
  sink.op.open();
  feed<int>(sink.op, {1});
  sink.op.snapshot(CheckpointId(1));  // May complete yet: stays as it is.
  feed<int>(sink.op, {2});
  sink.op.close();
  sink.op.close();
  EXPECT_THAT(outside_.log,
              ElementsAre("open", "begin", "preCommit t1", "begin", "abort t2", "close"));
}

TEST_F(TwoPhaseCommitSinkTest, ACheckBeginsCommitsAndAbortsNothing) {
  Snapshots snapshots;
  Running first(outside_, context_);
  first.op.open();
  feed<int>(first.op, {1});
  snapshots.take(first.op, 0);
  outside_.log.clear();
  context_.change().check = true;
  Running checked(outside_, context_, snapshots);
  checked.op.open();
  checked.op.close();
  EXPECT_THAT(outside_.log, ElementsAre("open", "close"));
}

TEST_F(TwoPhaseCommitSinkTest, AWorkerThatWasGivenUpCommitsNothing) {
  Lease lease;
  context_.change().lease = &lease;
  Running sink(outside_, context_);
  sink.op.open();
  sink.op.snapshot(CheckpointId(1));
  lease.renew(nanosSinceBoot() - 1);
  EXPECT_EXIT(sink.complete(1), ::testing::ExitedWithCode(Lease::kExitStatus), "has run out");
}

}  // namespace
}  // namespace weir::functions
