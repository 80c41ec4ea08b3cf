#include "common/offline/value_json.h"

#include <array>
#include <chrono>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <variant>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "common/offline/key_encoding.h"
#include "common/record/key_hash.h"
#include "common/record/serializer.h"

namespace weir::offline {
struct Point {
  std::int32_t x = 0;
  std::string name;
};
struct Node {
  std::int64_t id = 0;
  std::vector<Node> below;
};
struct Secret {
  std::string text;
};
enum class Colour : std::int16_t { kRed = -3 };
}  // namespace weir::offline

template <>
struct weir::Serializer<weir::offline::Secret> {
  static constexpr std::string_view name = "secret";
  static constexpr std::uint32_t version = 7;
  static void write(const weir::offline::Secret& value, Writer& to) {
    to.putBytes(value.text.data(), value.text.size());
  }
  static weir::offline::Secret read(Reader& from) {
    return {std::string(from.take(from.remaining()))};
  }
};

namespace weir::offline {
namespace {

using testing::HasSubstr;

template <typename T>
std::string encoded(const T& value) {
  Writer to;
  record::write(value, to);
  return to.str();
}

std::string shown(const record::Schema& schema, std::string_view bytes) {
  std::string text;
  const Status status = ValueJson(schema).append(bytes, text);
  return status ? text : "error: " + status.error().message();
}

template <typename T>
std::string shown(const T& value) {
  return shown(record::schemaOf<T>(), encoded(value));
}

TEST(ValueJsonTest, ShowsNumbersWithAllTheirDigits) {
  EXPECT_EQ(shown(true), "true");
  EXPECT_EQ(shown(std::numeric_limits<std::int64_t>::min()), "-9223372036854775808");
  EXPECT_EQ(shown(std::numeric_limits<std::uint64_t>::max()), "18446744073709551615");
  EXPECT_EQ(shown(std::int8_t{-128}), "-128");
  EXPECT_EQ(shown('a'), "97");
  EXPECT_EQ(shown(Colour::kRed), "-3");
  const record::Schema wide{.kind = record::SchemaKind::kInt, .width = 16, .fields = {}};
  EXPECT_EQ(shown(wide, std::string(15, '\0') + '\x80'),
            "-170141183460469231731687303715884105728");
}

TEST(ValueJsonTest, ShowsFloatsThatReadAsTheSame) {
  EXPECT_EQ(shown(0.1), "0.1");
  EXPECT_EQ(shown(0.1F), "0.1");
  EXPECT_EQ(shown(1.0), "1.0");
  EXPECT_EQ(shown(-0.0), "-0.0");
  EXPECT_EQ(shown(1e300), "1e+300");
  EXPECT_EQ(shown(std::nan("")), "\"NaN\"");
  EXPECT_EQ(shown(-std::numeric_limits<float>::infinity()), "\"-Infinity\"");
  EXPECT_EQ(shown(1.5L), "1.5");
  const record::Schema x87{.kind = record::SchemaKind::kFloat, .width = 10, .fields = {}};
  EXPECT_EQ(shown(x87, std::string("\x01\0\0\0\0\0\0\0\x01\0", 10)),
            "{\"$base64\":\"AQAAAAAAAAABAA==\"}");
}

TEST(ValueJsonTest, ShowsTextsThatNoTerminalObeys) {
  EXPECT_EQ(shown(std::string("caf\xc3\xa9 \"q\" \\ \n\x1b")),
            "\"caf\xc3\xa9 \\\"q\\\" \\\\ \\n\\u001b\"");
  EXPECT_EQ(shown(std::string("a\xe2\x80\xae\xc2\x9b")), "\"a\\u202e\\u009b\"");
  EXPECT_EQ(shown(std::string("\xff\xfe")), "{\"$base64\":\"//4=\"}");
  EXPECT_EQ(shown(std::string()), "\"\"");
}

TEST(ValueJsonTest, ShowsTimesWithTheirUnits) {
  using namespace std::chrono;
  EXPECT_EQ(shown(milliseconds(1500)), "\"1500 ms\"");
  EXPECT_EQ(shown(duration<double>(1.5)), "\"1.5 s\"");
  EXPECT_EQ((shown(duration<int, std::ratio<7, 2>>(3))), "\"3 x 7/2 s\"");
  EXPECT_EQ(shown(sys_time<milliseconds>(milliseconds(-1))), "\"1969-12-31T23:59:59.999Z\"");
  EXPECT_EQ(shown(sys_days(2026y / 11 / 26)), "\"2026-11-26T00:00:00Z\"");
  EXPECT_EQ(shown(sys_time<seconds>(seconds(std::numeric_limits<std::int64_t>::max()))),
            "{\"$since_epoch\":\"9223372036854775807 s\",\"clock\":\"system\"}");
  EXPECT_EQ((shown(time_point<steady_clock, nanoseconds>(nanoseconds(5)))),
            "{\"$since_epoch\":\"5 ns\",\"clock\":\"steady\"}");
}

TEST(ValueJsonTest, ShowsContainersAndSums) {
  EXPECT_EQ(shown(std::vector<int>{1, 2}), "[1,2]");
  EXPECT_EQ(shown(std::set<std::string>{"a"}), "[\"a\"]");
  EXPECT_EQ((shown(std::array<bool, 2>{true, false})), "[true,false]");
  EXPECT_EQ((shown(std::tuple<int, std::string>{1, "x"})), "[1,\"x\"]");
  EXPECT_EQ(shown(std::optional<int>()), "null");
  using Nested = std::optional<std::optional<int>>;
  EXPECT_EQ(shown(Nested(std::optional<int>())), "{\"$some\":null}");
  EXPECT_EQ((shown(std::variant<int, std::string>("x"))), "{\"$index\":1,\"value\":\"x\"}");
  EXPECT_EQ(shown(std::vector<std::monostate>(2)), "[[],[]]");
}

template <typename T>
void expectListShown() {
  std::vector<T> list;
  std::string text;
  for (int i = 0; i < 3000; ++i) {
    list.push_back(i % 3 == 0   ? std::numeric_limits<T>::min()
                   : i % 3 == 1 ? std::numeric_limits<T>::max()
                                : static_cast<T>(i));
    text += (i > 0 ? "," : "") + std::to_string(list.back());
    if (i < 30 || i % 500 == 0) {
      ASSERT_EQ(shown(list), "[" + text + "]");
    }
  }
}

TEST(ValueJsonTest, ShowsListsOfIntegersOfAnyLengthAndWidth) {
  EXPECT_EQ(shown(std::vector<std::uint8_t>{}), "[]");
  EXPECT_EQ((shown(std::array<std::int8_t, 3>{-1, 0, 127})), "[-1,0,127]");
  expectListShown<std::int8_t>();
  expectListShown<std::uint8_t>();
  expectListShown<std::int16_t>();
  expectListShown<std::uint16_t>();
  expectListShown<std::int32_t>();
  expectListShown<std::uint32_t>();
  expectListShown<std::int64_t>();
  expectListShown<std::uint64_t>();
  const auto bytes = record::schemaOf<std::array<std::int16_t, 3>>();
  EXPECT_THAT(shown(bytes, "12345"), HasSubstr("it ends too early"));
  EXPECT_THAT(shown(bytes, "1234567"), HasSubstr("more bytes than one value"));
}

TEST(ValueJsonTest, ShowsMapsAsObjectsWhereTheirKeysAreNames) {
  using Names = std::map<std::string, int>;
  EXPECT_EQ((shown(Names{{"a", 1}, {"b", 2}})), "{\"a\":1,\"b\":2}");
  EXPECT_EQ((shown(std::map<int, bool>{{1, true}})), "[[1,true]]");
  EXPECT_EQ((shown(Names{{"a", 1}, {"\xff", 2}})), "[[\"a\",1],[{\"$base64\":\"/w==\"},2]]");
  EXPECT_EQ((shown(Names{{"$base64", 1}})), "[[\"$base64\",1]]");
}

TEST(ValueJsonTest, ShowsStructsRecursiveOnesAndWhatOnlyTheProgramKnows) {
  EXPECT_EQ(shown(Point{-1, "p"}), "{\"x\":-1,\"name\":\"p\"}");
  EXPECT_EQ(shown(Node{1, {Node{2, {}}, Node{3, {}}}}),
            "{\"id\":1,\"below\":[{\"id\":2,\"below\":[]},{\"id\":3,\"below\":[]}]}");
  EXPECT_EQ(shown(Secret{"abc"}), "{\"$custom\":\"secret\",\"version\":7,\"base64\":\"YWJj\"}");
  const record::Schema message{
      .kind = record::SchemaKind::kMessage, .name = "shop.Order", .fields = {}};
  EXPECT_EQ(shown(message, encoded(std::string("\x08\x01"))),
            "{\"$message\":\"shop.Order\",\"base64\":\"CAE=\"}");
}

TEST(ValueJsonTest, NothingIsReadBeyondAValueNorWithoutEnd) {
  EXPECT_THAT(shown(record::schemaOf<int>(), "ab"), HasSubstr("it ends too early"));
  EXPECT_THAT(shown(record::schemaOf<int>(), "abcde"), HasSubstr("more bytes than one value"));
  EXPECT_THAT(shown(record::schemaOf<std::vector<int>>(), "\xff\xff\xff\xff\x0f"),
              HasSubstr("more elements than bytes"));
  EXPECT_THAT(shown(record::schemaOf<std::optional<int>>(), "\x02"), HasSubstr("neither"));
  EXPECT_THAT(shown(record::schemaOf<std::variant<int>>(), "\x05"), HasSubstr("alternative"));
  Node deep;
  for (int i = 0; i < 600; ++i) {
    Node above;
    above.below.push_back(std::move(deep));
    deep = std::move(above);
  }
  EXPECT_THAT(shown(deep), HasSubstr("nested more than 1000 levels deep"));
  // A few bytes that would be a billion values.
  record::Schema empty{.kind = record::SchemaKind::kTuple, .fields = {}};
  for (const std::uint32_t width : {1000U, 1000U}) {
    empty = {.kind = record::SchemaKind::kArray, .width = width, .fields = {{.schema = empty}}};
  }
  const record::Schema list{.kind = record::SchemaKind::kList, .fields = {{.schema = empty}}};
  EXPECT_THAT(shown(list, "\xff\x07"), HasSubstr("too many values"));
}

TEST(ValueJsonTest, EveryValueIsJsonAndEveryDamageIsAnErrorOrAnotherValue) {
  using All = std::tuple<std::map<std::string, std::optional<double>>,
                         std::variant<Node, Secret, std::vector<bool>>,
                         std::chrono::milliseconds>;
  const All value{{{"a", 1.0}, {"b", {}}}, Node{1, {Node{2, {}}}}, std::chrono::milliseconds(3)};
  const std::string bytes = encoded(value);
  const record::Schema schema = record::schemaOf<All>();
  EXPECT_TRUE(nlohmann::json::accept(shown(schema, bytes)));
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    EXPECT_THAT(shown(schema, bytes.substr(0, at)), HasSubstr("error: "));
    for (int flip = 1; flip < 256; ++flip) {
      std::string damaged = bytes;
      damaged[at] = static_cast<char>(damaged[at] ^ flip);
      const std::string text = shown(schema, damaged);
      EXPECT_TRUE(text.starts_with("error: ") || nlohmann::json::accept(text)) << text;
    }
  }
}

template <typename T>
void expectKey(const T& key, const std::string& typed) {
  const record::Schema schema = record::schemaOf<T>();
  const auto bytes = encodeKey(typed, schema);
  ASSERT_TRUE(bytes.has_value()) << typed << ": " << bytes.error().message();
  EXPECT_EQ(*bytes, encoded(key)) << typed;
  const auto canonical = canonicalKey(*bytes, schema);
  ASSERT_TRUE(canonical.has_value()) << typed;
  EXPECT_EQ(groupOfKey(*canonical, 4096), keyGroupOf(keyHash(key), 4096)) << typed;
  EXPECT_EQ(*encodeKey(shown(key), schema), encoded(key)) << "as it is shown: " << shown(key);
}

TEST(KeyEncodingTest, FindsTheGroupOfWhatIsTyped) {
  expectKey(std::string("alice"), "alice");
  expectKey(std::string("alice"), "\"alice\"");
  expectKey(std::string("5"), "5");
  expectKey(std::string("\xff"), "{\"$base64\": \"/w==\"}");
  expectKey(std::int32_t{-7}, "-7");
  expectKey(std::uint64_t{18446744073709551615U}, "18446744073709551615");
  expectKey(Colour::kRed, "-3");
  expectKey(true, "true");
  expectKey(0.5, "0.5");
  expectKey(2.0F, "2");
  expectKey(1.5L, "1.5");
  expectKey(std::numeric_limits<double>::infinity(), "\"Infinity\"");
  expectKey(Point{1, "p"}, "{\"name\": \"p\", \"x\": 1}");
  expectKey(std::pair<int, std::string>(1, "x"), "[1, \"x\"]");
  expectKey(std::vector<std::int8_t>{1, 2}, "[1,2]");
  expectKey(std::map<int, std::string>{{1, "a"}}, "[[1,\"a\"]]");
  expectKey(std::optional<int>(3), "3");
  expectKey(std::variant<int, std::string>("x"), "{\"$index\":1,\"value\":\"x\"}");
  expectKey(Secret{"abc"}, "{\"base64\":\"YWJj\"}");
  expectKey(std::chrono::milliseconds(1500), "\"1500 ms\"");
  expectKey(std::chrono::milliseconds(1500), "1500");
  expectKey(std::chrono::sys_time<std::chrono::milliseconds>(std::chrono::milliseconds(-1)),
            "\"1969-12-31T23:59:59.999Z\"");
}

TEST(KeyEncodingTest, WhatIsNoKeyIsRefusedWithTheSchema) {
  using Pairs = std::vector<std::pair<std::string, record::Schema>>;
  for (const auto& [typed, schema] :
       Pairs{{"abc", record::schemaOf<int>()},
             {"300", record::schemaOf<std::int8_t>()},
             {"-1", record::schemaOf<std::uint32_t>()},
             {"1.5", record::schemaOf<int>()},
             {"{\"x\": 1}", record::schemaOf<Point>()},
             {"\"3 s\"", record::schemaOf<std::chrono::milliseconds>()}}) {
    const auto key = encodeKey(typed, schema);
    ASSERT_FALSE(key.has_value()) << typed;
    EXPECT_THAT(key.error().message(), HasSubstr(describeSchema(schema)));
  }
}

}  // namespace
}  // namespace weir::offline
