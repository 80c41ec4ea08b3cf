#include "common/state/shared_tables.h"

#include <algorithm>
#include <fstream>
#include <numeric>
#include <set>
#include <sstream>
#include <thread>

#include "common/record/key_hash.h"
#include "common/rocksdb/table_section.h"
#include "tests/unit/taskmanager/worker/rocksdb/rocks_operator.h"

namespace weir::worker {
namespace {

std::string bytesOf(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

/// What a job's checkpoints have stored of an operator, by the names of its tables.
class Stored {
 public:
  /// Stores what is not there yet, and answers with its size.
  std::uint64_t store(const state::SharedTables& tables) {
    std::uint64_t added = 0;
    for (const state::SharedTables::Table& table : tables.tables) {
      const auto [at, is_new] =
          files_.try_emplace(table.name, bytesOf(tables.directory + "/" + table.name));
      EXPECT_EQ(at->second.size(), table.size);
      EXPECT_EQ(at->second, bytesOf(tables.directory + "/" + table.name));
      added += is_new ? table.size : 0;
    }
    return added;
  }
  /// The canonical section of a snapshot whose tables were stored, and of what it has beside them.
  MemoryFile canonical(const state::SharedTables& tables, const MemoryFile& rest) const {
    rocks::TableManifest manifest;
    manifest.key_schema = tables.key_schema;
    manifest.names_hold_keys = tables.names_hold_keys;
    for (const state::SharedTables::State& one : tables.states) {
      manifest.states.push_back({one.info, one.family});
    }
    for (const state::SharedTables::Table& one : tables.tables) {
      manifest.tables.push_back({one.name, one.name, one.size, 0});
    }
    for (const state::SharedTables::File& one : tables.files) {
      manifest.files.push_back({one.name, one.bytes});
    }
    const auto read =
        rocks::readTables(manifest, rest, "a section", [&](const auto& table, state::ByteSink& to) {
          return to.append(files_.at(table.shared));
        });
    EXPECT_TRUE(read.has_value()) << (read ? "" : read.error().text());
    MemoryFile file;
    file.bytes = *(*read)->read(0, (*read)->size());
    return file;
  }

 private:
  std::map<std::string, std::string> files_;
};

class SharedTablesTest : public RocksFixture {
 protected:
  static state::SharedTables settle(state::FrozenState& frozen) {
    auto tables = frozen.settle();
    EXPECT_TRUE(tables.has_value()) << (tables ? "" : tables.error().text());
    return *std::move(tables);
  }
  template <typename K>
  state::SharedTables share(Operator<K>& in) {
    const auto frozen = in.backend.freeze();
    EXPECT_TRUE(frozen->share());
    return settle(*frozen);
  }

  /// An operator in RocksDB and one on the heap do the same, while snapshots are made.
  template <typename K, typename Key>
  void hasWhatAnInstantHad(Key key_of) {
    const auto factory = tiers(64 << 10, true);
    Operator<K> rocks(factory.get());
    Operator<K> heap(nullptr);
    Expected ignored;
    std::mt19937_64 random(7);
    const auto churn = [&] {
      std::vector<K> keys;
      for (std::uint64_t i = random() % 200; i > 0; --i) {
        keys.push_back(key_of(random() % 3000));
      }
      const std::uint64_t seed = random();
      for (Operator<K>* one : {&rocks, &heap}) {
        std::mt19937_64 same(seed);
        one->batch(keys, [&](const K&) { change(*one, ignored, same()); });
      }
    };
    Stored stored;
    for (int round = 0; round < 25; ++round) {
      for (int i = 0; i < 6; ++i) {
        churn();
      }
      const auto frozen = rocks.backend.freeze();
      if (!frozen->share()) {
        ASSERT_LT(round, 3);
        continue;
      }
      const MemoryFile expected = heap.snapshot();
      if (round % 5 == 4) {
        continue;  // It is given up.
      }
      state::SharedTables tables;
      std::thread writer([&] { tables = settle(*frozen); });
      for (int i = 0; i < 6; ++i) {
        churn();
      }
      writer.join();
      static_cast<void>(stored.store(tables));
      ASSERT_EQ(contentsOf(stored.canonical(tables, Operator<K>::snapshotOf(*frozen))),
                contentsOf(expected))
          << "in round " << round;
    }
    EXPECT_EQ(contentsOf(rocks.snapshot()), contentsOf(heap.snapshot()));
  }
};

TEST_F(SharedTablesTest, HaveWhatAnInstantHadWhileProcessingGoesOn) {
  hasWhatAnInstantHad<std::int64_t>([](std::uint64_t n) { return static_cast<std::int64_t>(n); });
  EXPECT_TRUE(leftNothing());
}

TEST_F(SharedTablesTest, HaveTheKeysThatNamesDoNotHold) {
  hasWhatAnInstantHad<double>([](std::uint64_t n) { return n % 2 == 0 ? -0.5 * n : 0.5 * n; });
}

TEST_F(SharedTablesTest, ALittleThatChangedMakesLittleNew) {
  const auto factory = tiers(256 << 10, true);
  Operator<std::int64_t> in(factory.get());
  fill(in, 20'000);
  Stored stored;
  const std::uint64_t whole = stored.store(share(in));
  EXPECT_GT(whole, 200'000U);
  int rounds = 0;  // RocksDB merges tables in the background, which makes others for a while.
  while (stored.store(share(in)) != 0) {
    ASSERT_LT(++rounds, 100) << "what was only read, or not touched, stays new";
  }
  std::uint64_t least = whole;  // Tables may be merged once more in between.
  for (rounds = 0; rounds < 10 && least >= whole / 2; ++rounds) {
    for (std::int64_t key = 0; key < 100; ++key) {
      in.batch({key * 200}, [&](std::int64_t) { in.sum.add(1); });
    }
    least = std::min(least, stored.store(share(in)));
  }
  EXPECT_LT(least, whole / 2);
}

TEST_F(SharedTablesTest, ChangesAtRandomAreMergedSeldomAndDoNotAddUp) {
  constexpr std::int64_t kKeys = 20'000;
  const auto factory = tiers(256 << 10, true);
  Operator<std::int64_t> in(factory.get());
  fill(in, kKeys);
  Stored stored;
  const std::uint64_t whole = stored.store(share(in));
  std::mt19937_64 random(5);
  const auto round = [&] {  // Changes one key in a hundred.
    std::vector<std::int64_t> keys;
    for (std::int64_t i = 0; i < kKeys / 100; ++i) {
      keys.push_back(static_cast<std::int64_t>(random() % kKeys));
    }
    in.batch(keys, [&](std::int64_t) { in.sum.add(1); });
    return share(in);
  };
  std::uint64_t added = 0;
  for (int i = 0; i < 64; ++i) {
    added += stored.store(round());
  }
  EXPECT_LT(added, 8 * whole) << "each few snapshots, all of the state was merged";
  for (int rounds = 0;; ++rounds) {
    const state::SharedTables tables = round();
    std::uint64_t bytes = 0;
    for (const state::SharedTables::Table& one : tables.tables) {
      bytes += one.size;
    }
    if (tables.tables.size() <= 4 * 20 && bytes < 3 * whole) {
      break;  // Of four states.
    }
    ASSERT_LT(rounds, 200) << tables.tables.size() << " tables of " << bytes << " bytes stay";
  }
}

TEST_F(SharedTablesTest, AFullSnapshotBesideThemHasEverything) {
  const auto factory = tiers(64 << 10, true);
  Operator<std::int64_t> in(factory.get());
  Operator<std::int64_t> heap(nullptr);
  fill(in, kFilled);
  fill(heap, kFilled);
  const auto frozen = in.backend.freeze();
  ASSERT_TRUE(frozen->share());
  const state::SharedTables tables = settle(*frozen);
  EXPECT_EQ(contentsOf(in.snapshot()), contentsOf(heap.snapshot()));
  Stored stored;
  static_cast<void>(stored.store(tables));
  EXPECT_EQ(contentsOf(stored.canonical(tables, Operator<std::int64_t>::snapshotOf(*frozen))),
            contentsOf(heap.snapshot()));
}

TEST_F(SharedTablesTest, StateThatFitsInMemoryIsSharedOnceItIsLarge) {
  const auto factory = tiers(256 << 20, true);
  Operator<std::int64_t> in(factory.get());
  fill(in, 1000);
  EXPECT_FALSE(in.backend.freeze()->share());
  for (std::int64_t key = 0; key < 1000; ++key) {
    in.batch({key}, [&](std::int64_t) { in.list.add(std::string(50'000, 'x')); });
  }
  const auto frozen = in.backend.freeze();
  ASSERT_TRUE(frozen->share());
  const state::SharedTables tables = settle(*frozen);
  std::uint64_t bytes = 0;
  for (const state::SharedTables::Table& one : tables.tables) {
    bytes += one.size;
  }
  EXPECT_GT(bytes, 50'000'000U);
  EXPECT_EQ(in.backend.keyCount(), 1000U) << "all stays in memory";
}

TEST_F(SharedTablesTest, NobodySharesWhoWasNotAskedTo) {
  const auto factory = tiers();
  Operator<std::int64_t> in(factory.get());
  fill(in, kFilled);
  EXPECT_FALSE(in.backend.freeze()->share());
}

}  // namespace
}  // namespace weir::worker
