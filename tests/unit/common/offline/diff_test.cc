#include "common/offline/diff.h"

#include <map>
#include <optional>
#include <random>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/fs/memory_file_system.h"
#include "common/state/keyed_backend_of.h"
#include "common/state/operator_state.h"
#include "common/windows/window.h"
#include "tests/unit/common/state/fixtures.h"

namespace weir::offline {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using Numbers = std::map<std::int64_t, std::int64_t>;

/// A snapshot under construction: operators with state, at any parallelism.
class SnapshotOf {
 public:
  explicit SnapshotOf(std::uint32_t parallelism = 2, std::uint32_t max_parallelism = 128)
      : parallelism_(parallelism), max_parallelism_(max_parallelism) {}

  /// An operator with keyed state "count", in one namespace.
  template <typename Descriptor, typename Entries>
  SnapshotOf& keyed(std::uint8_t id,
                    const Descriptor& descriptor,
                    const Entries& entries,
                    const std::optional<TimeWindow>& window = {}) {
    runtime::SavedOperator& one = add(id);
    Writer name_space;
    if (window) {
      one.windows = record::schemaOf<TimeWindow>();
      record::write(*window, name_space);
    }
    for (std::uint32_t subtask = 0; subtask < parallelism_; ++subtask) {
      state::KeyedBackendOf<std::int64_t> backend(max_parallelism_);
      auto* column = *backend.column(descriptor);
      for (const auto& [key, value] : entries) {
        const std::uint32_t group = keyGroupOf(keyHash(key), max_parallelism_);
        if (subtaskOf(group, parallelism_, max_parallelism_) == subtask) {
          column->set(backend.slotOf(key, backend.namespaces().idOf(name_space.view())), value);
        }
      }
      state::MemoryFile file;
      state::SectionWriter writer(file);
      EXPECT_TRUE(backend.freeze()->write(writer).has_value());
      append(one, subtask, writer, file);
    }
    return *this;
  }
  /// An operator with a state per subtask.
  SnapshotOf& lists(std::uint8_t id,
                    const state::StateInfo& info,
                    const std::vector<std::vector<std::int64_t>>& elements) {
    runtime::SavedOperator& one = add(id);
    for (std::uint32_t subtask = 0; subtask < parallelism_; ++subtask) {
      state::OperatorState state{info, {}};
      for (const std::int64_t element : elements[subtask]) {
        state.elements.push_back(state::encodeElement(element));
      }
      state::MemoryFile file;
      state::SectionWriter writer(file);
      EXPECT_TRUE(writeOperatorState(writer, state).has_value());
      append(one, subtask, writer, file);
    }
    return *this;
  }
  snapshot::Opened opened() const { return {"/snapshot", metadata_}; }

 private:
  runtime::SavedOperator& add(std::uint8_t id) {
    runtime::SavedOperator one;
    Bytes16 bytes{};
    bytes[15] = id;
    one.id = OperatorId(bytes);
    one.uid = "operator-" + std::to_string(id);
    one.name = one.uid;
    one.parallelism = parallelism_;
    one.max_parallelism = max_parallelism_;
    metadata_.operators.push_back(one);
    return metadata_.operators.back();
  }
  static void append(runtime::SavedOperator& to,
                     std::uint32_t subtask,
                     state::SectionWriter& writer,
                     state::MemoryFile& file) {
    const auto info = *writer.finish();
    runtime::SubtaskState part;
    part.subtask = subtask;
    part.handle.storage = runtime::SectionHandle::Storage::kInline;
    part.handle.bytes = file.bytes;
    part.handle.size = info.size;
    part.handle.checksum = info.checksum;
    to.subtasks.push_back(part);
    for (const state::StateSummary& one : info.states) {
      if (to.states.empty()) {
        runtime::SavedState state;
        state.name = one.name;
        state.kind = one.kind;
        state.key = one.key_schema;
        state.value = one.value_schema;
        to.states.push_back(state);
      }
      to.states[0].entries += one.entries;
      to.states[0].bytes += one.bytes;
    }
  }

  std::uint32_t parallelism_;
  std::uint32_t max_parallelism_;
  runtime::CheckpointMetadata metadata_;
};

template <typename V>
ValueStateDescriptor<V> values() {
  return ValueStateDescriptor<V>("count");
}

SnapshotDiff diffOf(const snapshot::Opened& before,
                    const snapshot::Opened& after,
                    const DiffSettings& settings = {}) {
  fs::MemoryFileSystem files;
  auto found = diff(files, before, after, settings);
  EXPECT_TRUE(found.has_value()) << found.error().text();
  return found.has_value() ? *std::move(found) : SnapshotDiff();
}
std::string countsOf(const StateDiff& one) {
  return "+" + std::to_string(one.added) + " -" + std::to_string(one.removed) + " ~" +
         std::to_string(one.changed) + " =" + std::to_string(one.equal);
}
std::string textOf(const ChangedEntry& one) {
  return one.key + ": " + one.before + " -> " + one.after;
}

TEST(DiffTest, CountsAndShowsWhatWasAddedRemovedAndChanged) {
  const auto before =
      SnapshotOf().keyed(1, values<std::int64_t>(), Numbers{{1, 10}, {2, 20}, {3, 30}}).opened();
  const auto after =
      SnapshotOf().keyed(1, values<std::int64_t>(), Numbers{{1, 10}, {2, 21}, {4, 40}}).opened();
  const SnapshotDiff found = diffOf(before, after);
  ASSERT_TRUE(found.differs());
  const StateDiff& state = found.operators.at(0).states.at(0);
  EXPECT_EQ(countsOf(state), "+1 -1 ~1 =1");
  std::vector<std::string> examples;
  for (const ChangedEntry& one : state.examples) {
    examples.push_back(textOf(one));
  }
  EXPECT_THAT(examples, ::testing::UnorderedElementsAre("2: 20 -> 21", "3: 30 -> ", "4:  -> 40"));
}

TEST(DiffTest, KeysOfWindowsAreShownWithTheirWindow) {
  const auto snapshot = [](const TimeWindow& window) {
    return SnapshotOf()
        .keyed(1, values<std::int64_t>(), Numbers{{7, 10}, {8, 80}}, window)
        .opened();
  };
  const SnapshotDiff found = diffOf(snapshot({0, 1000}), snapshot({1000, 2000}));
  EXPECT_THAT(found.operators.at(0).notes, IsEmpty());
  const StateDiff& state = found.operators.at(0).states.at(0);
  EXPECT_EQ(countsOf(state), "+2 -2 ~0 =0");
  std::vector<std::string> windows;
  for (const ChangedEntry& one : state.examples) {
    windows.push_back(one.key + " in " + one.window + ": " + one.before + one.after);
  }
  EXPECT_THAT(windows,
              ::testing::UnorderedElementsAre("7 in {\"start\":0,\"end\":1000}: 10",
                                              "8 in {\"start\":0,\"end\":1000}: 80",
                                              "7 in {\"start\":1000,\"end\":2000}: 10",
                                              "8 in {\"start\":1000,\"end\":2000}: 80"));
}

TEST(DiffTest, EqualGroupsAreSkippedWhateverTheOrderOfMapsInThem) {
  using Map = std::unordered_map<std::int64_t, std::int64_t, KeyHasher, KeyEqual>;
  const MapStateDescriptor<std::int64_t, std::int64_t> maps("count");
  std::map<std::int64_t, Map> one;
  std::map<std::int64_t, Map> other;
  for (std::int64_t key = 0; key < 100; ++key) {
    for (std::int64_t i = 0; i < 40; ++i) {
      one[key][i] = i;
      other[key][39 - i] = 39 - i;
    }
    other[key].rehash(1000);
  }
  const auto before = SnapshotOf(2).keyed(1, maps, one).opened();
  const SnapshotDiff same = diffOf(before, SnapshotOf(3).keyed(1, maps, other).opened());
  EXPECT_FALSE(same.operators.at(0).states.at(0).differs());
  EXPECT_EQ(same.operators.at(0).states.at(0).equal, 100U);
  EXPECT_GT(same.skipped, 100U * 40 * 16 * 2);
  EXPECT_THAT(same.operators.at(0).notes, ElementsAre("parallelism 2 -> 3"));
  other[17][5] = 6;
  const SnapshotDiff changed = diffOf(before, SnapshotOf(2).keyed(1, maps, other).opened());
  EXPECT_EQ(countsOf(changed.operators.at(0).states.at(0)), "+0 -0 ~1 =99");
}

TEST(DiffTest, CountsExactlyAtAnyParallelismAndWithAnyMemory) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 12; ++round) {
    Numbers old;
    Numbers now;
    for (int i = 0; i < 2000; ++i) {
      const auto key = static_cast<std::int64_t>(random() % 1500);
      old[key] = static_cast<std::int64_t>(random() % 3);
      now[static_cast<std::int64_t>(random() % 1500)] = static_cast<std::int64_t>(random() % 3);
    }
    std::uint64_t counts[4] = {};
    for (const auto& [key, value] : now) {
      const auto was = old.find(key);
      ++counts[was == old.end() ? 0 : (was->second == value ? 3 : 2)];
    }
    counts[1] = old.size() - counts[2] - counts[3];
    DiffSettings settings;
    settings.most_memory = round % 3 == 0 ? 16 : (round % 3 == 1 ? 3000 : 1 << 20);
    const std::uint32_t max = round % 4 == 0 ? 64 : 128;  // 64: groups do not correspond.
    const auto found =
        diffOf(SnapshotOf(1 + random() % 5).keyed(1, values<std::int64_t>(), old).opened(),
               SnapshotOf(1 + random() % 5, max).keyed(1, values<std::int64_t>(), now).opened(),
               settings);
    EXPECT_EQ(countsOf(found.operators.at(0).states.at(0)),
              "+" + std::to_string(counts[0]) + " -" + std::to_string(counts[1]) + " ~" +
                  std::to_string(counts[2]) + " =" + std::to_string(counts[3]));
  }
}

TEST(DiffTest, AnotherSchemaIsReportedAndKeysAreComparedAllTheSame) {
  const auto before =
      SnapshotOf().keyed(1, values<std::int64_t>(), Numbers{{1, 10}, {2, 20}}).opened();
  const auto after =
      SnapshotOf()
          .keyed(1, values<std::int32_t>(), std::map<std::int64_t, std::int32_t>{{1, 10}})
          .opened();
  const SnapshotDiff found = diffOf(before, after);
  const StateDiff& state = found.operators.at(0).states.at(0);
  EXPECT_THAT(state.notes,
              ElementsAre("the value was i64 and is i32: keys are compared, values are not"));
  EXPECT_EQ(countsOf(state), "+0 -1 ~0 =1");
}

TEST(DiffTest, OperatorsAndStatesOfOneSideAreNamed) {
  const auto before = SnapshotOf()
                          .keyed(1, values<std::int64_t>(), Numbers{{1, 10}})
                          .keyed(2, values<std::int64_t>(), Numbers{{1, 10}})
                          .opened();
  const auto after = SnapshotOf()
                         .keyed(1, ValueStateDescriptor<std::int64_t>("other"), Numbers{{1, 10}})
                         .keyed(3, values<std::int64_t>(), Numbers{{1, 10}})
                         .opened();
  const SnapshotDiff found = diffOf(before, after);
  ASSERT_EQ(found.operators.size(), 3U);
  EXPECT_THAT(found.operators[0].states.at(0).notes, ElementsAre("only the first has it"));
  EXPECT_THAT(found.operators[0].states.at(1).notes, ElementsAre("only the second has it"));
  EXPECT_EQ(found.operators[1].after, nullptr);
  EXPECT_EQ(found.operators[2].before, nullptr);
  EXPECT_EQ(found.operators[2].states.at(0).added, 1U);
}

TEST(DiffTest, ListsAreComparedAsBagsAndCheckpointedStateBySubtask) {
  const auto list = state::operatorListInfo<std::int64_t>();
  const auto moved = diffOf(SnapshotOf(2).lists(1, list, {{1, 1, 2}, {3}}).opened(),
                            SnapshotOf(2).lists(1, list, {{3, 1}, {1, 2}}).opened());
  EXPECT_FALSE(moved.differs());
  const auto less = diffOf(SnapshotOf(2).lists(1, list, {{1, 1, 2}, {3}}).opened(),
                           SnapshotOf(3).lists(1, list, {{3}, {1}, {5}}).opened());
  EXPECT_EQ(countsOf(less.operators.at(0).states.at(0)), "+1 -2 ~0 =2");
  const auto own = state::operatorInfo<std::int64_t>();
  const auto swapped = diffOf(SnapshotOf(2).lists(1, own, {{1}, {2}}).opened(),
                              SnapshotOf(2).lists(1, own, {{1}, {3}}).opened());
  const StateDiff& state = swapped.operators.at(0).states.at(0);
  EXPECT_EQ(countsOf(state), "+0 -0 ~1 =1");
  EXPECT_EQ(textOf(state.examples.at(0)), "\"subtask 2\": 2 -> 3");
}

TEST(DiffTest, IsStoppedByWhoWatchesIt) {
  const auto one = SnapshotOf().keyed(1, values<std::int64_t>(), Numbers{{1, 10}}).opened();
  DiffSettings settings;
  settings.progress = [](std::uint64_t, std::uint64_t) { return false; };
  fs::MemoryFileSystem files;
  const auto found = diff(files, one, one, settings);
  ASSERT_FALSE(found.has_value());
  EXPECT_EQ(found.error().code(), ErrorCode::kCancelled);
}

}  // namespace
}  // namespace weir::offline
