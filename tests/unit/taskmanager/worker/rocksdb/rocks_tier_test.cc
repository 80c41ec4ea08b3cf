#include "taskmanager/worker/rocksdb/rocks_tier.h"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <numeric>
#include <optional>
#include <random>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include "common/state/state_error.h"
#include "tests/unit/taskmanager/worker/rocksdb/rocks_operator.h"

namespace weir::worker {
namespace {

class RocksTierTest : public RocksFixture {
 protected:
  template <typename K, typename Key>
  void computesAsAMap(Key key_of) {
    const auto factory = tiers();
    Operator<K> in(factory.get());
    std::map<std::uint64_t, Expected> expected;
    std::mt19937_64 random(1);
    for (int round = 0; round < 150; ++round) {
      std::vector<K> keys;
      std::vector<std::uint64_t> numbers;
      for (std::uint64_t i = random() % 300; i > 0; --i) {
        numbers.push_back(random() % (round % 2 == 0 ? 5000 : 300));
        keys.push_back(key_of(numbers.back()));
      }
      std::size_t at = 0;
      in.batch(keys, [&](const K&) {
        Expected& of = expected[numbers[at++]];
        expectAsExpected(in, of);
        change(in, of, random());
      });
      ASSERT_LE(in.tier->heldBytes(), 512U << 10);
    }
    for (const auto& [number, of] : expected) {
      in.batch({key_of(number)}, [&](const K&) { expectAsExpected(in, of); });
    }
  }
};

TEST_F(RocksTierTest, NumbersAsKeysComputeAsAMapDoes) {
  computesAsAMap<std::int64_t>([](std::uint64_t n) { return static_cast<std::int64_t>(n) - 2500; });
  EXPECT_TRUE(leftNothing());
}

TEST_F(RocksTierTest, StringsAsKeysComputeAsAMapDoes) {
  computesAsAMap<std::string>(
      [](std::uint64_t n) { return std::string(n % 40, 'k') + std::to_string(n); });
}

TEST_F(RocksTierTest, PairsAsKeysComputeAsAMapDoes) {
  using Pair = std::pair<std::string, std::int32_t>;
  computesAsAMap<Pair>(
      [](std::uint64_t n) { return Pair(std::to_string(n / 100), static_cast<std::int32_t>(n)); });
}

TEST_F(RocksTierTest, KeysThatAreEqualInOtherBytesAreOneKey) {
  const auto factory = tiers();
  Operator<double> in(factory.get());
  in.batch({0.0}, [&](double) { in.sum.add(1); });
  const auto fill = [&](double from) {
    for (double key = from; key < from + 5000; key += 100) {
      std::vector<double> keys;
      for (int i = 0; i < 100; ++i) {
        keys.push_back(key + i);
      }
      in.batch(keys, [&](double) { in.sum.add(5); });
    }
  };
  fill(1);
  EXPECT_LT(in.backend.keyCount(), 3000U);
  in.batch({-0.0}, [&](double) {
    EXPECT_EQ(in.sum.get(), 1);
    in.sum.add(1);
  });
  fill(10'000);
  in.batch({0.0}, [&](double) { EXPECT_EQ(in.sum.get(), 2); });
  const MemoryFile file = in.snapshot();
  Operator<double> heap(nullptr);
  heap.restore(file);
  heap.batch({-0.0}, [&](double) { EXPECT_EQ(heap.sum.get(), 2); });
  EXPECT_EQ(heap.backend.keyCount(), 10'001U);
}

TEST_F(RocksTierTest, NothingIsWrittenWhileAllFitsInMemory) {
  const auto factory = tiers(64 << 20);
  Operator<std::int64_t> in(factory.get());
  for (std::int64_t key = 0; key < 10'000; key += 100) {
    std::vector<std::int64_t> keys(100);
    std::iota(keys.begin(), keys.end(), key);
    in.batch(keys, [&](std::int64_t) { in.sum.add(1); });
  }
  EXPECT_EQ(in.backend.keyCount(), 10'000U);
  EXPECT_EQ(in.tier->freeze(), nullptr);
}

TEST_F(RocksTierTest, WhatKeysOwnCountsToTheBudget) {
  const auto factory = tiers(1 << 20);
  Operator<std::int64_t> in(factory.get());
  for (std::int64_t key = 0; key < 1000; ++key) {
    in.batch({key}, [&](std::int64_t) { in.list.add(std::string(10'000, 'x')); });
  }
  EXPECT_LT(in.backend.keyCount(), 500U);
  EXPECT_LT(in.tier->heldBytes(), 2U << 20);
  in.batch({3}, [&](std::int64_t) {
    EXPECT_EQ(in.list.get(), (std::vector{std::string(10'000, 'x')}));
  });
}

TEST_F(RocksTierTest, ASnapshotHasTheSameContentsOnEitherBackend) {
  const auto factory = tiers();
  Operator<std::int64_t> rocks(factory.get());
  Operator<std::int64_t> heap(nullptr);
  fill(rocks, kFilled);
  fill(heap, kFilled);
  ASSERT_LT(rocks.backend.keyCount(), 2000U);
  const MemoryFile of_rocks = rocks.snapshot();
  EXPECT_EQ(contentsOf(of_rocks), contentsOf(heap.snapshot()));
}

TEST_F(RocksTierTest, SnapshotsRestoreIntoTheOtherBackendAtAnotherParallelism) {
  const auto factory = tiers();
  for (const bool to_heap : {true, false}) {
    Operator<std::int64_t> old(to_heap ? factory.get() : nullptr);
    fill(old, kFilled);
    const MemoryFile file = old.snapshot();
    std::vector<std::unique_ptr<Operator<std::int64_t>>> parts;
    std::size_t entries = 0;
    for (std::uint32_t subtask = 0; subtask < 3; ++subtask) {
      parts.push_back(std::make_unique<Operator<std::int64_t>>(to_heap ? nullptr : factory.get()));
      const KeyGroupRange range = keyGroupRangeOf(subtask, 3, kGroups);
      parts.back()->restore(file, range);
      entries += contentsOf(parts.back()->snapshot())["sum"].first;
    }
    EXPECT_EQ(entries, static_cast<std::size_t>(kFilled));
    for (std::int64_t key = 0; key < kFilled; key += 7) {
      const std::uint32_t group = keyGroupOf(keyHash(key), kGroups);
      for (std::uint32_t subtask = 0; subtask < 3; ++subtask) {
        if (keyGroupRangeOf(subtask, 3, kGroups).contains(group)) {
          expectFilled(*parts[subtask], key);
        }
      }
    }
  }
}

TEST_F(RocksTierTest, ASnapshotIsThatOfItsInstantWhileProcessingGoesOn) {
  const auto factory = tiers();
  Operator<std::int64_t> in(factory.get());
  Operator<std::int64_t> heap(nullptr);
  fill(in, kFilled);
  fill(heap, kFilled);
  auto frozen = in.backend.freeze();
  MemoryFile file;
  std::thread writer([&] { file = Operator<std::int64_t>::snapshotOf(*frozen); });
  for (std::int64_t key = 0; key < kFilled; key += 2) {
    in.batch({key, key + 50'000}, [&](std::int64_t) {
      in.sum.clear();
      in.list.clear();
      in.map.clear();
      in.value.edit().count += 1;
    });
  }
  writer.join();
  frozen.reset();
  EXPECT_EQ(contentsOf(file), contentsOf(heap.snapshot()));
  EXPECT_EQ(contentsOf(in.snapshot())["value"].first, static_cast<std::uint64_t>(kFilled));
}

TEST_F(RocksTierTest, AFrozenViewOutlivesItsBackend) {
  const auto factory = tiers();
  std::unique_ptr<state::FrozenState> frozen;
  {
    Operator<std::int64_t> in(factory.get());
    fill(in, kFilled);
    frozen = in.backend.freeze();
  }
  EXPECT_FALSE(leftNothing());
  EXPECT_EQ(contentsOf(Operator<std::int64_t>::snapshotOf(*frozen))["sum"].first,
            static_cast<std::uint64_t>(kFilled));
  frozen.reset();
  EXPECT_TRUE(leftNothing());
}

TEST_F(RocksTierTest, KeysWithoutStateAreGoneBelowToo) {
  const auto factory = tiers();
  Operator<std::int64_t> in(factory.get());
  fill(in, kFilled);
  for (std::int64_t key = 0; key < kFilled; ++key) {
    in.batch({key}, [&](std::int64_t) {
      in.sum.clear();
      in.list.clear();
      in.map.clear();
    });
  }
  EXPECT_EQ(in.backend.keyCount(), 0U);
  const MemoryFile file = in.snapshot();
  EXPECT_EQ(contentsOf(file)["sum"].first, 0U);
  EXPECT_EQ(contentsOf(file)["list"].first, 0U);
  in.batch({3}, [&](std::int64_t) { EXPECT_TRUE(in.sum.empty()); });
}

TEST_F(RocksTierTest, KeysInNamespacesComeBackAsThemselves) {
  const auto factory = tiers();
  Operator<std::int64_t> in(factory.get());
  const auto use = [&](std::int64_t key, const std::string& window, auto act) {
    in.backend.setCurrent(in.backend.slotOf(key, in.backend.namespaces().idOf(window)));
    act();
    in.backend.endBatch();
  };
  for (std::int64_t key = 0; key < 2000; ++key) {
    use(key, "w" + std::to_string(key % 7), [&] { in.sum.add(key); });
    use(key, "", [&] { in.sum.add(-key); });
  }
  ASSERT_LT(in.backend.keyCount(), 2000U);
  Operator<std::int64_t> heap(nullptr);
  heap.restore(in.snapshot());
  EXPECT_EQ(heap.backend.keyCount(), 4000U);
  for (std::int64_t key = 0; key < 2000; key += 3) {
    use(key, "w" + std::to_string(key % 7), [&] { EXPECT_EQ(in.sum.get(), key); });
    use(key, "", [&] { EXPECT_EQ(in.sum.get(), -key); });
    use(key, "w9", [&] { EXPECT_TRUE(in.sum.empty()); });
  }
}

TEST_F(RocksTierTest, StateThatIsAskedForLateIsRestoredForAllKeys) {
  const auto factory = tiers();
  Operator<std::int64_t> old(nullptr);
  ValueState<std::int64_t> late_of_old{ValueStateDescriptor<std::int64_t>("late")};
  old.bind(late_of_old);
  for (std::int64_t key = 0; key < 1000; ++key) {
    old.batch({key}, [&](std::int64_t) {
      old.sum.add(1);
      late_of_old.update(key + 1);
    });
  }
  Operator<std::int64_t> in(factory.get());
  in.restore(old.snapshot());
  fill(in, 3000);  // So that all goes down that may.
  const MemoryFile carried = in.snapshot();
  EXPECT_EQ(contentsOf(carried)["late"].first, 1000U);
  ValueState<std::int64_t> late{ValueStateDescriptor<std::int64_t>("late")};
  in.bind(late);
  for (std::int64_t key = 2000; key < 9000; ++key) {
    in.batch({key}, [&](std::int64_t) { in.sum.add(1); });
  }
  EXPECT_LT(in.backend.keyCount(), 1000U);
  for (std::int64_t key = 0; key < 1000; ++key) {
    in.batch({key}, [&](std::int64_t) {
      EXPECT_EQ(late.value(), key + 1);
      EXPECT_EQ(in.sum.get(), key + 1);
    });
  }
}

TEST_F(RocksTierTest, OfStatesThatAreRestoredOneAfterAnotherNoCellIsLost) {
  constexpr std::int64_t kKeys = 8000;
  const auto factory = tiers();
  Operator<std::int64_t> old(nullptr);
  ValueState<std::int64_t> late_of_old{ValueStateDescriptor<std::int64_t>("late")};
  old.bind(late_of_old);
  for (std::int64_t key = 0; key < kKeys; ++key) {
    old.batch({key}, [&](std::int64_t) {
      old.sum.add(key);
      if (key % 10 == 0) {
        late_of_old.update(key + 1);
      }
    });
  }
  fill(old, kKeys);
  const MemoryFile file = old.snapshot();
  Operator<std::int64_t> in(factory.get());
  in.restore(file);
  EXPECT_EQ(contentsOf(in.snapshot()), contentsOf(file));
  for (std::int64_t key = 0; key < kKeys; ++key) {  // Also of keys that the other state holds.
    const std::int64_t before = [&] {
      std::int64_t sum = 0;
      old.batch({key}, [&](std::int64_t) { sum = old.sum.get(); });
      return sum;
    }();
    in.batch({key}, [&](std::int64_t) {
      EXPECT_EQ(in.sum.get(), before);
      in.sum.add(1);
    });
  }
  EXPECT_EQ(contentsOf(in.snapshot())["late"].first, static_cast<std::size_t>(kKeys / 10));
}

/// Files grow up to a limit meanwhile, as on a full disk.
class SmallFiles {
 public:
  explicit SmallFiles(rlim_t bytes) : before_(::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &limit_);
    const rlimit small{bytes, limit_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &small);
  }
  ~SmallFiles() {
    ::setrlimit(RLIMIT_FSIZE, &limit_);
    ::signal(SIGXFSZ, before_);
  }
  SmallFiles(const SmallFiles&) = delete;
  SmallFiles& operator=(const SmallFiles&) = delete;

 private:
  void (*before_)(int);
  rlimit limit_{};
};

TEST_F(RocksTierTest, AFullDiskFailsTheTaskAndTheCheckpointWithPathAndFreeBytes) {
  const auto factory = tiers();
  Operator<std::int64_t> in(factory.get());
  std::string cause;
  const SmallFiles full(16 << 10);
  try {
    fill(in, 200'000);
  } catch (const state::StateError& error) {
    cause = error.what();
  }
  EXPECT_THAT(cause,
              ::testing::HasSubstr("state of operator 'sum', subtask 1 of 1: could not write"));
  EXPECT_THAT(cause, ::testing::HasSubstr(directory_));
  EXPECT_THAT(cause, ::testing::ContainsRegex("the disk has [0-9]+ bytes left"));
  MemoryFile file;
  SectionWriter writer(file);
  const Status written = in.backend.freeze()->write(writer);
  ASSERT_FALSE(written.has_value());
  EXPECT_THAT(written.error().text(), ::testing::HasSubstr(directory_));
  EXPECT_THAT(written.error().text(), ::testing::ContainsRegex("the disk has [0-9]+ bytes left"));
}

TEST_F(RocksTierTest, ALibraryThatIsMissingIsNamedWithWhatToDo) {
  RocksSettings settings;
  settings.library = "libnot-there.so.1";
  const auto made = RocksTiers::make(settings);
  ASSERT_FALSE(made.has_value());
  EXPECT_EQ(made.error().code(), ErrorCode::kInvalidArgument);
  EXPECT_THAT(made.error().text(), ::testing::HasSubstr("needs the library libnot-there.so.1"));
  EXPECT_THAT(made.error().text(), ::testing::HasSubstr("librocksdb7.8"));
}

TEST_F(RocksTierTest, ALibraryThatIsAnotherIsNamedToo) {
  RocksSettings settings;
  settings.library = "libz.so.1";
  EXPECT_THAT(RocksTiers::make(settings).error().text(),
              ::testing::HasSubstr("needs the library libz.so.1"));
}

TEST_F(RocksTierTest, ADirectoryThatCannotBeWrittenIsNamedWithItsKey) {
  RocksSettings settings;
  settings.library = kLibrary;
  settings.directory = directory_ + "/not/there";
  const auto made = RocksTiers::make(settings);
  ASSERT_TRUE(made.has_value());
  KeyedBackendOf<std::int64_t> backend(kGroups);
  const auto tier = (*made)->make(backend, "operator 'sum', subtask 1 of 1");
  ASSERT_FALSE(tier.has_value());
  EXPECT_THAT(tier.error().text(), ::testing::HasSubstr("operator 'sum'"));
  EXPECT_THAT(tier.error().text(), ::testing::HasSubstr(settings.directory));
  EXPECT_THAT(tier.error().text(), ::testing::HasSubstr("taskmanager.tmp.dirs"));
}

TEST_F(RocksTierTest, TheStoresOfAWorkerShareTheThreadsOfFlushesAndCompactions) {
  const auto threads = [] {
    std::size_t count = 0;
    for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
      std::ifstream file(task.path() / "comm");
      std::string name;
      std::getline(file, name);
      count += name.starts_with("rocksdb:") ? 1 : 0;
    }
    return count;
  };
  const auto factory = tiers();
  Operator<std::int64_t> first(factory.get());
  const std::size_t of_one = threads();
  Operator<std::int64_t> second(factory.get());
  Operator<std::int64_t> third(factory.get());
  EXPECT_EQ(threads(), of_one);
  EXPECT_GT(of_one, 0U);
}

}  // namespace
}  // namespace weir::worker
