#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <system_error>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "common/functions/iteration_head.h"
#include "common/functions/iteration_tail.h"
#include "common/functions/stream_operators.h"
#include "tests/unit/common/functions/fakes.h"

namespace weir::functions {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// Takes one from each number, and emits it.
struct Less {
  int operator()(const int& value) const { return value - 1; }
};
using Map = OneInputOperator<MapStep, Less, int, int, NoKey, NoSelector>;
struct Positive {
  bool operator()(const int& value) const { return value > 0; }
};
using Filter = OneInputOperator<FilterStep, Positive, int, int, NoKey, NoSelector>;

/// One subtask of numbers.iterate(), map(Less), closeWith(filter(Positive)).
class Loop {
 public:
  explicit Loop(std::shared_ptr<FeedbackHub> hub, std::int64_t max_wait = 0)
      : head(hub, {7, max_wait}), map(Less{}, {}), filter(Positive{}, {}), tail(hub, 7) {
    for (Operator* one : all()) {
      one->setup(context);
    }
    head.addOutput(*map.input(0));
    map.addOutput(out);
    map.addOutput(*filter.input(0));
    filter.addOutput(*tail.input(0));
  }
  ~Loop() {
    for (Operator* one : all()) {
      one->close();
    }
  }
  std::vector<Operator*> all() { return {&head, &map, &filter, &tail}; }
  void open() {
    for (Operator* one : all()) {
      one->open();
    }
  }
  void push(std::vector<int> values) { feed<int>(head, std::move(values)); }
  void signal(const Signal& signal) { head.input(0)->receive(signal); }
  void barrier(std::uint64_t id) { signal(Barrier{CheckpointId(id)}); }
  bool turn() {
    if (!head.isReady()) {
      return false;
    }
    head.handOut();
    return true;
  }
  void turnUntilRest() {
    while (turn()) {
    }
  }

  FakeContext context;
  Received<int> out;
  IterationHead<int, int, false> head;
  Map map;
  Filter filter;
  IterationTail<int> tail;
};

std::shared_ptr<FeedbackHub> hub() { return std::make_shared<FeedbackHub>(); }

TEST(IterationOperatorTest, WhatComesBackGoesRoundUntilItDoesNot) {
  Loop loop(hub());
  loop.open();
  loop.push({3});
  loop.turnUntilRest();
  EXPECT_THAT(loop.out.records, ElementsAre(2, 1, 0));
}

TEST(IterationOperatorTest, ItEndsBehindItsInputOnceNothingIsInFlightAndTimeEndsBeforeIt) {
  Loop loop(hub());
  loop.open();
  loop.push({3});
  loop.signal(Watermark{5});
  loop.signal(Watermark{Watermark::kEnd});
  loop.signal(EndOfInput{});
  EXPECT_TRUE(loop.head.holdsEnd());
  for (int i = 0; i < 100 && loop.head.holdsEnd(); ++i) {
    loop.turnUntilRest();
    loop.context.time().advanceTo(loop.context.time().now() + 20);
  }
  EXPECT_FALSE(loop.head.holdsEnd());
  EXPECT_THAT(loop.out.records, ElementsAre(2, 1, 0));
  std::vector<Signal> signals;
  for (const auto& [records, signal] : loop.out.signals) {
    if (!std::holds_alternative<LoopMark>(signal)) {
      signals.push_back(signal);
    }
  }
  EXPECT_THAT(
      signals,
      ElementsAre(Signal(Watermark{5}), Signal(Watermark{Watermark::kEnd}), Signal(EndOfInput{})));
}

TEST(IterationOperatorTest, ASnapshotHasWhatWaitsAtTheHeadAndWhatTheBarrierDrivesToTheTail) {
  Loop loop(hub());
  loop.open();
  loop.push({3, 5});
  loop.barrier(7);
  Snapshots heads;
  Snapshots tails;
  heads.take(loop.head, 0);
  tails.take(loop.tail, 0);
  loop.turnUntilRest();
  EXPECT_THAT(loop.out.records, ElementsAre(2, 4, 1, 3, 0, 2, 1, 0));

  Loop restored(hub());
  ASSERT_TRUE(restored.head.restore(heads.restoreFor(restored.context.task())).has_value());
  ASSERT_TRUE(restored.tail.restore(tails.restoreFor(restored.context.task())).has_value());
  restored.open();
  restored.turnUntilRest();
  EXPECT_THAT(restored.out.records, ElementsAre(1, 3, 0, 2, 1, 0));
}

TEST(IterationOperatorTest, AfterItsMaxWaitItEndsThoughAMarkNeverComesBack) {
  Loop loop(hub(), 1000);
  loop.open();
  Received<int> elsewhere;
  loop.signal(EndOfInput{});
  // A mark that is under way for ever: the loop is asked no more.
  loop.context.time().advanceTo(1002);
  EXPECT_FALSE(loop.head.holdsEnd());
}

TEST(IterationOperatorTest, AHeadThatHadEndedEndsAgainAtOnce) {
  Loop loop(hub());
  loop.head.setFinished();
  loop.open();
  loop.signal(EndOfInput{});
  EXPECT_FALSE(loop.head.holdsEnd());
}

TEST(IterationOperatorTest, ATailWithoutItsHeadSaysWhatIsWrong) {
  FakeContext context;
  IterationTail<int> tail(hub(), 7);
  tail.setup(context);
  feed<int>(tail, {1});  // Its head may be set up a little later.
  EXPECT_THROW(tail.receive(Barrier{CheckpointId(1)}), std::runtime_error);
  context.time().advanceTo(context.time().now() + 60'000);
  EXPECT_THROW(feed<int>(tail, {2}), std::runtime_error);
}

TEST(IterationOperatorTest, AHeadThatIsSetUpLaterGetsWhatCameBefore) {
  const auto both = hub();
  FakeContext context;
  IterationTail<int> tail(both, 7);
  tail.setup(context);
  feed<int>(tail, {1, 2});
  IterationHead<int, int, false> head(both, {7, 0});
  head.setup(context);
  Received<int> out;
  head.addOutput(out);
  ASSERT_TRUE(head.isReady());
  head.handOut();
  EXPECT_THAT(out.records, ElementsAre(1, 2));
  head.close();
}

// ----------------------------------------------------------------------------- the channel

std::string bytesOf(std::size_t size) { return std::string(size, 'x'); }

std::vector<std::uint64_t> recordsOf(const FeedbackChunks& chunks) {
  std::vector<std::uint64_t> all;
  for (const auto& chunk : chunks) {
    all.push_back(chunk->records());
  }
  return all;
}

TEST(FeedbackChannelTest, WhatExceedsItsMemoryComesBackFromAFileInOrder) {
  FeedbackChannel channel(1 << 20);
  for (std::uint64_t i = 1; i <= 64; ++i) {
    channel.push(std::string(100'000, static_cast<char>('0' + i)), i);
  }
  channel.headBarrier(CheckpointId(1));
  for (std::uint64_t i = 1; i <= 64; ++i) {
    const auto item = channel.take();
    ASSERT_TRUE(item.has_value());
    const auto& chunk = *std::get<0>(*item);
    EXPECT_EQ(chunk.records(), i);
    EXPECT_EQ(chunk.bytes(), std::string(100'000, static_cast<char>('0' + i)));
  }
  EXPECT_FALSE(channel.take().has_value());
  const FeedbackChunks view = channel.takeView(CheckpointId(1));
  ASSERT_EQ(view.size(), 64U);
  EXPECT_EQ(view.back()->bytes().size(), 100'000U) << "the file stays for who reads it";
  channel.push(bytesOf(10), 1);
  EXPECT_FALSE(std::get<0>(*channel.take())->isSpilled());
}

/// Bytes of the files that channels of this process have open.
std::uint64_t spilledBytes() {
  std::uint64_t sum = 0;
  for (const auto& one : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    const auto name = std::filesystem::read_symlink(one.path(), gone).string();
    struct stat about{};
    if (name.find("/weir-feedback-") != std::string::npos &&
        ::stat(one.path().c_str(), &about) == 0) {
      sum += static_cast<std::uint64_t>(about.st_size);
    }
  }
  return sum;
}

TEST(FeedbackChannelTest, ItsFilesDoNotGrowWhileABacklogStays) {
  FeedbackChannel channel(1 << 10, 256 << 10);
  const std::string piece(32 << 10, 'x');
  for (int i = 0; i < 10; ++i) {
    channel.push(piece, 1);
  }
  for (int i = 0; i < 1000; ++i) {
    channel.push(piece, 1);
    ASSERT_EQ(std::get<0>(*channel.take())->bytes(), piece);
    ASSERT_LE(spilledBytes(), 1U << 20);
  }
  EXPECT_EQ(channel.waiting(), 10U);
}

TEST(FeedbackChannelTest, SmallPiecesAreGatheredBeforeTheyGoToAFile) {
  FeedbackChannel channel(1 << 10);
  std::string all;
  for (int i = 0; i < 20'000; ++i) {
    const std::string piece = std::to_string(i) + ";";
    all += piece;
    channel.push(piece, 1);
  }
  EXPECT_LE(channel.waiting(), 6U);
  channel.push(LoopMark{7, 0, 0});
  std::string taken;
  std::uint64_t records = 0;
  for (auto item = channel.take(); item && item->index() == 0; item = channel.take()) {
    taken += std::get<0>(*item)->bytes();
    records += std::get<0>(*item)->records();
  }
  EXPECT_EQ(taken, all);
  EXPECT_EQ(records, 20'000U);
}

TEST(FeedbackChannelTest, AViewAndALogDoNotChangeWhenMoreComes) {
  FeedbackChannel channel;
  channel.push(bytesOf(1), 1);
  channel.headBarrier(CheckpointId(1));
  channel.push(bytesOf(2), 2);
  channel.tailBarrier(CheckpointId(1));
  channel.push(bytesOf(4), 4);
  channel.push(bytesOf(8), 8);
  EXPECT_THAT(recordsOf(channel.takeView(CheckpointId(1))), ElementsAre(1U));
  EXPECT_THAT(recordsOf(channel.takeLog(CheckpointId(1))), ElementsAre(2U));
  std::uint64_t records = 0;
  while (const auto item = channel.take()) {
    records += std::get<0>(*item)->records();
  }
  EXPECT_EQ(records, 15U);
}

TEST(FeedbackChannelTest, ABarrierThatIsAtTheTailFirstHoldsBackWhatComesBehindIt) {
  FeedbackChannel channel;
  channel.push(bytesOf(1), 1);
  channel.tailBarrier(CheckpointId(1));
  channel.push(bytesOf(2), 2);
  EXPECT_TRUE(channel.take().has_value());
  EXPECT_FALSE(channel.take().has_value());
  EXPECT_FALSE(channel.hasSome());
  channel.headBarrier(CheckpointId(1));
  EXPECT_TRUE(channel.hasSome());
  EXPECT_THAT(recordsOf(channel.takeView(CheckpointId(1))), IsEmpty());
  EXPECT_THAT(recordsOf(channel.takeLog(CheckpointId(1))), IsEmpty());

  channel.tailBarrier(CheckpointId(2));
  channel.push(bytesOf(4), 4);
  EXPECT_TRUE(channel.take().has_value());
  EXPECT_FALSE(channel.take().has_value());
  channel.abort(CheckpointId(2));
  EXPECT_TRUE(channel.take().has_value()) << "nobody waits for what was given up";
  channel.abort(CheckpointId(3));
  channel.tailBarrier(CheckpointId(3));
  channel.push(bytesOf(8), 8);
  EXPECT_TRUE(channel.take().has_value());
}

// ----------------------------------------------------------------------------- the trend

/// Rounds of a millisecond each, with as many records as `records` says; when it is found endless.
std::optional<std::int64_t> foundEndless(const std::function<std::uint64_t(int round)>& records,
                                         int rounds) {
  LoopTrend trend;
  for (int round = 0; round < rounds; ++round) {
    trend.noteRecords(records(round));
    trend.noteRound(round);
    if (trend.isEndless()) {
      return round;
    }
  }
  return std::nullopt;
}

TEST(LoopTrendTest, ALoopThatKeepsWhatItHasIsEndlessAlsoWhereItComesToOtherHeadsByTurns) {
  EXPECT_EQ(foundEndless([](int /*round*/) { return 5; }, 20'000), LoopTrend::kPatience);
  EXPECT_EQ(foundEndless([](int round) { return round % 2; }, 20'000), LoopTrend::kPatience + 1);
  EXPECT_EQ(foundEndless([](int round) { return 1000 + round; }, 100'000),
            LoopTrend::kPatienceWithGrowth);
}

TEST(LoopTrendTest, ALoopThatLosesRecordsNowAndThenIsNotNorIsOneThatHasNone) {
  EXPECT_EQ(foundEndless([](int round) { return 200 - round / 1000; }, 100'000), std::nullopt);
  EXPECT_EQ(
      foundEndless([](int round) { return round < 9'000 ? 5000 + round : 20'000 - round; }, 19'000),
      std::nullopt)
      << "it has grown before";
  EXPECT_EQ(foundEndless([](int /*round*/) { return 0; }, 100'000), std::nullopt);
}

TEST(LoopTrendTest, AFewRoundsSayNothingHoweverLongTheyTook) {
  LoopTrend trend;
  for (std::uint32_t round = 0; round < LoopTrend::kFewestRounds; ++round) {
    trend.noteRecords(1);
    trend.noteRound(round * 60'000);
    EXPECT_FALSE(trend.isEndless());
  }
}

// ----------------------------------------------------------------------------- the rounds

/// Heads whose marks reach the tails that `reaches` says, and whose tail is that of the same
/// number.
struct Heads {
  explicit Heads(std::uint32_t count, std::function<bool(std::uint32_t, std::uint32_t)> way)
      : reaches(std::move(way)) {
    for (std::uint32_t i = 0; i < count; ++i) {
      rounds.emplace_back(7, count);
    }
  }
  /// One round of all; head `busy` emits a record in it.
  void round(int busy = -1) {
    std::vector<LoopMark> sent;
    for (std::uint32_t i = 0; i < rounds.size(); ++i) {
      if (static_cast<int>(i) == busy) {
        rounds[i].noteEmitted();
      }
      sent.push_back(rounds[i].next());
    }
    for (std::uint32_t to = 0; to < rounds.size(); ++to) {
      LoopMark joined = sent[to];
      joined.heat = 0;
      for (std::uint32_t from = 0; from < rounds.size(); ++from) {
        if (reaches(from, to)) {
          joined.heat = std::max(joined.heat, sent[from].heat);
        }
      }
      EXPECT_TRUE(rounds[to].cameBack(joined));
    }
  }
  int quiet() const {
    int count = 0;
    for (const LoopRounds& one : rounds) {
      count += one.isQuiet() ? 1 : 0;
    }
    return count;
  }
  std::function<bool(std::uint32_t, std::uint32_t)> reaches;
  std::vector<LoopRounds> rounds;
};

TEST(LoopRoundsTest, NobodyIsQuietWhileAHeadThatReachesItInManyRoundsIsBusy) {
  Heads heads(5, [](auto from, auto to) { return to == from || to == from + 1; });  // A chain.
  for (int i = 0; i < 30; ++i) {
    heads.round(0);
    EXPECT_FALSE(heads.rounds[4].isQuiet()) << "in round " << i;
  }
  for (int i = 0; i < 20; ++i) {
    heads.round();
  }
  EXPECT_EQ(heads.quiet(), 5);
}

TEST(LoopRoundsTest, HeadsThatNothingReachesEndForThemselves) {
  Heads heads(3, [](auto from, auto to) { return from == to; });
  for (int i = 0; i < 20; ++i) {
    heads.round(2);
  }
  EXPECT_EQ(heads.quiet(), 2);
}

}  // namespace
}  // namespace weir::functions
