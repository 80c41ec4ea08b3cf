#include "common/schema/schema.h"

#include <gtest/gtest.h>

#include "common/record/serializer.h"

namespace weir {
namespace v1 {
struct Inner {
  std::int32_t a;
};
struct Trade {
  std::string symbol;
  std::int32_t amount;
  double cost;
  std::vector<Inner> inner;
};
struct Tree {
  std::int32_t label;
  std::vector<Tree> children;
};
}  // namespace v1
namespace v2 {
struct Inner {
  std::string note = "none";
  std::int64_t a;
};
struct Trade {
  double price;
  std::int64_t amount;
  std::vector<Inner> inner;
  std::int32_t lots = 100;
  std::string symbol;
};
inline const auto kPriceWasCost = weir::renamed<&Trade::price>("cost");
struct Lot {
  std::int64_t size = 0;
  std::int64_t count = 0;
};
constexpr auto kSizeWasLength = weir::renamed<&Lot::size, "length">();
inline constexpr auto kCountWasNumber = weir::renamed<&Lot::count, "number">();
struct Tree {
  std::vector<Tree> children;
  std::int64_t label;
  std::string colour = "green";
};
}  // namespace v2
namespace {

using record::compareSchemas;
using record::Schema;
using record::SchemaMatch;
using record::schemaOf;

struct Named {
  int first_;
  struct Nested {
    std::optional<int> deep$er;
  } second;
};
struct Macro {
  int a;
  std::map<int, int> b;
};
WEIR_SCHEMA(Macro, one, two);

template <typename Old, typename Now>
Now migrate(const Old& old) {
  Writer to;
  record::write(old, to);
  Reader from(to.view());
  // The written schema comes from a snapshot.
  const Schema written = *record::decodeSchema(record::encodeSchema(schemaOf<Old>()));
  Now now = record::readAs<Now>(from, written);
  EXPECT_FALSE(from.failed());
  EXPECT_EQ(from.remaining(), 0U);
  return now;
}
template <typename Old, typename Now>
SchemaMatch match() {
  return compareSchemas(schemaOf<Old>(), schemaOf<Now>()).match;
}

TEST(SchemaTest, AFormerNameMayBeAConstantOfTheCompiler) {
  const Schema schema = schemaOf<v2::Lot>();
  EXPECT_EQ(schema.fields[0].former_names, std::vector<std::string>{"length"});
  EXPECT_EQ(schema.fields[1].former_names, std::vector<std::string>{"number"});
}

TEST(SchemaTest, KnowsTheNamesOfMembers) {
  EXPECT_EQ(record::describeSchema(schemaOf<Named>()),
            "struct{first_: i32, second: struct{deep$er: optional(i32)}}");
  EXPECT_EQ(record::describeSchema(schemaOf<v1::Trade>()),
            "struct{symbol: string, amount: i32, cost: f64, inner: list(struct{a: i32})}");
  struct Local {
    bool yes;
  };
  EXPECT_EQ(record::describeSchema(schemaOf<Local>()), "struct{yes: bool}");
}

TEST(SchemaTest, TakesNamesFromTheMacroWhereItStands) {
  EXPECT_EQ(record::describeSchema(schemaOf<Macro>()), "struct{one: i32, two: map(i32, i32)}");
}

TEST(SchemaTest, SurvivesEncoding) {
  const Schema schema = schemaOf<std::pair<v2::Trade, std::variant<int, v2::Tree>>>();
  const auto back = record::decodeSchema(record::encodeSchema(schema));
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(*back, schema);
  EXPECT_EQ(back->fields[0].schema.fields[0].former_names, std::vector<std::string>{"cost"});
}

TEST(SchemaTest, EveryTruncatedEncodingIsRefused) {
  const std::string bytes = record::encodeSchema(schemaOf<v2::Trade>());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(record::decodeSchema(std::string_view(bytes).substr(0, size)).has_value()) << size;
  }
}

TEST(SchemaTest, NamesOfStructsDoNotCount) {
  struct Other {
    std::int32_t a;
  };
  EXPECT_EQ((match<v1::Inner, Other>()), SchemaMatch::kEqual);
}

TEST(SchemaTest, WhatMayChangeIsMigrated) {
  v1::Trade old{"WEIR", -7, 2.5, {{1}, {-2}}};
  const auto now = migrate<v1::Trade, v2::Trade>(old);
  EXPECT_EQ(now.symbol, "WEIR");
  EXPECT_EQ(now.amount, -7);
  EXPECT_EQ(now.price, 2.5);
  EXPECT_EQ(now.lots, 100);
  ASSERT_EQ(now.inner.size(), 2U);
  EXPECT_EQ(now.inner[1].a, -2);
  EXPECT_EQ(now.inner[1].note, "none");
}

TEST(SchemaTest, RecursiveTypesAreMigrated) {
  EXPECT_EQ((match<v1::Tree, v2::Tree>()), SchemaMatch::kCompatible);
  const auto now = migrate<v1::Tree, v2::Tree>({1, {{2, {}}, {3, {{4, {}}}}}});
  EXPECT_EQ(now.children[1].children[0].label, 4);
  EXPECT_EQ(now.children[1].children[0].colour, "green");
}

TEST(SchemaTest, RemovedMembersAreSkipped) {
  struct Less {
    double cost;
  };
  EXPECT_EQ((migrate<v1::Trade, Less>({"x", 1, 3.5, {{1}}}).cost), 3.5);
}

TEST(SchemaTest, VariantsGrowAtTheirEndOnly) {
  using Old = std::variant<int, std::string>;
  EXPECT_EQ((match<Old, std::variant<int, std::string, double>>()), SchemaMatch::kCompatible);
  EXPECT_EQ((match<Old, std::variant<std::string, int>>()), SchemaMatch::kIncompatible);
  EXPECT_EQ((match<std::variant<int, std::string, double>, Old>()), SchemaMatch::kIncompatible);
  const auto now = migrate<Old, std::variant<std::int64_t, std::string, double>>(Old(-5));
  EXPECT_EQ(std::get<0>(now), -5);
}

TEST(SchemaTest, IntegersWidenAndNeverNarrow) {
  EXPECT_EQ((match<std::int32_t, std::int64_t>()), SchemaMatch::kCompatible);
  EXPECT_EQ((match<std::uint8_t, std::int16_t>()), SchemaMatch::kCompatible);
  EXPECT_EQ((match<std::int64_t, std::int32_t>()), SchemaMatch::kIncompatible);
  EXPECT_EQ((match<std::int32_t, std::uint64_t>()), SchemaMatch::kIncompatible);
  EXPECT_EQ((match<std::uint32_t, std::int32_t>()), SchemaMatch::kIncompatible);
  EXPECT_EQ((migrate<std::uint8_t, std::int64_t>(200)), 200);
  EXPECT_EQ((migrate<std::int8_t, std::int64_t>(-100)), -100);
}

TEST(SchemaTest, ARefusalNamesMemberAndBothTypes) {
  struct Text {
    std::string cost;
  };
  const auto comparison = compareSchemas(schemaOf<v1::Trade>(), schemaOf<Text>());
  EXPECT_EQ(comparison.match, SchemaMatch::kIncompatible);
  EXPECT_EQ(comparison.sentence, "'cost' was f64 and is string now");
}

TEST(SchemaTest, TheSameContentInOtherContainersIsTheSame) {
  EXPECT_EQ((match<std::vector<int>, std::deque<int>>()), SchemaMatch::kEqual);
  EXPECT_EQ((match<std::map<int, int>, std::unordered_map<int, int>>()), SchemaMatch::kEqual);
  EXPECT_EQ((match<std::vector<int>, std::set<int>>()), SchemaMatch::kIncompatible);
  EXPECT_EQ((match<std::chrono::seconds, std::chrono::milliseconds>()), SchemaMatch::kIncompatible);
}

record::SchemaField of(Schema schema) { return {.name = "f", .schema = std::move(schema)}; }
Schema recursive() { return {.kind = record::SchemaKind::kRecursive, .fields = {}}; }
bool isSchema(const Schema& schema) {
  return record::decodeSchema(record::encodeSchema(schema)).has_value();
}

TEST(SchemaTest, AStructThatAlwaysHoldsItselfIsNone) {
  using record::SchemaKind;
  const Schema optional{.kind = SchemaKind::kOptional, .fields = {of(recursive())}};
  EXPECT_TRUE(isSchema({.kind = SchemaKind::kStruct, .fields = {of(optional)}}));
  EXPECT_FALSE(isSchema({.kind = SchemaKind::kStruct, .fields = {of(recursive())}}));
  const Schema tuple{.kind = SchemaKind::kTuple, .fields = {of(recursive())}};
  EXPECT_FALSE(isSchema({.kind = SchemaKind::kStruct, .fields = {of(tuple)}}));
  const Schema inner{.kind = SchemaKind::kStruct, .fields = {of(recursive())}};
  const Schema list{.kind = SchemaKind::kList, .fields = {of(inner)}};
  EXPECT_FALSE(isSchema({.kind = SchemaKind::kStruct, .fields = {of(list)}}));
}

TEST(SchemaTest, ANumberHasAWidthThatNumbersHave) {
  EXPECT_TRUE(isSchema({.kind = record::SchemaKind::kInt, .width = 8, .fields = {}}));
  EXPECT_FALSE(isSchema({.kind = record::SchemaKind::kInt, .width = 0, .fields = {}}));
  EXPECT_FALSE(isSchema({.kind = record::SchemaKind::kFloat, .width = 5, .fields = {}}));
}

TEST(SchemaTest, CutShortInARecursiveVariantFailsTheReader) {
  const Schema variant{.kind = record::SchemaKind::kVariant, .fields = {of(recursive())}};
  Reader from(std::string_view("\0\0", 2));
  record::skipValue(from, {.kind = record::SchemaKind::kStruct, .fields = {of(variant)}});
  EXPECT_TRUE(from.failed());
}

TEST(SchemaTest, ManyValuesWithoutBytesAreSkippedAtOnceAndTooManyRefused) {
  const Schema list = schemaOf<std::vector<std::tuple<>>>();
  for (const std::uint64_t count : {record::kMostWithoutBytes, ~std::uint64_t{0}}) {
    Writer to;
    to.putVarint(count);
    Reader from(to.view());
    record::skipValue(from, list);
    EXPECT_EQ(from.failed(), count > record::kMostWithoutBytes);
  }
}

}  // namespace
}  // namespace weir
