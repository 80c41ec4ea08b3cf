#include <map>
#include <numeric>
#include <random>
#include <thread>

#include <gtest/gtest.h>

#include "common/state/keyed_backend_of.h"
#include "common/state/keyed_state.h"
#include "tests/unit/common/state/fixtures.h"

namespace weir::state {
namespace {

constexpr std::uint32_t kMax = 128;
using Backend = KeyedBackendOf<std::int64_t>;
using Count = ValueState<std::int64_t>;

template <typename State, typename B>
State bound(B& backend, State state) {
  const Status status = state.bind(backend);
  EXPECT_TRUE(status.has_value());
  return state;
}
Count countIn(KeyedBackend& backend) {
  return bound(backend, Count(ValueStateDescriptor<std::int64_t>("count")));
}
/// Adds 1 to each key's count.
void countBatch(Backend& backend, Count& count, const std::vector<std::int64_t>& keys) {
  std::vector<Slot> slots(keys.size());
  backend.resolve(keys.data(), keys.size(), slots.data());
  for (const Slot slot : slots) {
    backend.setCurrent(slot);
    count.update(count.value() + 1);
  }
  backend.endBatch();
}
MemoryFile snapshot(const FrozenState& frozen) {
  MemoryFile file;
  SectionWriter writer(file);
  EXPECT_TRUE(frozen.write(writer).has_value());
  EXPECT_TRUE(writer.finish().has_value());
  return file;
}
Status restoreInto(KeyedBackend& backend, const MemoryFile& file, KeyGroupRange range = {0, kMax}) {
  WEIR_TRY(const auto reader, SectionReader::open(file));
  return backend.restore(*reader, range);
}
std::map<std::int64_t, std::int64_t> contents(Backend& backend, Count& count, std::int64_t keys) {
  std::map<std::int64_t, std::int64_t> all;
  for (std::int64_t key = 0; key < keys; ++key) {
    backend.setCurrentKey(key);
    if (count.value() != 0) {
      all[key] = count.value();
    }
  }
  backend.endBatch();
  return all;
}

TEST(KeyedBackendTest, CountsAsAMapDoes) {
  Backend backend(kMax);
  Count count = countIn(backend);
  std::map<std::int64_t, std::int64_t> expected;
  std::mt19937_64 random(1);
  for (int round = 0; round < 50; ++round) {
    std::vector<std::int64_t> keys(random() % 3000);
    for (auto& key : keys) {
      key = static_cast<std::int64_t>(random() % 20000);
      ++expected[key];
    }
    countBatch(backend, count, keys);
  }
  EXPECT_EQ(backend.keyCount(), expected.size());
  EXPECT_EQ(contents(backend, count, 20000), expected);
}

TEST(KeyedBackendTest, SaysWhatEachStateHolds) {
  Backend backend(kMax);
  Count count = countIn(backend);
  auto text = bound(backend, ValueState<std::string>(ValueStateDescriptor<std::string>("text")));
  std::vector<std::int64_t> keys(10'000);
  std::iota(keys.begin(), keys.end(), 0);
  countBatch(backend, count, keys);
  for (std::int64_t key = 0; key < 1000; ++key) {
    backend.setCurrentKey(key);
    text.update(std::string(1 << 10, 'x'));
  }
  backend.endBatch();
  const std::vector<StateSize> sizes = backend.sizes();
  ASSERT_EQ(sizes.size(), 2U);
  EXPECT_EQ(sizes[0].name, "count");
  EXPECT_EQ(sizes[0].keys, 10'000U);
  EXPECT_GE(sizes[0].memory_bytes, 80'000U);
  EXPECT_LE(sizes[0].memory_bytes, 1'000'000U);
  EXPECT_EQ(sizes[1].name, "text");
  EXPECT_EQ(sizes[1].keys, 1000U);
  EXPECT_GE(sizes[1].memory_bytes, 1U << 20);
  EXPECT_LE(sizes[1].memory_bytes, 2U << 20);
  EXPECT_EQ(sizes[1].disk_bytes, 0U);
}

TEST(KeyedBackendTest, ForgetsKeysWithoutStateAndReusesTheirSlots) {
  Backend backend(kMax);
  Count count = countIn(backend);
  std::mt19937_64 random(2);
  std::map<std::int64_t, std::int64_t> expected;
  for (int round = 0; round < 20000; ++round) {
    const auto key = static_cast<std::int64_t>(random() % 500);
    backend.setCurrentKey(key);
    if (random() % 2 == 0) {
      count.clear();
      expected.erase(key);
    } else {
      count.update(round);
      expected[key] = round;
    }
    backend.endBatch();
    ASSERT_EQ(backend.keyCount(), expected.size());
  }
  expected.erase(0);  // contents() takes a zero for nothing.
  auto found = contents(backend, count, 500);
  found.erase(0);
  EXPECT_EQ(found, expected);
  EXPECT_LE(backend.slotOf(1000), 501U) << "slots are dense";
}

TEST(KeyedBackendTest, AKeyThatIsOnlyLookedAtIsForgotten) {
  Backend backend(kMax);
  Count count = countIn(backend);
  backend.setCurrentKey(1);
  EXPECT_EQ(count.value(), 0);
  EXPECT_EQ(backend.keyCount(), 1U);
  backend.endBatch();
  EXPECT_EQ(backend.keyCount(), 0U);
}

TEST(KeyedBackendTest, AKeyHasStateOfItsOwnInEachNamespaceAsInAMap) {
  Backend backend(kMax);
  KeyedBackendOf<std::string> words(kMax);
  Count count = countIn(backend);
  Count of_word = countIn(words);
  std::map<std::pair<std::int64_t, std::string>, std::int64_t> expected;
  std::mt19937_64 random(1);
  const std::vector<std::string> windows = {"", "w1", "w2", std::string(1, '\0')};
  const auto eachCount = [&](std::int64_t key, const std::string& window, auto act) {
    backend.setCurrent(backend.slotOf(key, backend.namespaces().idOf(window)));
    act(count);
    words.setCurrent(words.slotOf(std::to_string(key), words.namespaces().idOf(window)));
    act(of_word);
  };
  for (int round = 0; round < 200; ++round) {
    for (int i = 0; i < 200; ++i) {
      const auto key = static_cast<std::int64_t>(random() % 500);
      const std::string& window = windows[random() % windows.size()];
      std::int64_t& there = expected[{key, window}];
      there = random() % 3 == 0 ? 0 : there + 1;
      eachCount(key, window, [&](Count& one) { there == 0 ? one.clear() : one.update(there); });
    }
    backend.endBatch();
    words.endBatch();
  }
  std::erase_if(expected, [](const auto& one) { return one.second == 0; });
  EXPECT_EQ(backend.keyCount(), expected.size());
  EXPECT_EQ(words.keyCount(), expected.size());
  for (const auto& [key, value] : expected) {
    eachCount(key.first, key.second, [&](Count& one) { EXPECT_EQ(one.value(), value); });
  }
}

TEST(KeyedBackendTest, ANamespaceGoesWithItsLastKeyAndItsNumberIsUsedAgain) {
  Backend backend(kMax);
  Count count = countIn(backend);
  NamespaceTable& namespaces = backend.namespaces();
  const NamespaceId first = namespaces.idOf("first");
  for (const std::int64_t key : {1, 2}) {
    backend.setCurrent(backend.slotOf(key, first));
    count.update(1);
  }
  backend.endBatch();
  const auto clear = [&](std::int64_t key) {
    backend.setCurrent(backend.slotOf(key, first));
    count.clear();
    backend.endBatch();
  };
  clear(1);
  EXPECT_EQ(namespaces.idOf("first"), first);
  clear(2);
  EXPECT_EQ(namespaces.size(), 0U);
  EXPECT_EQ(namespaces.idOf("second"), first);
  EXPECT_EQ(namespaces.bytesOf(first), "second");
}

TEST(KeyedBackendTest, NamespacesComeBackAtAnotherParallelism) {
  const auto countOf = [](std::int64_t key, std::string_view window) {
    return key * 1000 + (window.empty() ? 1 : window.back());
  };
  Backend old(kMax);
  Count old_count = countIn(old);
  for (std::int64_t key = 0; key < 100; ++key) {
    for (const char* window : {"", "w1", "w2"}) {
      old.setCurrent(old.slotOf(key, old.namespaces().idOf(window)));
      old_count.update(countOf(key, window));
    }
  }
  old.endBatch();
  const auto frozen = old.freeze();
  old.setCurrent(old.slotOf(1, old.namespaces().idOf("w1")));
  old_count.clear();  // Nothing that the frozen view sees.
  old.endBatch();
  const MemoryFile file = snapshot(*frozen);
  std::size_t keys = 0;
  for (std::uint32_t subtask = 0; subtask < 3; ++subtask) {
    Backend backend(kMax);
    Count count = countIn(backend);
    const KeyGroupRange range = keyGroupRangeOf(subtask, 3, kMax);
    ASSERT_TRUE(restoreInto(backend, file, range).has_value());
    keys += backend.keyCount();
    for (std::int64_t key = 0; key < 100; ++key) {
      if (!range.contains(keyGroupOf(keyHash(key), kMax))) {
        continue;
      }
      for (const char* window : {"", "w1", "w2"}) {
        backend.setCurrent(backend.slotOf(key, backend.namespaces().idOf(window)));
        EXPECT_EQ(count.value(), countOf(key, window));
      }
    }
  }
  EXPECT_EQ(keys, 300U);
}

TEST(KeyedBackendTest, StateNeedsAKeyAndABackend) {
  Backend backend(kMax);
  Count count = countIn(backend);
  EXPECT_THROW(count.value(), StateError);
  Count unbound{ValueStateDescriptor<std::int64_t>("x")};
  EXPECT_THROW(unbound.update(1), StateError);
}

TEST(KeyedBackendTest, OneNameIsOneKindAndOneType) {
  Backend backend(kMax);
  countIn(backend);
  EXPECT_TRUE(backend.column(ValueStateDescriptor<std::int64_t>("count")).has_value());
  const auto kind = backend.column(ListStateDescriptor<std::int64_t>("count"));
  ASSERT_FALSE(kind.has_value());
  EXPECT_EQ(kind.error().message(),
            "state 'count' is value state in this operator already and list state now");
  EXPECT_FALSE(backend.column(ValueStateDescriptor<std::string>("count")).has_value());
}

TEST(KeyedBackendTest, AFrozenViewDoesNotSeeLaterWrites) {
  Backend backend(kMax);
  Count count = countIn(backend);
  std::vector<std::int64_t> keys(5000);
  std::iota(keys.begin(), keys.end(), 0);
  countBatch(backend, count, keys);
  const auto before = contents(backend, count, 5000);
  const auto frozen = backend.freeze();
  countBatch(backend, count, keys);
  backend.setCurrentKey(17);
  count.clear();
  backend.endBatch();
  countBatch(backend, count, {6000, 6001});

  Backend restored(kMax);
  Count restored_count = countIn(restored);
  ASSERT_TRUE(restoreInto(restored, snapshot(*frozen)).has_value());
  EXPECT_EQ(contents(restored, restored_count, 7000), before);
}

TEST(KeyedBackendTest, AFrozenViewDoesNotSeeWhatIsEditedInPlace) {
  using Last = std::vector<std::int64_t>;
  Backend backend(kMax);
  auto last = bound(backend, ValueState<Last>(ValueStateDescriptor<Last>("last")));
  auto list = bound(backend, ListState<std::int64_t>(ListStateDescriptor<std::int64_t>("list")));
  const auto addToAll = [&](std::int64_t value) {
    for (std::int64_t key = 0; key < 300; ++key) {
      backend.setCurrentKey(key);
      last.edit().push_back(value);
      list.add(value);
      if (list.size() > 2) {
        list.popFront();
      }
    }
    backend.endBatch();
  };
  addToAll(1);
  addToAll(2);
  const auto frozen = backend.freeze();
  std::thread editor([&] { addToAll(3); });  // While the snapshot is written.
  const MemoryFile file = snapshot(*frozen);
  editor.join();
  addToAll(4);

  Backend restored(kMax);
  auto then = bound(restored, ValueState<Last>(ValueStateDescriptor<Last>("last")));
  auto listed = bound(restored, ListState<std::int64_t>(ListStateDescriptor<std::int64_t>("list")));
  ASSERT_TRUE(restoreInto(restored, file).has_value());
  for (const std::int64_t key : {0, 17, 299}) {
    restored.setCurrentKey(key);
    EXPECT_EQ(then.value(), (Last{1, 2}));
    EXPECT_EQ(listed.get(), (Last{1, 2}));
    backend.setCurrentKey(key);
    EXPECT_EQ(last.value(), (Last{1, 2, 3, 4}));
    EXPECT_EQ(list.get(), (Last{3, 4}));
  }
}

TEST(KeyedBackendTest, FrozenViewsAreWrittenWhileTheTaskGoesOn) {
  KeyedBackendOf<std::string> backend(kMax);
  auto list = bound(backend, ListState<std::string>(ListStateDescriptor<std::string>("list")));
  const auto touchAll = [&] {
    for (int key = 0; key < 2000; ++key) {
      backend.setCurrentKey(std::to_string(key));
      list.add("element");
      if (list.get().size() > 4) {
        list.clear();
      }
    }
    backend.endBatch();
  };
  for (int round = 1; round <= 3; ++round) {
    touchAll();
    const auto frozen = backend.freeze();
    MemoryFile file;
    std::thread writer([&] { file = snapshot(*frozen); });
    touchAll();
    touchAll();
    writer.join();
    const auto reader = SectionReader::open(file);
    ASSERT_TRUE(reader.has_value());
    const std::uint64_t left = (3 * (round - 1) + 1) % 5;
    EXPECT_EQ((*reader)->states()[0].entries, left == 0 ? 0U : 2000U);
    std::set<std::size_t> sizes;
    ASSERT_TRUE((*reader)
                    ->readKeyed(0,
                                {0, kMax},
                                [&](const SectionReader::Entry& entry) {
                                  sizes.insert(entry.value.size());
                                  return ok();
                                })
                    .has_value());
    EXPECT_LE(sizes.size(), 1U) << "every key is as it was at one instant";
  }
}

TEST(KeyedBackendTest, TwoSubtasksBecomeThree) {
  std::vector<MemoryFile> files;
  for (std::uint32_t subtask = 0; subtask < 2; ++subtask) {
    Backend backend(kMax);
    Count count = countIn(backend);
    for (std::int64_t key = 0; key < 3000; ++key) {
      if (subtaskOf(keyGroupOf(keyHash(key), kMax), 2, kMax) == subtask) {
        countBatch(backend, count, {key});
      }
    }
    files.push_back(snapshot(*backend.freeze()));
  }
  std::size_t keys = 0;
  for (std::uint32_t subtask = 0; subtask < 3; ++subtask) {
    Backend backend(kMax);
    Count count = countIn(backend);
    for (const MemoryFile& file : files) {
      ASSERT_TRUE(restoreInto(backend, file, keyGroupRangeOf(subtask, 3, kMax)).has_value());
    }
    for (const auto& [key, value] : contents(backend, count, 3000)) {
      EXPECT_EQ(subtaskOf(keyGroupOf(keyHash(key), kMax), 3, kMax), subtask);
      EXPECT_EQ(value, 1);
      ++keys;
    }
  }
  EXPECT_EQ(keys, 3000U);
}

TEST(KeyedBackendTest, StateThatNobodyAsksForIsNeverLost) {
  MemoryFile file;
  {
    Backend backend(kMax);
    Count count = countIn(backend);
    countBatch(backend, count, {1, 2, 2});
    file = snapshot(*backend.freeze());
  }
  Backend without(kMax);
  ASSERT_TRUE(restoreInto(without, file).has_value());
  ASSERT_EQ(without.unclaimed().size(), 1U);
  without.endBatch();
  const MemoryFile again = snapshot(*without.freeze());

  Backend late(kMax);
  ASSERT_TRUE(restoreInto(late, again).has_value());
  Count count = countIn(late);
  EXPECT_TRUE(late.unclaimed().empty());
  EXPECT_EQ(contents(late, count, 5), (std::map<std::int64_t, std::int64_t>{{1, 1}, {2, 2}}));
}

TEST(KeyedBackendTest, ValuesAndKeysAreMigrated) {
  KeyedBackendOf<std::int32_t> old(kMax);
  auto old_state =
      bound(old, ValueState<std::int16_t>(ValueStateDescriptor<std::int16_t>("count")));
  old.setCurrentKey(3);
  old_state.update(-4);
  const MemoryFile file = snapshot(*old.freeze());

  Backend backend(kMax);
  Count count = countIn(backend);
  ASSERT_TRUE(restoreInto(backend, file).has_value());
  backend.setCurrentKey(3);
  EXPECT_EQ(count.value(), -4);
}

TEST(KeyedBackendTest, WhatDoesNotFitIsRefusedWithBothSides) {
  Backend old(kMax);
  auto old_state = bound(old, ValueState<std::string>(ValueStateDescriptor<std::string>("count")));
  old.setCurrentKey(3);
  old_state.update("x");
  const MemoryFile file = snapshot(*old.freeze());

  Backend early(kMax);
  countIn(early);
  const Status refused = restoreInto(early, file);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().message(),
            "state 'count' does not fit: was string and is i64 now; the snapshot has string, this "
            "program has i64");
  Backend late(kMax);
  ASSERT_TRUE(restoreInto(late, file).has_value());
  EXPECT_FALSE(late.column(ValueStateDescriptor<std::int64_t>("count")).has_value());
  Backend kind(kMax);
  ASSERT_TRUE(restoreInto(kind, file).has_value());
  EXPECT_FALSE(kind.column(ListStateDescriptor<std::string>("count")).has_value());
  Backend dropping(kMax);
  countIn(dropping);
  const auto reader = SectionReader::open(file);
  EXPECT_TRUE(dropping.restore(**reader, {0, kMax}, {"count"}).has_value());
}

}  // namespace
}  // namespace weir::state
