#include "common/record/serializer.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <random>

#include <gtest/gtest.h>

#include "common/record/batch.h"

namespace weir {
namespace {

enum class Side : std::uint8_t { kBuy = 1, kSell = 2 };
struct Point {
  std::int64_t x;
  double y;
};
struct Trade {
  std::string symbol;
  double price;
  std::int64_t time;
};
struct Empty {};
struct Tree {
  int label = 0;
  std::vector<Tree> children;
};
struct Everything {
  bool flag = true;
  char letter = 'a';
  std::uint16_t small = 7;
  float ratio = 0.5F;
  long double precise = 1.25L;
  Side side = Side::kSell;
  std::string text = "text";
  std::chrono::milliseconds wait{250};
  std::chrono::system_clock::time_point when{std::chrono::seconds(1)};
  std::pair<int, std::string> pair{1, "one"};
  std::tuple<int, double, std::string> tuple{1, 2.0, "3"};
  std::array<Trade, 2> trades{{{"a", 1, 2}, {"b", 3, 4}}};
  std::optional<Point> point = Point{1, 2};
  std::variant<std::monostate, int, Trade> variant = Trade{"c", 5, 6};
  std::vector<bool> bits{true, false, true};
  std::deque<Point> points{{1, 2}, {3, 4}};
  std::list<std::string> names{"x", "y"};
  std::map<std::string, std::vector<int>> lists{{"p", {1, 2}}};
  std::multimap<int, int> many{{1, 1}, {1, 2}};
  std::unordered_map<int, std::string> hashed{{1, "1"}};
  std::set<int> sorted{3, 1, 2};
  std::unordered_set<std::string> bag{"only"};
  std::u16string wide = u"wide";
  Empty empty;
  Tree tree{1, {{2, {}}, {3, {{4, {}}}}}};
};

/// Without default constructor and with a private member: needs a serializer of its own.
class Celsius {
 public:
  explicit Celsius(double degrees) : degrees_(degrees) {}
  double degrees() const { return degrees_; }

 private:
  double degrees_;
};

/// Behaves as a generated protobuf message does.
class FakeMessage {
 public:
  bool SerializeToString(std::string* to) const {  // NOLINT
    *to = text;
    return true;
  }
  bool ParseFromArray(const void* data, int size) {  // NOLINT
    text.assign(static_cast<const char*>(data), static_cast<std::size_t>(size));
    return true;
  }
  std::string GetTypeName() const { return "demo.Fake"; }  // NOLINT
  std::string text;
};

}  // namespace

template <>
struct Serializer<Celsius> {
  static constexpr std::string_view name = "celsius";
  static constexpr std::uint32_t version = 2;
  static void write(const Celsius& value, Writer& to) {
    Serializer<double>::write(value.degrees(), to);
  }
  static Celsius read(Reader& from) { return Celsius(Serializer<double>::read(from)); }
  static Celsius read(Reader& from, std::uint32_t /*version*/) {
    return Celsius(Serializer<std::int32_t>::read(from));
  }
};

namespace {

template <typename T>
std::string bytesOf(const T& value) {
  Writer to;
  record::write<T>(value, to);
  return to.str();
}
template <typename T>
T roundTrip(const T& value) {
  const std::string bytes = bytesOf(value);
  Reader from(bytes);
  T back = record::read<T>(from);
  EXPECT_FALSE(from.failed());
  EXPECT_EQ(from.remaining(), 0U);
  Reader skipper(bytes);
  record::skipValue(skipper, record::schemaOf<T>());
  EXPECT_FALSE(skipper.failed());
  EXPECT_EQ(skipper.remaining(), 0U) << "skipping by schema ends where reading does";
  return back;
}

static_assert(record::isMemcpy<Point> && record::isMemcpy<int> && record::isMemcpy<Side>);
static_assert(!record::isMemcpy<Trade> && !record::isMemcpy<bool> && !record::isMemcpy<Celsius>);
static_assert(record::kFieldCount<Everything> == 25);

template <typename T, std::size_t kSize>
void expectElementsInARow(const std::array<T, kSize>& values) {
  Writer whole;
  Writer one_by_one;
  record::write<std::array<T, kSize>>(values, whole);
  for (const T& value : values) {
    record::write<T>(value, one_by_one);
  }
  EXPECT_EQ(whole.view(), one_by_one.view());
  Reader from(whole.view());
  EXPECT_EQ((record::read<std::array<T, kSize>>(from)), values);
  EXPECT_FALSE(from.failed());
  EXPECT_EQ(from.remaining(), 0U);
  for (std::size_t cut = 1; cut <= whole.size(); ++cut) {
    Reader short_of(whole.view().substr(0, whole.size() - cut));
    record::read<std::array<T, kSize>>(short_of);
    EXPECT_TRUE(short_of.failed());
  }
}

TEST(SerializerTest, AnArrayIsItsElementsInARowWhetherCopiedAtOnceOrNot) {
  expectElementsInARow(std::array<std::uint8_t, 100>{1, 2, 3});
  expectElementsInARow(std::array<double, 3>{0.5, -1, 1e300});
  expectElementsInARow(std::array<bool, 3>{true, false, true});
  expectElementsInARow(std::array<std::string, 2>{"a", "bb"});
  expectElementsInARow(std::array<std::array<std::int16_t, 2>, 2>{{{1, 2}, {3, 4}}});
}

TEST(SerializerTest, EverythingComesBackAsItWas) {
  Everything value;
  value.text = std::string(1000, 'z');
  const std::string bytes = bytesOf(value);
  Everything back = roundTrip(value);
  EXPECT_EQ(bytesOf(back), bytes);
  EXPECT_EQ(back.precise, 1.25L);
  EXPECT_EQ(back.tree.children[1].children[0].label, 4);
  EXPECT_EQ(std::get<Trade>(back.variant).symbol, "c");
  EXPECT_EQ(back.bits, value.bits);
  EXPECT_EQ(back.many.count(1), 2U);
}

TEST(SerializerTest, GeneratedValuesComeBack) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 200; ++round) {
    std::map<std::string, std::vector<std::optional<Point>>> value;
    for (auto keys = random() % 5; keys > 0; --keys) {
      auto& list = value[std::string(random() % 300, static_cast<char>(random()))];
      for (auto points = random() % 9; points > 0; --points) {
        list.push_back(random() % 2 == 0 ? std::nullopt
                                         : std::optional<Point>({static_cast<int>(random()), 1}));
      }
    }
    EXPECT_EQ(bytesOf(roundTrip(value)), bytesOf(value));
  }
}

TEST(SerializerTest, EveryTruncationFailsTheReader) {
  const std::string bytes = bytesOf(Everything{});
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    Reader from(bytes.data(), size);
    record::read<Everything>(from);
    EXPECT_TRUE(from.failed()) << size;
  }
}

TEST(SerializerTest, ACountBeyondTheBytesAllocatesNothing) {
  Writer to;
  to.putVarint(std::uint64_t{1} << 60);
  Reader from(to.view());
  EXPECT_TRUE(record::read<std::vector<Point>>(from).empty());
  EXPECT_TRUE(from.failed());
}

TEST(SerializerTest, ACustomSerializerIsFramedAndReadsItsOlderVersion) {
  EXPECT_EQ(roundTrip(std::vector<Celsius>{Celsius(1.5), Celsius(2.5)})[1].degrees(), 2.5);
  Writer old;
  old.put<std::uint32_t>(5);
  old.putVarint(1);
  old.put<std::int32_t>(40);
  Reader from(old.view());
  EXPECT_EQ(record::read<Celsius>(from).degrees(), 40.0);
}

TEST(SerializerTest, MessagesAreKnownByTheirMembers) {
  FakeMessage message;
  message.text = "hello";
  EXPECT_EQ(roundTrip(message).text, "hello");
  EXPECT_EQ(record::describeSchema(record::schemaOf<FakeMessage>()), "message(demo.Fake)");
}

TEST(BatchTest, BooleansAreAddressable) {
  Batch<bool> batch;
  batch.records.push_back(false);
  bool& first = batch.records[0];
  first = true;
  EXPECT_TRUE(batch.records[0]);
  EXPECT_EQ(batch.size(), 1U);
}

/// What the compiler says about a type that cannot be serialized, or be a key.
std::string compile(const std::string& body) {
  const std::string base = testing::TempDir() + "weir_bad_" + std::to_string(::getpid());
  std::ofstream(base + ".cc") << "#include \"common/record/key_hash.h\"\n#include <functional>\n"
                              << body;
  const std::string root = WEIR_SOURCE_DIR;
  const std::string command =
      "g++ -std=c++20 -fsyntax-only -I" + root + " " + base + ".cc 2>" + base + ".txt";
  EXPECT_NE(std::system(command.c_str()), 0) << "this must not compile: " << body;
  std::ifstream file(base + ".txt");
  std::string text((std::istreambuf_iterator<char>(file)), {});
  std::remove((base + ".cc").c_str());
  std::remove((base + ".txt").c_str());
  return text;
}
int count(const std::string& in, const std::string& what) {
  int found = 0;
  for (auto at = in.find(what); at != in.npos; at = in.find(what, at + 1)) {
    ++found;
  }
  return found;
}

TEST(SerializerTest, WhatCannotBeSerializedIsOneReadableError) {
  const std::vector<std::string> bad = {"struct Bad0 { int* p; };",
                                        "struct Bad1 { char name[16]; };",
                                        "struct Bad2 { int bits : 3; int rest; };",
                                        "struct Bad3 { std::function<void()> f; };",
                                        "struct Bad4 { const int fixed = 1; };",
                                        "struct Bad5 { std::vector<long*> pointers; };",
                                        "struct Base { int a; }; struct Bad6 : Base { int b; };"};
  std::string body = "using namespace weir;\n";
  for (std::size_t i = 0; i < bad.size(); ++i) {
    const std::string name = "Bad" + std::to_string(i);
    body += bad[i] + "\nvoid f(const " + name +
            "& bad, Writer& w, Reader& r) { record::write(bad, w);" + "record::read<" + name +
            ">(r); record::schemaOf<" + name + ">(); }\n";
  }
  const std::string errors = compile(body);
  const int expected = static_cast<int>(bad.size());
  EXPECT_EQ(count(errors, "error: "), expected) << errors;
  EXPECT_EQ(count(errors, "error: static assertion failed: weir cannot serialize"), expected);
}

TEST(KeyHashTest, AnUnorderedKeyIsOneReadableError) {
  const std::string errors =
      compile("struct Bad { std::unordered_set<int> s; };\nauto h = weir::keyHash(Bad{});\n");
  EXPECT_EQ(count(errors, "error: "), 1) << errors;
  EXPECT_EQ(count(errors, "error: static assertion failed: weir cannot key a stream by"), 1);
}

TEST(SerializerTest, ValuesWithoutBytesAreCountedUpToABound) {
  using Nothings = std::vector<std::array<int, 0>>;
  Writer to;
  record::write(Nothings(5), to);
  Reader from(to.view());
  EXPECT_EQ(record::read<Nothings>(from).size(), 5U);
  EXPECT_FALSE(from.failed());
  to.clear();
  to.putVarint(std::uint64_t{1} << 32);
  Reader many(to.view());
  EXPECT_TRUE(record::read<std::vector<Empty>>(many).empty());
  EXPECT_TRUE(many.failed());
}

}  // namespace
}  // namespace weir
