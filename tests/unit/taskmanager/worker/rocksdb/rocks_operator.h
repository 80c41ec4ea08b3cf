#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/state/keyed_backend_of.h"
#include "common/state/keyed_state.h"
#include "taskmanager/worker/rocksdb/rocks_tier.h"
#include "taskmanager/worker/rocksdb/rocks_tiers.h"
#include "tests/unit/common/state/fixtures.h"

namespace weir::worker {

using state::KeyedBackendOf;
using state::MemoryFile;
using state::SectionReader;
using state::SectionWriter;
using state::Slot;

inline constexpr std::uint32_t kGroups = 128;
inline constexpr const char* kLibrary = "librocksdb.so.7.8";

struct Item {
  std::int64_t count = 0;
  std::string text;
  bool operator==(const Item&) const = default;
};

/// What an operator of every kind of state has, and what a user would expect of it.
template <typename K>
class Operator {
 public:
  /// Without `tiers` on the heap.
  explicit Operator(state::TierFactory* tiers) : backend(kGroups) {
    if (tiers != nullptr) {
      auto tier = tiers->make(backend, "operator 'sum', subtask 1 of 1");
      EXPECT_TRUE(tier.has_value()) << tier.error().text();
      this->tier = static_cast<RocksTier*>(tier->get());
      backend.setTier(*std::move(tier));
    }
    bind(value);
    bind(list);
    bind(sum);
    bind(map);
  }
  template <typename S>
  void bind(S& state) {
    const Status status = state.bind(backend);
    EXPECT_TRUE(status.has_value());
  }
  void batch(const std::vector<K>& keys, const std::function<void(const K&)>& act) {
    std::vector<Slot> slots(keys.size());
    backend.resolve(keys.data(), keys.size(), slots.data());
    for (std::size_t i = 0; i < keys.size(); ++i) {
      backend.setCurrent(slots[i]);
      act(keys[i]);
    }
    backend.endBatch();
  }
  MemoryFile snapshot() { return snapshotOf(*backend.freeze()); }
  static MemoryFile snapshotOf(const state::FrozenState& frozen) {
    MemoryFile file;
    SectionWriter writer(file);
    const Status written = frozen.write(writer);
    EXPECT_TRUE(written.has_value()) << (written ? "" : written.error().text());
    EXPECT_TRUE(writer.finish().has_value());
    return file;
  }
  void restore(const MemoryFile& file, KeyGroupRange range = {0, kGroups}) {
    const Status restored = backend.restore(**SectionReader::open(file), range);
    EXPECT_TRUE(restored.has_value()) << (restored ? "" : restored.error().text());
  }

  KeyedBackendOf<K> backend;
  RocksTier* tier = nullptr;  // Of the backend.
  ValueState<Item> value{ValueStateDescriptor<Item>("value")};
  ListState<std::string> list{ListStateDescriptor<std::string>("list")};
  ReducingState<std::int64_t> sum{ReducingStateDescriptor<std::int64_t>(
      "sum", [](std::int64_t a, std::int64_t b) { return a + b; })};
  MapState<std::string, std::int64_t> map{MapStateDescriptor<std::string, std::int64_t>("map")};
};

/// What one key is expected to have.
struct Expected {
  std::int64_t count = 0;
  std::vector<std::string> list;
  std::optional<std::int64_t> sum;
  std::map<std::string, std::int64_t> map;
};

template <typename K>
void change(Operator<K>& in, Expected& of, std::uint64_t random) {
  const std::string text = std::to_string(random % 1000) + std::string(random % 60, 'x');
  switch (random % 9) {
    case 0:
      in.value.clear();
      of.count = 0;
      return;
    case 1:
      in.list.clear();
      of.list.clear();
      return;
    case 2:
      in.sum.clear();
      of.sum.reset();
      return;
    case 3:
      in.map.remove("a");
      of.map.erase("a");
      return;
    case 4:
      in.value.edit().count += 1;
      of.count += 1;
      return;
    case 5:
      in.list.add(text);
      of.list.push_back(text);
      return;
    case 6:
      in.sum.add(3);
      of.sum = of.sum.value_or(0) + 3;
      return;
    case 7:
      in.map.put(random % 2 == 0 ? "a" : text, 7);
      of.map[random % 2 == 0 ? "a" : text] = 7;
      return;
    default:
      return;  // Looks only.
  }
}

template <typename K>
void expectAsExpected(Operator<K>& in, const Expected& of) {
  EXPECT_EQ(in.value.value().count, of.count);
  EXPECT_EQ(in.list.get(), of.list);
  EXPECT_EQ(in.sum.empty(), !of.sum.has_value());
  EXPECT_EQ(in.sum.get(), of.sum.value_or(0));
  EXPECT_EQ((std::map<std::string, std::int64_t>(in.map.entries().begin(), in.map.entries().end())),
            of.map);
}

/// Every number below `keys` with what it should have after fill().
template <typename K>
void fill(Operator<K>& in, std::int64_t keys) {
  for (std::int64_t key = 0; key < keys; ++key) {
    in.batch({key}, [&](std::int64_t) {
      in.sum.add(key);
      if (key % 3 == 0) {
        in.list.add("l" + std::to_string(key));
      }
      if (key % 5 == 0) {
        in.map.put("m", key);
      }
    });
  }
}
inline void expectFilled(Operator<std::int64_t>& in, std::int64_t key) {
  in.batch({key}, [&](std::int64_t) {
    EXPECT_EQ(in.sum.get(), key);
    EXPECT_EQ(in.list.size(), key % 3 == 0 ? 1U : 0U);
    EXPECT_EQ(in.map.get("m"), key % 5 == 0 ? std::optional(key) : std::nullopt);
    EXPECT_EQ(in.value.value(), Item());
  });
}
inline constexpr std::int64_t kFilled = 4000;

/// Entries of each state, by name, and digests: equal for equal contents.
inline std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> contentsOf(
    const MemoryFile& file) {
  std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> all;
  const auto reader = SectionReader::open(file);
  EXPECT_TRUE((*reader)->verify().has_value());
  for (const state::StateSummary& one : (*reader)->states()) {
    all[one.name] = {one.entries, one.digest};
  }
  return all;
}

/// A directory for stores.
class RocksFixture : public ::testing::Test {
 protected:
  RocksFixture() {
    directory_ = std::filesystem::temp_directory_path() / "weir-rocks-test-XXXXXX";
    EXPECT_NE(::mkdtemp(directory_.data()), nullptr);
  }
  ~RocksFixture() override { std::filesystem::remove_all(directory_); }

  /// A cache of so many bytes: a few hundred keys in 64 KiB.
  std::unique_ptr<RocksTiers> tiers(std::uint64_t cache_bytes = 64 << 10, bool shares = false) {
    RocksSettings settings;
    settings.library = kLibrary;
    settings.directory = directory_;
    settings.cache_bytes = cache_bytes;
    settings.block_cache_bytes = 1 << 20;
    settings.write_buffer_bytes = 64 << 10;
    settings.shares_tables = shares;
    settings.timers_in_memory = timers_in_memory_;
    auto made = RocksTiers::make(settings);
    EXPECT_TRUE(made.has_value()) << made.error().text();
    return *std::move(made);
  }
  bool leftNothing() const { return std::filesystem::is_empty(directory_); }

  std::string directory_;
  std::size_t timers_in_memory_ = RocksSettings().timers_in_memory;
};

}  // namespace weir::worker
