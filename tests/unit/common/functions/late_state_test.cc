#include <type_traits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/functions/stream_operators.h"
#include "tests/unit/common/functions/fakes.h"

/// State that one version of a function declares as a member and another asks for in open().
namespace weir::functions {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

struct Price {
  std::int64_t cents = 0;
  std::int64_t tax = 0;
};
struct PriceWithoutTax {
  std::int64_t cents = 0;
};

/// Counts words and keeps their lengths in a list.
struct Early : RichMapFunction<std::string, std::string> {
  ValueState<std::int64_t> seen_{*this, "seen", 0};
  ListState<Price> lengths_{*this, "lengths"};
  std::string map(const std::string& word) override {
    seen_.update(seen_.value() + 1);
    lengths_.add({static_cast<std::int64_t>(word.size()), 1});
    return word + "=" + std::to_string(seen_.value()) + "/" + std::to_string(lengths_.size());
  }
};

template <typename Count, typename Length>
struct Late : RichMapFunction<std::string, std::string> {
  ValueState<Count> seen_;
  ListState<Length> lengths_;
  void open(RuntimeContext& context) override {
    seen_ = context.getState(ValueStateDescriptor<Count>("seen"));
    lengths_ = context.getListState(ListStateDescriptor<Length>("lengths"));
  }
  std::string map(const std::string& word) override {
    if constexpr (std::is_arithmetic_v<Count> && std::is_aggregate_v<Length>) {
      seen_.update(seen_.value() + 1);
      lengths_.add({static_cast<std::int64_t>(word.size())});
      return word + "=" + std::to_string(seen_.value()) + "/" + std::to_string(lengths_.size());
    }
    return word;
  }
};
using LateAsBefore = Late<std::int64_t, Price>;

/// Asks for one of the two.
struct Forgetful : RichMapFunction<std::string, std::string> {
  ValueState<std::int64_t> seen_;
  void open(RuntimeContext& context) override {
    seen_ = context.getState(ValueStateDescriptor<std::int64_t>("seen"));
  }
  std::string map(const std::string& word) override {
    seen_.update(seen_.value() + 1);
    return word + "=" + std::to_string(seen_.value());
  }
};

/// Asks for a state by the name of another kind.
struct OtherKind : RichMapFunction<std::string, std::string> {
  void open(RuntimeContext& context) override {
    context.getMapState(MapStateDescriptor<int, int>("seen"));
  }
  std::string map(const std::string& word) override { return word; }
};

const auto kIdentity = [](const std::string& word) { return word; };
const std::vector<std::string> kWords = {"a", "bb", "ccc", "dddd"};

template <typename F>
struct Subtask {
  explicit Subtask(std::uint32_t subtask = 0, std::uint32_t parallelism = 1)
      : context(subtask, parallelism), op(F{}, kIdentity) {
    op.setup(context);
    op.addOutput(out);
  }
  void feedOwn(const std::vector<std::string>& words) {
    const KeyGroupRange mine =
        keyGroupRangeOf(context.task().subtask, context.task().parallelism, 128);
    for (const std::string& word : words) {
      if (mine.contains(keyGroupOf(keyHash(word), 128))) {
        feed<std::string>(op, {word});
      }
    }
  }
  FakeContext context;
  Received<std::string> out;
  OneInputOperator<MapStep, F, std::string, std::string, std::string, decltype(kIdentity)> op;
};

/// A snapshot of what two subtasks know after each word once.
template <typename F>
void snapshotOf(Snapshots& to, const OperatorRestore* before = nullptr) {
  for (std::uint32_t subtask = 0; subtask < 2; ++subtask) {
    Subtask<F> task(subtask, 2);
    if (before != nullptr) {
      OperatorRestore mine = *before;
      mine.key_groups = keyGroupRangeOf(subtask, 2, 128);
      ASSERT_TRUE(task.op.restore(mine).has_value());
    }
    task.op.open();
    task.feedOwn(kWords);
    to.take(task.op, subtask);
  }
}

/// What comes out of `parallelism` restored subtasks after each word once more; or the first error.
template <typename F>
std::vector<std::string> restored(const Snapshots& snapshots,
                                  std::uint32_t parallelism,
                                  state::Unclaimed unclaimed = state::Unclaimed::kRefused) {
  std::vector<std::string> all;
  for (std::uint32_t subtask = 0; subtask < parallelism; ++subtask) {
    Subtask<F> task(subtask, parallelism);
    OperatorRestore restore = snapshots.restoreFor(task.context.task());
    restore.unclaimed = unclaimed;
    try {
      if (const Status status = task.op.restore(restore); !status) {
        return {"refused: " + status.error().text()};
      }
      task.op.open();
    } catch (const state::StateMismatchError& error) {
      return {std::string("mismatch: ") + error.what()};
    }
    task.feedOwn(kWords);
    all.insert(all.end(), task.out.records.begin(), task.out.records.end());
  }
  return all;
}

TEST(LateStateTest, FindsWhatWasDeclaredEarlyAtAnyParallelism) {
  Snapshots snapshots;
  snapshotOf<Early>(snapshots);
  for (const std::uint32_t parallelism : {2U, 1U, 5U}) {
    EXPECT_THAT(restored<LateAsBefore>(snapshots, parallelism),
                UnorderedElementsAre("a=2/2", "bb=2/2", "ccc=2/2", "dddd=2/2"));
  }
}

TEST(LateStateTest, IsFoundByWhatIsDeclaredEarlyAtAnyParallelism) {
  Snapshots snapshots;
  snapshotOf<LateAsBefore>(snapshots);
  for (const std::uint32_t parallelism : {2U, 1U, 5U}) {
    EXPECT_THAT(restored<Early>(snapshots, parallelism),
                UnorderedElementsAre("a=2/2", "bb=2/2", "ccc=2/2", "dddd=2/2"));
  }
}

TEST(LateStateTest, IsMigratedAndTheMembersThatGoAreNamed) {
  Snapshots snapshots;
  snapshotOf<Early>(snapshots);
  ::testing::internal::CaptureStderr();
  EXPECT_THAT(restored<Forgetful>(snapshots, 2, state::Unclaimed::kLeftOut).size(), 4);
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              AllOf(HasSubstr("operator 'tested'"), HasSubstr("leaves out state 'lengths' (list")));
  ::testing::internal::CaptureStderr();
  const auto narrower = restored<Late<std::int64_t, PriceWithoutTax>>(snapshots, 2);
  EXPECT_THAT(narrower, UnorderedElementsAre("a=2/2", "bb=2/2", "ccc=2/2", "dddd=2/2"));
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              HasSubstr("leaves out state 'lengths': member 'tax'"));
}

TEST(LateStateTest, OfAnotherTypeOrKindFailsForGoodWithBothSides) {
  Snapshots snapshots;
  snapshotOf<Early>(snapshots);
  EXPECT_THAT((restored<Late<std::string, Price>>(snapshots, 2)[0]),
              AllOf(HasSubstr("mismatch: operator 'tested': state 'seen' does not fit"),
                    HasSubstr("the snapshot has i64, this program has string")));
  EXPECT_THAT((restored<Late<std::int64_t, std::string>>(snapshots, 3)[0]),
              HasSubstr("mismatch: operator 'tested': state 'lengths' does not fit"));
  EXPECT_THAT(restored<OtherKind>(snapshots, 2)[0],
              HasSubstr("state 'seen' is value state in the snapshot and map state now"));
}

TEST(LateStateTest, OfASavepointThatNobodyAsksForFailsForGoodByName) {
  for (const std::uint32_t parallelism : {2U, 1U, 3U}) {
    Snapshots snapshots;
    snapshotOf<Early>(snapshots);
    EXPECT_THAT(restored<Forgetful>(snapshots, parallelism)[0],
                AllOf(HasSubstr("mismatch: state of the savepoint matches nothing: operator "
                                "'tested' (id "),
                      HasSubstr("state 'lengths' (list of "),
                      HasSubstr("--drop UID/STATE")));
  }
}

TEST(LateStateTest, ThatIsLeftOutDoesNotComeBack) {
  Snapshots first;
  snapshotOf<Early>(first);
  OperatorRestore restore = first.restoreFor(FakeContext().task());
  restore.unclaimed = state::Unclaimed::kLeftOut;
  Snapshots second;
  snapshotOf<Forgetful>(second, &restore);
  EXPECT_THAT(restored<LateAsBefore>(second, 2),
              UnorderedElementsAre("a=3/1", "bb=3/1", "ccc=3/1", "dddd=3/1"));
}

TEST(LateStateTest, OfTheJobsOwnCheckpointIsWrittenOnUntilItIsAskedFor) {
  Snapshots first;
  snapshotOf<Early>(first);
  const OperatorRestore restore = first.restoreFor(FakeContext().task());
  Snapshots second;
  snapshotOf<Forgetful>(second, &restore);
  EXPECT_THAT(restored<LateAsBefore>(second, 3),
              UnorderedElementsAre("a=3/2", "bb=3/2", "ccc=3/2", "dddd=3/2"));
}

struct PerSubtask : MapFunction<std::string, std::string>, Checkpointed<int> {
  int sum = 0;
  std::string map(const std::string& word) override { return word + "=" + std::to_string(++sum); }
  int snapshotState(std::uint64_t /*id*/) override { return sum; }
  void restoreState(const int& state) override { sum = state; }
};

TEST(LateStateTest, OneStateThatIsDroppedByNameStaysOutOfOperatorStateToo) {
  Snapshots snapshots;
  snapshotOf<PerSubtask>(snapshots);
  Subtask<PerSubtask> task(0, 3);
  OperatorRestore restore = snapshots.restoreFor(task.context.task());
  EXPECT_FALSE(task.op.restore(restore).has_value());
  restore.dropped = {"checkpointed"};
  EXPECT_TRUE(task.op.restore(restore).has_value());
  EXPECT_EQ(task.op.snapshot(CheckpointId(8)) == nullptr, false);
}

}  // namespace
}  // namespace weir::functions
