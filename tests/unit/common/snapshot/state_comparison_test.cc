#include "common/snapshot/state_comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/record/serializer.h"

namespace weir::snapshot {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Key {
  std::int32_t part = 0;
  std::string name;
};
struct WiderKey {
  std::int64_t part = 0;
  std::string name;
};
struct LongerKey {
  std::int32_t part = 0;
  std::string name;
  bool more = false;
};
struct TurnedKey {
  std::string name;
  std::int32_t part = 0;
};

runtime::SavedState saved(const std::string& name) {
  runtime::SavedState state;
  state.name = name;
  state.key = record::schemaOf<Key>();
  state.value = record::schemaOf<std::int64_t>();
  state.entries = 3;
  return state;
}
template <typename K = Key>
graph::StateDeclaration declared(const std::string& name, std::vector<std::string> former = {}) {
  return {name,
          state::StateKind::kValue,
          record::schemaOf<K>(),
          record::schemaOf<std::int64_t>(),
          std::move(former)};
}
StateComparison compared(std::vector<runtime::SavedState> old,
                         std::vector<graph::StateDeclaration> now) {
  runtime::SavedOperator before;
  before.states = std::move(old);
  graph::JobOperator after;
  after.states = std::move(now);
  after.all_states_declared = true;
  return compareStates(before, after, "'count'", {}, false);
}

/// The sentences alone.
std::vector<std::string> problemsOf(const StateComparison& comparison) {
  std::vector<std::string> sentences;
  for (const StateComparison::Problem& one : comparison.problems) {
    sentences.push_back(one.what);
  }
  return sentences;
}

TEST(StateComparisonTest, AStateMayHaveAnotherNameThanBefore) {
  const StateComparison one = compared({saved("old")}, {declared("now", {"old"})});
  EXPECT_THAT(problemsOf(one), IsEmpty());
  EXPECT_THAT(one.renamed, ElementsAre("state 'old' is called 'now' now"));
  EXPECT_THAT(problemsOf(compared({saved("old")}, {declared("now")})),
              ElementsAre(HasSubstr("matches nothing: the program's operator has no state of that "
                                    "name; where it is what the program calls 'now', say so with "
                                    ".renamedFrom(\"old\") there")));
}

TEST(StateComparisonTest, AFormerNameMatchesNothingWhereTheNewOneIsThere) {
  const StateComparison both = compared({saved("now"), saved("old")}, {declared("now", {"old"})});
  EXPECT_THAT(problemsOf(both),
              ElementsAre(HasSubstr("state 'old' of operator 'count' (3 entries")));
  const StateComparison older =
      compared({saved("older"), saved("old")}, {declared("now", {"old", "older"})});
  EXPECT_THAT(problemsOf(older), ElementsAre(HasSubstr("state 'older' of operator")));
}

TEST(StateComparisonTest, KeysKeepTheirGroupsOrAreRefusedWithBothSides) {
  EXPECT_THAT(problemsOf(compared({saved("s")}, {declared<WiderKey>("s")})), IsEmpty());
  for (const auto& now : {declared<LongerKey>("s"), declared<TurnedKey>("s")}) {
    EXPECT_THAT(problemsOf(compared({saved("s")}, {now})),
                ElementsAre(HasSubstr("in other key groups")));
  }
  runtime::SavedState empty = saved("s");
  empty.entries = 0;
  EXPECT_THAT(problemsOf(compared({empty}, {declared<LongerKey>("s")})), IsEmpty());
}

}  // namespace
}  // namespace weir::snapshot
