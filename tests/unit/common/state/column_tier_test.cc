#include "common/state/column_tier.h"

#include <map>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "common/state/keyed_backend_of.h"
#include "common/state/keyed_state.h"
#include "tests/unit/common/state/fixtures.h"

namespace weir::state {
namespace {

using Words = KeyedBackendOf<std::string>;
using Tally = ValueState<std::int64_t>;
constexpr std::uint32_t kGroups = 128;

/// Keeps every cell as bytes in a map, and none in memory between batches, but for keys that it is
/// told to leave there.
class MapTier final : public ColumnTier {
 public:
  using Cells = std::map<std::pair<std::string, std::string>, std::string>;  // By state and name.

  MapTier(KeyedBackend& backend, Cells& cells, std::set<std::string> resident)
      : backend_(backend), cells_(cells), resident_(std::move(resident)) {}
  void use(Columns columns, std::span<const Slot> slots, std::span<const Slot> fresh) override {
    used_.insert(slots.begin(), slots.end());
    for (const auto& column : columns) {
      load(*column, fresh);
    }
  }
  void load(ColumnBase& column, std::span<const Slot> slots) override {
    for (const Slot slot : slots) {
      const auto found = cells_.find({column.info().name, nameOf(slot)});
      if (found != cells_.end()) {
        Reader from(found->second);
        column.restore(slot, from);
      }
    }
  }
  void forget(Slot slot) override {
    std::erase_if(cells_, [&](const auto& cell) { return cell.first.second == nameOf(slot); });
    used_.erase(slot);
  }
  void endBatch(Columns columns) override {
    for (const Slot slot : std::exchange(used_, {})) {
      for (const auto& column : columns) {
        cells_.erase({column->info().name, nameOf(slot)});
        if (column->has(slot)) {
          Writer to;
          column->write(slot, to);
          cells_[{column->info().name, nameOf(slot)}] = to.str();
        }
      }
      Writer key;
      backend_.writeKey(slot, key);
      if (!resident_.contains(key.str()) && !backend_.isHeld(slot)) {
        backend_.evict(slot);
      }
    }
  }
  std::unique_ptr<FrozenTier> freeze() override { return nullptr; }

 private:
  std::string nameOf(Slot slot) const {
    Writer to;
    backend_.writeName(slot, to);
    return to.str();
  }

  KeyedBackend& backend_;
  Cells& cells_;
  std::set<std::string> resident_;  // Encoded.
  std::set<Slot> used_;             // In this batch.
};

class ColumnTierTest : public ::testing::Test {
 protected:
  Tally tallyIn(Words& words, const char* name) {
    Tally tally{ValueStateDescriptor<std::int64_t>(name)};
    EXPECT_TRUE(tally.bind(words).has_value());
    return tally;
  }
  void put(Words& words, std::set<std::string> resident = {}) {
    words.setTier(std::make_unique<MapTier>(words, cells_, std::move(resident)));
  }
  static std::string encoded(const std::string& key) {
    Writer to;
    record::write<std::string>(key, to);
    return to.str();
  }
  /// Calls `act` for each key as one batch.
  template <typename Act>
  static void batch(Words& words, const std::vector<std::string>& keys, Act act) {
    std::vector<Slot> slots(keys.size());
    words.resolve(keys.data(), keys.size(), slots.data());
    for (std::size_t i = 0; i < keys.size(); ++i) {
      words.setCurrent(slots[i]);
      act(keys[i]);
    }
    words.endBatch();
  }

  MapTier::Cells cells_;
};

TEST_F(ColumnTierTest, BatchesComputeTheSameWithNothingInMemoryBetweenThem) {
  Words words(kGroups);
  Tally first = tallyIn(words, "first");
  Tally second = tallyIn(words, "second");
  put(words, {encoded("7"), encoded("8")});
  std::map<std::string, std::int64_t> in_first;
  std::map<std::string, std::int64_t> in_second;
  std::mt19937_64 random(1);
  for (int round = 0; round < 100; ++round) {
    std::vector<std::string> keys(random() % 300);
    for (std::string& key : keys) {
      key = std::to_string(random() % 100);
    }
    batch(words, keys, [&](const std::string& key) {
      EXPECT_EQ(first.value(), in_first[key]);
      EXPECT_EQ(second.value(), in_second[key]);
      switch (random() % 4) {
        case 0:
          first.clear();
          in_first[key] = 0;
          break;
        case 1:
          second.clear();
          in_second[key] = 0;
          break;
        case 2:
          second.update(++in_second[key]);
          break;
        default:
          first.edit() += 1;
          ++in_first[key];
      }
    });
    EXPECT_LE(words.keyCount(), 2U);
  }
  const auto left = [](const auto& all) {
    return std::ranges::count_if(all, [](const auto& one) { return one.second != 0; });
  };
  EXPECT_EQ(std::ssize(cells_), left(in_first) + left(in_second));
}

TEST_F(ColumnTierTest, AKeyThatIsClearedLeavesTheTierAndMemory) {
  Words words(kGroups);
  Tally tally = tallyIn(words, "tally");
  put(words, {encoded("a"), encoded("b")});
  batch(words, {"a", "b"}, [&](const std::string&) { tally.update(1); });
  batch(words, {"a"}, [&](const std::string&) { tally.clear(); });
  EXPECT_EQ(words.keyCount(), 1U);
  EXPECT_EQ(cells_.size(), 1U);
}

TEST_F(ColumnTierTest, AStateThatIsAskedForLateComesUpForKeysInMemoryAndForOthers) {
  {
    Words before(kGroups);
    Tally late = tallyIn(before, "late");
    put(before);
    batch(before, {"a", "b"}, [&](const std::string& key) { late.update(key[0]); });
  }
  Words words(kGroups);
  Tally tally = tallyIn(words, "tally");
  put(words, {encoded("a")});
  batch(words, {"a"}, [&](const std::string&) { tally.update(5); });
  Tally late = tallyIn(words, "late");
  batch(words, {"a", "b"}, [&](const std::string& key) {
    EXPECT_EQ(late.value(), key[0]);
    EXPECT_EQ(tally.value(), key == "a" ? 5 : 0);
  });
}

TEST_F(ColumnTierTest, ARestoreGoesDownOnTheWay) {
  MemoryFile file;
  {
    Words old(kGroups);
    Tally first = tallyIn(old, "first");
    Tally second = tallyIn(old, "second");
    for (int key = 0; key < 3000; ++key) {
      old.setCurrentKey(std::to_string(key));
      first.update(key + 1);
      second.update(key + 2);
    }
    old.endBatch();
    SectionWriter writer(file);
    ASSERT_TRUE(old.freeze()->write(writer).has_value());
    ASSERT_TRUE(writer.finish().has_value());
  }
  Words words(kGroups);
  Tally first = tallyIn(words, "first");
  Tally second = tallyIn(words, "second");
  put(words);
  ASSERT_TRUE(words.restore(**SectionReader::open(file), {0, kGroups}).has_value());
  EXPECT_EQ(words.keyCount(), 0U);
  EXPECT_EQ(cells_.size(), 6000U);
  batch(words, {"17", "2999"}, [&](const std::string& key) {
    EXPECT_EQ(first.value(), std::stoi(key) + 1);
    EXPECT_EQ(second.value(), std::stoi(key) + 2);
  });
}

TEST_F(ColumnTierTest, StateThatNobodyHasAskedForYetKeepsItsKeysInMemory) {
  MemoryFile file;
  {
    Words old(kGroups);
    Tally late = tallyIn(old, "late");
    old.setCurrentKey("a");
    late.update(9);
    old.endBatch();
    SectionWriter writer(file);
    ASSERT_TRUE(old.freeze()->write(writer).has_value());
    ASSERT_TRUE(writer.finish().has_value());
  }
  Words words(kGroups);
  words.setTier(std::make_unique<MapTier>(words, cells_, std::set<std::string>{encoded("a")}));
  ASSERT_TRUE(words.restore(**SectionReader::open(file), {0, kGroups}).has_value());
  EXPECT_TRUE(words.isHeld(words.slotOf("a")));
  words.endBatch();
  Tally late = tallyIn(words, "late");
  batch(words, {"a"}, [&](const std::string&) { EXPECT_EQ(late.value(), 9); });
}

TEST_F(ColumnTierTest, AKeyInANamespaceComesUpAsItself) {
  Words words(kGroups);
  Tally tally = tallyIn(words, "tally");
  put(words);
  const auto use = [&](const char* window, auto act) {
    words.setCurrent(words.slotOf("a", words.namespaces().idOf(window)));
    act();
    words.endBatch();
  };
  use("w1", [&] { tally.update(1); });
  use("", [&] { tally.update(2); });
  EXPECT_EQ(words.namespaces().size(), 0U);  // Went with its key.
  use("w1", [&] { EXPECT_EQ(tally.value(), 1); });
  use("", [&] { EXPECT_EQ(tally.value(), 2); });
}

}  // namespace
}  // namespace weir::state
