
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/functions/edge_reader.h"
#include "common/functions/edge_writer.h"
#include "tests/unit/common/functions/fakes.h"

namespace weir::functions {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

struct Pair {
  std::uint64_t key = 0;
  std::uint64_t value = 0;
  bool operator==(const Pair&) const = default;
};
struct Nothing {
  bool operator==(const Nothing&) const = default;
};

/// Channels that keep the buffers they get.
class FakeEdge final : public EdgeOutput {
 public:
  explicit FakeEdge(std::uint32_t channels, std::size_t target = 64)
      : buffers(channels), target_(target) {}
  std::uint32_t channels() const override { return static_cast<std::uint32_t>(buffers.size()); }
  void broadcast(const Signal& signal) override {
    for (const auto& sent : buffers) {
      signals.emplace_back(sent.size(), signal);
    }
  }
  Buffer take(std::size_t capacity) override {
    return {std::make_unique<std::byte[]>(capacity), capacity};
  }
  void emit(std::uint32_t channel, Buffer buffer) override {
    buffers[channel].push_back(std::move(buffer));
  }
  std::size_t targetBytes(std::uint32_t /*channel*/) const override { return target_; }

  /// What a consumer of the channel reads, at most `limit` records at a time.
  template <typename T>
  Received<T> read(std::uint32_t channel, std::size_t limit = 1000) const {
    Received<T> received;
    TypedEdgeReader<T> reader(received);
    for (const Buffer& buffer : buffers[channel]) {
      reader.begin();
      for (auto rest = buffer.view(); !rest.empty();) {
        rest = rest.subspan(reader.read(rest, limit));
      }
    }
    return received;
  }

  std::vector<std::vector<Buffer>> buffers;
  std::vector<std::pair<std::size_t, Signal>>
      signals;  // Each with the number of buffers before it.

 private:
  std::size_t target_;
};

template <typename T, typename Choose>
void send(FakeEdge& edge, Choose choose, std::vector<T> records) {
  const auto writer = makeEdgeWriter<T>(edge, std::move(choose));
  auto batch = batchOf(std::move(records));
  static_cast<Receiver<T>&>(writer->receiver()).receive(batch);
  writer->flush();
}

Blindly choose(Blindly::Kind kind, const FakeEdge& edge, std::uint32_t subtask = 0) {
  return blindly(kind, edge, FakeContext(subtask, 4).task());
}

TEST(EdgeTest, RecordsOfFixedSizeArriveInOrderOverSeveralBuffers) {
  FakeEdge edge(1);
  std::vector<Pair> pairs;
  for (std::uint64_t i = 0; i < 100; ++i) {
    pairs.push_back({i, i * i});
  }
  send(edge, choose(Blindly::Kind::kFirst, edge), pairs);
  EXPECT_EQ(edge.read<Pair>(0).records, pairs);
  EXPECT_GT(edge.buffers[0].size(), 30U);
}

TEST(EdgeTest, ABufferCanBeReadInSeveralSteps) {
  FakeEdge edge(1, 4096);
  send<std::string>(edge, choose(Blindly::Kind::kFirst, edge), {"a", "bb", "", "dddd", "e"});
  const auto received = edge.read<std::string>(0, 2);
  EXPECT_THAT(received.records, ElementsAre("a", "bb", "", "dddd", "e"));
  EXPECT_EQ(received.batches, 3);
}

TEST(EdgeTest, ARecordLargerThanABufferGetsALargerOne) {
  FakeEdge edge(1);
  const std::string large(100'000, 'x');
  send<std::string>(edge, choose(Blindly::Kind::kFirst, edge), {"a", large, "b"});
  EXPECT_THAT(edge.read<std::string>(0).records, ElementsAre("a", large, "b"));
}

TEST(EdgeTest, TimestampsTravelWithTheirRecordsAndOnlyWithThem) {
  FakeEdge edge(1, 4096);
  const auto writer = makeEdgeWriter<Pair>(edge, choose(Blindly::Kind::kFirst, edge));
  auto& receiver = static_cast<Receiver<Pair>&>(writer->receiver());
  auto with = batchOf<Pair>({{1, 1}, {2, 2}}, {10, 20});
  receiver.receive(with);
  writer->flush();
  EXPECT_THAT(edge.read<Pair>(0).timestamps, ElementsAre(10, 20));
  auto without = batchOf<Pair>({{3, 3}});
  receiver.receive(without);
  writer->flush();
  EXPECT_THAT(edge.read<Pair>(0).records, SizeIs(3));
  EXPECT_THAT(edge.read<Pair>(0).timestamps, SizeIs(2));
}

TEST(EdgeTest, TimestampsOfRecordsOfAnySizeArrive) {
  FakeEdge edge(1);
  const auto writer = makeEdgeWriter<std::string>(edge, choose(Blindly::Kind::kFirst, edge));
  auto batch = batchOf<std::string>({"a", "bb"}, {1, 2});
  static_cast<Receiver<std::string>&>(writer->receiver()).receive(batch);
  writer->flush();
  EXPECT_THAT(edge.read<std::string>(0, 1).timestamps, ElementsAre(1, 2));
}

TEST(EdgeTest, RecordsWithoutContentsAreCounted) {
  FakeEdge edge(1);
  send<Nothing>(edge, choose(Blindly::Kind::kFirst, edge), std::vector<Nothing>(200));
  EXPECT_THAT(edge.read<Nothing>(0).records, SizeIs(200));
}

TEST(EdgeTest, BoolsArrive) {
  FakeEdge edge(1);
  send<bool>(edge, choose(Blindly::Kind::kFirst, edge), {true, false, true});
  EXPECT_THAT(edge.read<bool>(0).records, ElementsAre(true, false, true));
}

TEST(EdgeTest, RebalanceGoesRoundStartingAtTheProducersIndex) {
  FakeEdge edge(3);
  send<int>(edge, choose(Blindly::Kind::kInTurn, edge, 1), {0, 1, 2, 3, 4});
  EXPECT_THAT(edge.read<int>(1).records, ElementsAre(0, 3));
  EXPECT_THAT(edge.read<int>(2).records, ElementsAre(1, 4));
  EXPECT_THAT(edge.read<int>(0).records, ElementsAre(2));
}

TEST(EdgeTest, BroadcastReachesEveryChannel) {
  FakeEdge edge(3);
  send<std::string>(edge, choose(Blindly::Kind::kEverywhere, edge), {"a", "b"});
  for (std::uint32_t channel = 0; channel < 3; ++channel) {
    EXPECT_THAT(edge.read<std::string>(channel).records, ElementsAre("a", "b"));
  }
}

TEST(EdgeTest, ShuffleSpreadsEvenly) {
  FakeEdge edge(4);
  send<int>(edge, choose(Blindly::Kind::kAtRandom, edge), std::vector<int>(4000));
  for (std::uint32_t channel = 0; channel < 4; ++channel) {
    EXPECT_NEAR(static_cast<double>(edge.read<int>(channel).records.size()), 1000, 150);
  }
}

TEST(EdgeTest, AKeyGoesToTheOwnerOfItsGroup) {
  FakeEdge edge(3);
  std::vector<Pair> pairs;
  for (std::uint64_t i = 0; i < 300; ++i) {
    pairs.push_back({i, 0});
  }
  const auto key = [](const Pair& pair) { return pair.key; };
  send(edge, ByKey<decltype(key)>{key, 3, 128}, pairs);
  std::size_t sum = 0;
  for (std::uint32_t channel = 0; channel < 3; ++channel) {
    const KeyGroupRange range = keyGroupRangeOf(channel, 3, 128);
    for (const Pair& pair : edge.read<Pair>(channel).records) {
      EXPECT_TRUE(range.contains(keyGroupOf(keyHash(pair.key), 128)));
      ++sum;
    }
  }
  EXPECT_EQ(sum, 300U);
}

TEST(EdgeTest, ACustomPartitionerDecidesByKey) {
  FakeEdge edge(2);
  const auto parity = [](int key, int partitions) { return key % partitions; };
  const auto identity = [](int value) { return value; };
  send(edge,
       ByPartitioner<decltype(parity), decltype(identity)>{parity, identity, 2},
       std::vector<int>{1, 2, 3});
  EXPECT_THAT(edge.read<int>(1).records, ElementsAre(1, 3));
}

TEST(EdgeTest, APartitionThatDoesNotExistIsNamed) {
  FakeEdge edge(2);
  const auto wrong = [](int /*key*/, int partitions) { return partitions; };
  const auto identity = [](int value) { return value; };
  try {
    send(edge,
         ByPartitioner<decltype(wrong), decltype(identity)>{wrong, identity, 2},
         std::vector<int>{1});
    FAIL();
  } catch (const std::out_of_range& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("subtask 2 of 2"));
  }
}

TEST(EdgeTest, ASignalFollowsTheRecordsThatWereWrittenBeforeItOnEveryChannel) {
  FakeEdge edge(2, 4096);
  const auto writer = makeEdgeWriter<int>(edge, choose(Blindly::Kind::kInTurn, edge));
  auto& receiver = static_cast<Receiver<int>&>(writer->receiver());
  auto batch = batchOf<int>({1});
  receiver.receive(batch);
  receiver.receive(Watermark{5});
  receiver.receive(Barrier{CheckpointId(3), 4, true});
  const Signal watermark = Watermark{5};
  const Signal barrier = Barrier{CheckpointId(3), 4, true};
  EXPECT_THAT(edge.signals,
              ElementsAre(::testing::Pair(1U, watermark),
                          ::testing::Pair(0U, watermark),
                          ::testing::Pair(1U, barrier),
                          ::testing::Pair(0U, barrier)));
}

TEST(EdgeTest, AReaderHandsSignalsToWhereItsRecordsGo) {
  Received<int> received;
  TypedEdgeReader<int> reader(received);
  reader.receive(Watermark{5});
  EXPECT_THAT(received.signals, ElementsAre(::testing::Pair(0U, Signal(Watermark{5}))));
}

TEST(EdgeTest, DamagedBuffersAreRefused) {
  Received<std::string> received;
  TypedEdgeReader<std::string> reader(received);
  const std::byte wrong_header[] = {std::byte{9}};
  reader.begin();
  EXPECT_THROW(reader.read(wrong_header, 10), DecodeError);
  const std::byte cut_short[] = {std::byte{0}, std::byte{5}, std::byte{'a'}};
  reader.begin();
  EXPECT_THROW(reader.read(cut_short, 10), DecodeError);
  EXPECT_THAT(received.records, IsEmpty());
}

}  // namespace
}  // namespace weir::functions
