#include <cstdint>
#include <filesystem>
#include <limits>
#include <set>

#include "common/state/timers.h"
#include "tests/unit/taskmanager/worker/rocksdb/rocks_operator.h"

/// Timers over a RocksDB, of which few are in memory and most on a shelf.
namespace weir::worker {
namespace {

constexpr std::int64_t kForever = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::min();
constexpr std::uint64_t kKeys = 1500;
constexpr const char* kName = "event-time-timers";

struct Timer {
  std::int64_t time = 0;
  std::string key;
  std::string name_space;
  auto operator<=>(const Timer&) const = default;
};
using Model = std::set<Timer>;  // In order of time.

std::string keyOf(std::uint64_t number) { return "key " + std::to_string(number % kKeys); }

/// An operator that has timers and no other state.
class Subject {
 public:
  /// Without `tiers` on the heap.
  explicit Subject(state::TierFactory* tiers) : backend(kGroups) {
    if (tiers != nullptr) {
      backend.setTier(*tiers->make(backend, "operator 'o', subtask 1 of 1"));
    }
    EXPECT_TRUE(timers.bind(backend, kName).has_value());
  }
  Subject(state::TierFactory* tiers, const MemoryFile& file, KeyGroupRange range = {0, kGroups})
      : Subject(tiers) {
    EXPECT_TRUE(backend.restore(**SectionReader::open(file), range).has_value());
    EXPECT_TRUE(timers.load().has_value());
    backend.endBatch();
  }
  void at(const Timer& timer) {
    backend.setCurrent(backend.slotOf(timer.key, backend.namespaces().idOf(timer.name_space)));
  }
  void add(const Timer& timer) {
    at(timer);
    timers.add(timer.time);
  }
  void remove(const Timer& timer) {
    at(timer);
    timers.remove(timer.time);
  }
  std::optional<Timer> next(std::int64_t until) {
    const auto time = timers.next(until);
    if (!time) {
      return std::nullopt;
    }
    const Slot slot = backend.current();
    return Timer{*time,
                 backend.keyAt(slot),
                 std::string(backend.namespaces().bytesOf(backend.namespaceAt(slot)))};
  }
  MemoryFile snapshot() { return Operator<std::string>::snapshotOf(*backend.freeze()); }

  KeyedBackendOf<std::string> backend;
  state::Timers timers;
};

/// What the function of the operator sets when a timer fires: a few later ones, now and then many.
std::vector<Timer> followersOf(const Timer& fired) {
  std::vector<Timer> all;
  if (fired.time < 0 || fired.time > 1'000'000) {
    return all;
  }
  const std::uint64_t random = record::xxh3(fired.key.data(), fired.key.size()) ^
                               (static_cast<std::uint64_t>(fired.time) * 0x9E3779B97F4A7C15ULL);
  if (random % 4 == 0) {
    all.push_back({fired.time + 1 + static_cast<std::int64_t>(random % 500),
                   keyOf(random >> 8),
                   fired.name_space});
  }
  if (random % 151 == 0) {
    for (std::uint64_t i = 0; i < 80; ++i) {
      all.push_back(
          {fired.time + 1 + static_cast<std::int64_t>(i % 7), keyOf((random >> 8) + i), {}});
    }
  }
  return all;
}

/// Fires all up to `until`, each when it is the first of the model, with its key and namespace.
void advance(Subject& subject, Model& model, std::int64_t until) {
  std::size_t fired = 0;
  while (const auto timer = subject.next(until)) {
    ASSERT_FALSE(model.empty());
    ASSERT_EQ(timer->time, model.begin()->time);
    ASSERT_EQ(model.erase(*timer), 1U) << timer->time << " " << timer->key;
    for (const Timer& one : followersOf(*timer)) {
      subject.add(one);
      model.insert(one);
    }
    if (++fired % 16 == 0) {
      subject.backend.endBatch();
    }
  }
  subject.backend.endBatch();
  ASSERT_TRUE(model.empty() || model.begin()->time > until) << model.begin()->time;
}

class RocksTimersTest : public RocksFixture {
 protected:
  RocksTimersTest() { timers_in_memory_ = 64; }

  Timer some(std::int64_t now, std::mt19937_64& random) {
    Timer timer{now + static_cast<std::int64_t>(random() % 20'000) - 500,
                keyOf(random()),
                random() % 3 == 0 ? std::string("window ") + std::to_string(random() % 5) : ""};
    if (random() % 50 == 0) {
      timer.time = random() % 2 == 0 ? kForever : kNever;
    } else if (random() % 4 == 0) {
      timer.time = now + 1;  // Many are due at once.
    }
    return timer;
  }
  /// One thing that happens to both.
  void step(Subject& subject, Model& model, std::int64_t now, std::mt19937_64& random) {
    const Timer timer = some(now, random);
    if (random() % 4 != 0 || model.empty()) {
      subject.add(timer);
      model.insert(timer);
      return;
    }
    auto gone = model.lower_bound(timer);
    gone = gone == model.end() ? model.begin() : gone;
    subject.at(*gone);
    EXPECT_TRUE(subject.timers.has(gone->time));
    subject.timers.remove(gone->time);
    EXPECT_FALSE(subject.timers.has(gone->time));
    if (random() % 3 == 0) {
      subject.timers.add(gone->time);
    } else {
      model.erase(gone);
    }
  }
  /// A snapshot of these timers that the heap has written.
  static MemoryFile expected(const Model& model) {
    Subject heap(nullptr);
    for (const Timer& one : model) {
      heap.add(one);
    }
    heap.backend.endBatch();
    return heap.snapshot();
  }
};

TEST_F(RocksTimersTest, AreThoseOfAModelThroughSnapshotsAndRestores) {
  for (std::uint64_t seed = 1; seed <= 2; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    const auto factory = tiers(16 << 10);
    auto subject = std::make_unique<Subject>(factory.get());
    Model model;
    std::int64_t now = 1000;
    for (int round = 0; round < 40; ++round) {
      for (std::uint64_t i = random() % 200; i > 0; --i) {
        step(*subject, model, now, random);
        if (i % 8 == 0) {
          subject->backend.endBatch();
        }
      }
      subject->backend.endBatch();
      EXPECT_LE(subject->timers.earliest(), model.empty() ? kForever : model.begin()->time);
      now += static_cast<std::int64_t>(random() % 800);
      ASSERT_NO_FATAL_FAILURE(advance(*subject, model, now));
      if (random() % 10 == 0) {
        const MemoryFile file = subject->snapshot();
        EXPECT_EQ(contentsOf(file), contentsOf(expected(model)));
        if (random() % 2 == 0) {
          subject = std::make_unique<Subject>(factory.get(), file);
        }
      }
    }
    ASSERT_NO_FATAL_FAILURE(advance(*subject, model, kForever));
    EXPECT_TRUE(model.empty());
    EXPECT_EQ(subject->timers.earliest(), kForever);
  }
}

TEST_F(RocksTimersTest, GoToTheSubtasksOfTheirKeysAtAnotherParallelismOnEitherBackend) {
  std::mt19937_64 random(7);
  const auto factory = tiers(16 << 10);
  Subject subject(factory.get());
  Model model;
  for (int i = 0; i < 5000; ++i) {
    step(subject, model, 0, random);
    subject.backend.endBatch();
  }
  const MemoryFile file = subject.snapshot();
  for (state::TierFactory* below : {static_cast<state::TierFactory*>(factory.get()),
                                    static_cast<state::TierFactory*>(nullptr)}) {
    Model left = model;
    for (std::uint32_t subtask = 0; subtask < 3; ++subtask) {
      Subject part(below, file, keyGroupRangeOf(subtask, 3, kGroups));
      std::int64_t last = kNever;
      while (const auto timer = part.next(kForever)) {
        EXPECT_GE(timer->time, last);
        last = timer->time;
        EXPECT_EQ(left.erase(*timer), 1U);
      }
    }
    EXPECT_TRUE(left.empty());
  }
}

TEST_F(RocksTimersTest, FewAreInMemoryHoweverManyThereAre) {
  const auto factory = tiers();
  Subject subject(factory.get());
  for (std::uint64_t i = 0; i < 20'000; ++i) {
    subject.add({static_cast<std::int64_t>(i * 7919 % 100'003), keyOf(i), {}});
    EXPECT_LE(subject.timers.inMemory(), timers_in_memory_);
    subject.backend.endBatch();
  }
  Subject restored(factory.get(), subject.snapshot());
  EXPECT_LE(restored.timers.inMemory(), timers_in_memory_);
  std::size_t fired = 0;
  while (restored.next(kForever)) {
    ++fired;
    EXPECT_LE(restored.timers.inMemory(), timers_in_memory_);
  }
  EXPECT_EQ(fired, 20'000U);
}

TEST_F(RocksTimersTest, NoStoreOfTheirOwnIsOpenedWhileFewAreSet) {
  const auto factory = tiers();
  Subject subject(factory.get());
  const auto stores = [this] {
    return std::distance(std::filesystem::directory_iterator(directory_),
                         std::filesystem::directory_iterator());
  };
  for (std::int64_t i = 0; i < 64; ++i) {
    subject.add({i, keyOf(static_cast<std::uint64_t>(i)), {}});
  }
  EXPECT_EQ(stores(), 1);
  subject.add({64, keyOf(64), {}});
  EXPECT_EQ(stores(), 2);
}

TEST_F(RocksTimersTest, ADirectoryThatIsGoneFailsTheTaskWithItsOperator) {
  const auto factory = tiers();
  Subject subject(factory.get());
  std::filesystem::remove_all(directory_);
  try {
    for (std::int64_t i = 0; i < 1000; ++i) {
      subject.add({i, keyOf(static_cast<std::uint64_t>(i)), {}});
    }
    FAIL() << "nothing was thrown";
  } catch (const state::StateError& error) {
    EXPECT_THAT(error.what(),
                ::testing::AllOf(::testing::HasSubstr("timers of operator 'o', subtask 1 of 1"),
                                 ::testing::HasSubstr(directory_),
                                 ::testing::HasSubstr("taskmanager.tmp.dirs")));
  }
}

}  // namespace
}  // namespace weir::worker
