#include "common/functions/async_operator.h"

#include <functional>
#include <map>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/common/functions/fakes.h"

namespace weir::functions {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// The questions that a function has asked, to be answered by the test.
struct Asked {
  std::vector<int> order;
  std::map<int, std::vector<ResultFuture<std::string>>> open;
  void answer(int question, std::vector<std::string> with) {
    open.at(question).back().complete(std::move(with));
  }
};

class Ask : public AsyncFunction<int, std::string> {
 public:
  explicit Ask(Asked& asked) : asked_(&asked) {}
  void asyncInvoke(const int& value, ResultFuture<std::string> result) override {
    if (value < 0) {
      return result.complete({"at once " + std::to_string(value)});
    }
    asked_->order.push_back(value);
    asked_->open[value].push_back(result);
  }

 protected:
  Asked* asked_;
};
class AskPatiently : public Ask {
 public:
  using Ask::Ask;
  void timeout(const int& value, ResultFuture<std::string> result) override {
    if (value != 99) {
      result.complete({"late " + std::to_string(value)});
    }
  }
};

template <typename F>
class Subject {
 public:
  Subject(Asked& asked,
          bool ordered,
          std::size_t capacity = 10,
          const Snapshots* from = nullptr,
          std::uint32_t subtask = 0,
          std::uint32_t parallelism = 1)
      : context(subtask, parallelism), self(F(asked), {ordered, 1000, capacity}) {
    self.setup(context);
    self.addOutput(out);
    if (from != nullptr) {
      const Status restored = self.restore(from->restoreFor(context.task()));
      EXPECT_TRUE(restored.has_value());
    }
    self.open();
  }
  ~Subject() { self.close(); }
  void push(std::vector<int> values) { feed<int>(self, std::move(values)); }
  void signal(const Signal& signal) { self.input(0)->receive(signal); }
  /// As the task does where something has come.
  void turn() {
    while (self.isReady()) {
      self.handOut();
    }
  }
  std::vector<std::size_t> places() const {
    std::vector<std::size_t> all;
    for (const auto& [records, signal] : out.signals) {
      all.push_back(records);
    }
    return all;
  }

  FakeContext context;
  Received<std::string> out;
  AsyncOperator<F> self;
};

TEST(AsyncOperatorTest, OrderedResultsLeaveInTheOrderOfTheirRecordsHoweverTheyCome) {
  Asked asked;
  Subject<Ask> subject(asked, true);
  subject.push({1, 2, 3});
  asked.answer(3, {"c"});
  asked.answer(2, {"b", "bb"});
  subject.turn();
  EXPECT_THAT(subject.out.records, IsEmpty());
  asked.answer(1, {});
  subject.turn();
  EXPECT_THAT(subject.out.records, ElementsAre("b", "bb", "c"));
}

TEST(AsyncOperatorTest, UnorderedResultsLeaveAsTheyComeButNotPastAWatermark) {
  Asked asked;
  Subject<Ask> subject(asked, false);
  subject.push({1, 2});
  subject.signal(Watermark{10});
  subject.push({3});
  asked.answer(3, {"c"});
  asked.answer(2, {"b"});
  subject.turn();
  EXPECT_THAT(subject.out.records, ElementsAre("b"));
  EXPECT_THAT(subject.out.signals, IsEmpty());
  asked.answer(1, {"a"});
  subject.turn();
  EXPECT_THAT(subject.out.records, ElementsAre("b", "a", "c"));
  EXPECT_THAT(subject.places(), ElementsAre(2U)) << "the watermark stands between";
}

TEST(AsyncOperatorTest, ABarrierPassesAtOnceAndWhatIsInFlightBelongsToItsSnapshot) {
  Asked asked;
  Subject<Ask> subject(asked, true, 2);
  Batch<int> batch = batchOf<int>({1, 2, 3}, {100, 200, 300});
  static_cast<Receiver<int>*>(subject.self.input(0))->receive(batch);
  subject.signal(Barrier{CheckpointId(7)});
  EXPECT_EQ(subject.out.signals.size(), 1U);
  asked.answer(2, {"b"});
  subject.turn();
  Snapshots snapshots;
  snapshots.take(subject.self, 0);

  Asked again;
  Subject<Ask> restored(again, true, 2, &snapshots);
  EXPECT_THAT(again.order, ElementsAre(1, 2)) << "asked again before anything new";
  restored.push({4});
  again.answer(1, {"a"});
  again.answer(2, {"b"});
  restored.turn();
  again.answer(4, {"d"});
  again.answer(3, {"c"});
  restored.turn();
  EXPECT_THAT(restored.out.records, ElementsAre("a", "b", "c", "d"));
  EXPECT_THAT(restored.out.timestamps, ElementsAre(100, 200, 300, kNoTimestamp));
}

TEST(AsyncOperatorTest, WhatIsInFlightIsSpreadOverTheSubtasksOfAnotherParallelism) {
  Asked asked;
  Subject<Ask> subject(asked, false, 100);
  subject.push({1, 2, 3, 4, 5});
  Snapshots snapshots;
  snapshots.take(subject.self, 0);
  Asked left;
  Asked right;
  Subject<Ask> first(left, false, 100, &snapshots, 0, 2);
  Subject<Ask> second(right, false, 100, &snapshots, 1, 2);
  EXPECT_THAT(left.order, ElementsAre(1, 2, 3));
  EXPECT_THAT(right.order, ElementsAre(4, 5));
}

TEST(AsyncOperatorTest, AtItsCapacityItTakesNoMoreAndAsksAgainAsAnswersLeave) {
  Asked asked;
  Subject<Ask> subject(asked, true, 2);
  subject.push({1, 2});
  EXPECT_TRUE(subject.self.hasRoom());
  subject.push({3});
  EXPECT_FALSE(subject.self.hasRoom());
  EXPECT_THAT(asked.order, ElementsAre(1, 2));
  asked.answer(2, {"b"});
  subject.turn();
  EXPECT_FALSE(subject.self.hasRoom()) << "the answer cannot leave before the first one";
  asked.answer(1, {"a"});
  subject.turn();
  EXPECT_TRUE(subject.self.hasRoom());
  EXPECT_THAT(asked.order, ElementsAre(1, 2, 3));
}

TEST(AsyncOperatorTest, SaysForHowLongItsQueueHasBeenFull) {
  Asked asked;
  Subject<Ask> subject(asked, true, 2);
  subject.push({1, 2});
  EXPECT_FALSE(subject.self.hold());
  const std::int64_t begin = subject.context.time().now();
  subject.push({3});
  subject.context.time().advanceTo(begin + 300);
  ASSERT_TRUE(subject.self.hold());
  EXPECT_EQ(subject.self.hold()->full, "queue of 2 unanswered requests");
  EXPECT_EQ(subject.self.hold()->millis, 300);
  asked.answer(1, {"a"});
  subject.turn();
  subject.push({4});
  EXPECT_EQ(subject.self.hold()->millis, 300) << "it was full again at once";
  asked.answer(2, {"b"});
  asked.answer(3, {"c"});
  subject.turn();
  EXPECT_TRUE(subject.self.hold()) << "for a moment it is not known whether that was the end";
  subject.context.time().advanceTo(begin + 500);
  EXPECT_FALSE(subject.self.hold());
  subject.push({5, 6});
  EXPECT_EQ(subject.self.hold()->millis, 0);
}

TEST(AsyncOperatorTest, AnswersThatAreThereAtOnceNeedNoWaking) {
  Asked asked;
  Subject<Ask> subject(asked, true, 1);
  subject.push({-1, -2, -3});
  EXPECT_THAT(subject.out.records, ElementsAre("at once -1", "at once -2", "at once -3"));
  EXPECT_TRUE(subject.self.hasRoom());
}

TEST(AsyncOperatorTest, AnAnswerCountsOnceFromAnyThreadAndNotAtAllWhenTheTaskIsGone) {
  Asked asked;
  std::optional<ResultFuture<std::string>> kept;
  {
    Subject<Ask> subject(asked, true);
    subject.push({1, 2});
    std::thread([&] { asked.answer(1, {"a"}); }).join();
    asked.answer(1, {"twice"});
    EXPECT_EQ(subject.context.woken, 1);
    subject.turn();
    asked.answer(1, {"when it has left"});
    subject.turn();
    EXPECT_THAT(subject.out.records, ElementsAre("a"));
    kept = asked.open.at(2).back();
  }
  kept->complete({"nobody waits"});
}

TEST(AsyncOperatorTest, TheEndOfTheInputWaitsForAnswers) {
  Asked asked;
  Subject<Ask> subject(asked, false);
  subject.push({1});
  subject.signal(Watermark{Watermark::kEnd});
  subject.signal(EndOfInput{});
  EXPECT_TRUE(subject.self.holdsEnd());
  EXPECT_THAT(subject.out.signals, IsEmpty());
  asked.answer(1, {"a"});
  subject.turn();
  EXPECT_FALSE(subject.self.holdsEnd());
  EXPECT_THAT(subject.places(), ElementsAre(1U, 1U));
}

TEST(AsyncOperatorTest, WithoutAnAnswerInTimeItFailsWithASentenceThatNamesTheWayOut) {
  Asked asked;
  Subject<Ask> subject(asked, true);
  subject.push({1});
  subject.context.time().advanceTo(999);
  try {
    subject.context.time().advanceTo(1001);
    subject.turn();
    FAIL() << "nothing was thrown";
  } catch (const AsyncTimeoutException& late) {
    EXPECT_THAT(late.what(), HasSubstr("AsyncFunction::timeout()"));
  }
}

TEST(AsyncOperatorTest, AFunctionMayAnswerWhenTimeIsUpAndMustNotFallSilent) {
  Asked asked;
  Subject<AskPatiently> subject(asked, true);
  subject.push({1, 2});
  asked.answer(2, {"b"});
  subject.context.time().advanceTo(1001);
  subject.turn();
  EXPECT_THAT(subject.out.records, ElementsAre("late 1", "b"));
  subject.push({99});
  subject.context.time().advanceTo(2002);
  EXPECT_THROW(subject.context.time().advanceTo(3003), AsyncTimeoutException);
}

TEST(AsyncOperatorTest, AFailureOfTheServiceIsThatOfTheTask) {
  Asked asked;
  Subject<Ask> subject(asked, true);
  subject.push({1});
  asked.open.at(1).back().completeExceptionally(
      std::make_exception_ptr(std::runtime_error("no such user")));
  EXPECT_THROW(subject.turn(), std::runtime_error);
}

}  // namespace
}  // namespace weir::functions
