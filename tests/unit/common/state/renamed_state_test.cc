#include <map>
#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/state/keyed_backend_of.h"
#include "common/state/keyed_state.h"
#include "tests/unit/common/state/fixtures.h"

namespace weir::state {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::uint32_t kMax = 128;
using Backend = KeyedBackendOf<std::int64_t>;
using Numbers = ValueStateDescriptor<std::int64_t>;

/// Renamed in each way that there is.
struct Function : StateOwner {
  ValueState<std::int64_t> by_descriptor_{*this, Numbers("a", 1).renamedFrom("old a")};
  ValueState<std::int64_t> where_declared_ =
      ValueState<std::int64_t>(*this, "b", 2).renamedFrom("old b").renamedFrom("older b");
  AggregatingState<std::int64_t, std::int64_t, std::int64_t> aggregated_ =
      AggregatingState<std::int64_t, std::int64_t, std::int64_t>(*this, "c", Sum{})
          .renamedFrom("old c");
  MapState<std::string, std::int64_t> in_constructor_{*this, "d"};
  Function() { in_constructor_.renamedFrom("old d"); }

  struct Sum : AggregateFunction<std::int64_t, std::int64_t, std::int64_t> {
    std::int64_t createAccumulator() override { return 0; }
    void add(const std::int64_t& value, std::int64_t& sum) override { sum += value; }
    std::int64_t getResult(const std::int64_t& sum) override { return sum; }
    std::int64_t merge(const std::int64_t& a, const std::int64_t& b) override { return a + b; }
  };
};

std::map<std::string, std::vector<std::string>> namesOf(const StateOwner& owner) {
  std::map<std::string, std::vector<std::string>> names;
  for (const StateDeclaration& one : owner.declarations()) {
    names[one.info.name] = one.info.former_names;
  }
  return names;
}

TEST(RenamedStateTest, IsDeclaredWithItsFormerNamesHoweverItIsRenamed) {
  const Function function;
  const std::map<std::string, std::vector<std::string>> expected = {
      {"a", {"old a"}}, {"b", {"old b", "older b"}}, {"c", {"old c"}}, {"d", {"old d"}}};
  EXPECT_EQ(function.declarations().size(), 4U);
  EXPECT_EQ(namesOf(function), expected);
  Function copy = function;
  EXPECT_EQ(namesOf(copy), expected);
  Function moved = std::move(copy);
  EXPECT_EQ(namesOf(moved), expected);
  Backend backend(kMax);
  ASSERT_TRUE(moved.bindStates(backend).has_value());
  backend.setCurrentKey(7);
  EXPECT_EQ(moved.where_declared_.value(), 2) << "what was declared is what is bound";
  moved.aggregated_.add(3);
  EXPECT_EQ(moved.aggregated_.get(), 3);
}

MemoryFile sectionOf(const std::vector<std::string>& names) {
  Backend backend(kMax);
  for (const std::string& name : names) {
    (*backend.column(Numbers(name)))->set(backend.slotOf(7), std::int64_t(name.size()));
  }
  MemoryFile file;
  SectionWriter writer(file);
  EXPECT_TRUE(backend.freeze()->write(writer).has_value());
  EXPECT_TRUE(writer.finish().has_value());
  return file;
}
Status restoreInto(KeyedBackend& backend, const MemoryFile& file) {
  const auto reader = SectionReader::open(file);
  return backend.restore(**reader, {0, kMax - 1});
}
/// The value of the state "now", which was called "before" and "older", or 0.
std::int64_t valueOf(const std::vector<std::string>& snapshot, bool late) {
  const Numbers now = Numbers("now").renamedFrom("before").renamedFrom("older");
  Backend backend(kMax);
  if (!late) {
    EXPECT_TRUE(backend.column(now).has_value());
  }
  const Status restored = restoreInto(backend, sectionOf(snapshot));
  EXPECT_TRUE(restored.has_value()) << restored.error().text();
  const auto column = backend.column(now);
  EXPECT_TRUE(column.has_value()) << column.error().text();
  const std::int64_t* cell = (*column)->get(backend.slotOf(7));
  return cell == nullptr ? 0 : *cell;
}

TEST(RenamedStateTest, TakesWhatTheSnapshotHasUnderAFormerName) {
  for (const bool late : {false, true}) {
    EXPECT_EQ(valueOf({"now"}, late), 3);
    EXPECT_EQ(valueOf({"before"}, late), 6);
    EXPECT_EQ(valueOf({"older", "other"}, late), 5);
    EXPECT_EQ(valueOf({"other"}, late), 0);
  }
}

TEST(RenamedStateTest, LeavesAFormerNameAloneWhereTheNewOneIsThere) {
  for (const bool late : {false, true}) {
    EXPECT_EQ(valueOf({"before", "now"}, late), 3);
    EXPECT_EQ(valueOf({"older", "before"}, late), 6);
  }
}

TEST(RenamedStateTest, IsWrittenUnderItsNewName) {
  Backend backend(kMax);
  ASSERT_TRUE(backend.column(Numbers("now").renamedFrom("before")).has_value());
  ASSERT_TRUE(restoreInto(backend, sectionOf({"before"})).has_value());
  MemoryFile file;
  SectionWriter writer(file);
  ASSERT_TRUE(backend.freeze()->write(writer).has_value());
  ASSERT_TRUE(writer.finish().has_value());
  const auto reader = SectionReader::open(file);
  ASSERT_EQ((*reader)->states().size(), 1U);
  EXPECT_EQ((*reader)->states()[0].name, "now");
}

TEST(RenamedStateTest, IsOfTheSameKind) {
  Backend backend(kMax);
  ASSERT_TRUE(
      backend.column(ListStateDescriptor<std::int64_t>("now").renamedFrom("before")).has_value());
  const Status refused = restoreInto(backend, sectionOf({"before"}));
  ASSERT_FALSE(refused.has_value());
  EXPECT_THAT(refused.error().text(), HasSubstr("is list state"));
}

struct OldPart {
  std::int32_t id = 0;
  std::int32_t side = 0;
};
struct NewPart {
  std::int64_t id = 0;
};
struct SidedPart {
  std::int64_t side = 0;
  std::int64_t id = 0;
  std::string note = "none";
};

/// Restores a map state with keys {1, 1} and {1, 2} as one with keys of type K.
template <typename K>
std::string errorOfMapRestoredAs(std::map<std::pair<std::int64_t, std::int64_t>, int>* into) {
  Backend old(kMax);
  auto* maps = *old.column(MapStateDescriptor<OldPart, std::vector<OldPart>>("map"));
  auto& map = maps->edit(old.slotOf(7));
  map[OldPart{1, 1}] = {{5, 6}};
  map[OldPart{1, 2}] = {{7, 8}, {9, 10}};
  MemoryFile file;
  SectionWriter writer(file);
  EXPECT_TRUE(old.freeze()->write(writer).has_value());
  EXPECT_TRUE(writer.finish().has_value());
  Backend backend(kMax);
  auto* now = *backend.column(MapStateDescriptor<K, std::vector<K>>("map"));
  const Status restored = restoreInto(backend, file);
  if (!restored.has_value()) {
    return restored.error().text();
  }
  for (const auto& [key, values] : *now->get(backend.slotOf(7))) {
    if constexpr (requires { key.side; }) {
      (*into)[{key.id, key.side}] = static_cast<int>(values.back().side);
    }
  }
  return "";
}

TEST(MigratedMapTest, KeysAndElementsAreMigrated) {
  std::map<std::pair<std::int64_t, std::int64_t>, int> map;
  EXPECT_EQ(errorOfMapRestoredAs<SidedPart>(&map), "");
  EXPECT_THAT(
      map, ElementsAre(::testing::Pair(std::pair(1, 1), 6), ::testing::Pair(std::pair(1, 2), 10)));
}

TEST(MigratedMapTest, KeysThatWouldBecomeOneAreRefused) {
  EXPECT_THAT(errorOfMapRestoredAs<NewPart>(nullptr),
              HasSubstr("keys of a map or set in it become equal as the program's type"));
}

}  // namespace
}  // namespace weir::state
