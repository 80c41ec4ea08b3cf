#include <utility>

#include "tests/unit/taskmanager/worker/rocksdb/rocks_operator.h"

/// State that expires over a RocksDB: what lies in memory and what lies below alike.
namespace weir::worker {
namespace {

constexpr std::int64_t kKeys = 3000;

class RocksTtlTest : public RocksFixture {
 protected:
  struct Subject {
    Subject(std::int64_t& clock, state::TierFactory* tiers) : backend(kGroups) {
      if (tiers != nullptr) {
        backend.setTier(*tiers->make(backend, "operator 'o', subtask 1 of 1"));
      }
      backend.setClock([&clock] { return clock; });
      const auto ttl = StateTtlConfig::newBuilder(std::chrono::seconds(10)).build();
      value = ValueState<std::int64_t>(
          ValueStateDescriptor<std::int64_t>("value").enableTimeToLive(ttl));
      map = MapState<std::string, std::string>(
          MapStateDescriptor<std::string, std::string>("map").enableTimeToLive(ttl));
      EXPECT_TRUE(value.bind(backend).has_value());
      EXPECT_TRUE(map.bind(backend).has_value());
    }
    template <typename Act>
    void each(std::int64_t from, std::int64_t to, Act act) {
      for (std::int64_t key = from; key < to; ++key) {
        backend.setCurrentKey(key);
        act(key);
        backend.endBatch();
      }
    }
    void fill(std::int64_t from, std::int64_t to) {
      each(from, to, [&](std::int64_t key) {
        value.update(key);
        map.put("m", std::string(100, 'x'));
      });
    }
    MemoryFile snapshot() {
      MemoryFile file;
      SectionWriter writer(file);
      EXPECT_TRUE(backend.freeze()->write(writer).has_value());
      EXPECT_TRUE(writer.finish().has_value());
      return file;
    }
    KeyedBackendOf<std::int64_t> backend;
    ValueState<std::int64_t> value;
    MapState<std::string, std::string> map;
  };

  std::int64_t now_ = 1'000'000;
};

TEST_F(RocksTtlTest, ASnapshotLeavesOutWhatHasExpiredInMemoryAndBelow) {
  const auto factory = tiers();
  Subject subject(now_, factory.get());
  subject.fill(0, kKeys);
  now_ += 5'000;
  subject.fill(0, 100);
  subject.each(200, 300, [&](std::int64_t) { subject.map.put("new", "y"); });
  now_ += 5'000;
  const MemoryFile file = subject.snapshot();
  const auto contents = contentsOf(file);
  EXPECT_EQ(contents.at("value").first, 100U);
  EXPECT_EQ(contents.at("map").first, 200U);

  Subject heap(now_, nullptr);
  ASSERT_TRUE(heap.backend.restore(**SectionReader::open(file), {0, kGroups}).has_value());
  heap.each(200, 300, [&](std::int64_t) {
    EXPECT_EQ(heap.map.get("m"), std::nullopt);
    EXPECT_EQ(heap.map.get("new"), "y");
  });
  EXPECT_EQ(contentsOf(heap.snapshot()), contents) << "both backends write the same";
}

TEST_F(RocksTtlTest, WhatLiesBelowIsDroppedWhenItIsReadAndByTheUseOfOtherKeys) {
  const auto factory = tiers();
  Subject subject(now_, factory.get());
  subject.fill(0, kKeys);
  const std::int64_t filled = std::exchange(now_, now_ + 10'000);
  subject.each(0, 10, [&](std::int64_t) {
    EXPECT_EQ(subject.value.value(), 0);
    EXPECT_TRUE(subject.map.isEmpty());
  });
  for (int i = 0; i < 20'000; ++i) {
    ++now_;  // What went down while the walk over what lies below was under way goes with the next.
    subject.each(kKeys, kKeys + 1, [&](std::int64_t key) { subject.value.update(key); });
  }
  // What is in memory is hidden: this looks at what lies below.
  now_ = filled;  // Nothing would be left out of a snapshot then.
  EXPECT_EQ(contentsOf(subject.snapshot()).at("value").first, 1U);
}

TEST_F(RocksTtlTest, WhatIsSwitchedOnOverARestoreExpiresThoughItLiesBelow) {
  KeyedBackendOf<std::int64_t> plain(kGroups);
  ValueState<std::int64_t> value{ValueStateDescriptor<std::int64_t>("value")};
  ASSERT_TRUE(value.bind(plain).has_value());
  for (std::int64_t key = 0; key < kKeys; ++key) {
    plain.setCurrentKey(key);
    value.update(key);
  }
  plain.endBatch();
  MemoryFile file;
  SectionWriter writer(file);
  ASSERT_TRUE(plain.freeze()->write(writer).has_value());
  ASSERT_TRUE(writer.finish().has_value());

  const auto factory = tiers();
  Subject subject(now_, factory.get());
  ASSERT_TRUE(subject.backend.restore(**SectionReader::open(file), {0, kGroups}).has_value());
  const MemoryFile again = subject.snapshot();
  EXPECT_EQ(contentsOf(again).at("value").first, static_cast<std::uint64_t>(kKeys));
  now_ += 10'000;
  Subject later(now_, nullptr);
  ASSERT_TRUE(later.backend.restore(**SectionReader::open(again), {0, kGroups}).has_value());
  later.each(0, kKeys, [&](std::int64_t) { EXPECT_EQ(later.value.value(), 0); });
}

}  // namespace
}  // namespace weir::worker
