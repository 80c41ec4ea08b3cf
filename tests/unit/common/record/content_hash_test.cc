#include "common/record/content_hash.h"

#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "common/record/key_hash.h"
#include "common/record/rewrites.h"
#include "common/record/serializer.h"

namespace weir::record {
namespace {

struct Node {
  std::int32_t label = 0;
  std::unordered_map<std::string, Node> named;
  std::optional<std::set<std::int16_t>> marks;
};
struct Holder {
  std::string before;
  std::unordered_map<std::int64_t, std::unordered_set<std::string>> sets;
  std::variant<std::int64_t, std::unordered_map<std::int32_t, std::string>> either;
  std::vector<Node> nodes;
  std::array<std::unordered_set<std::int64_t>, 2> pair;
};

template <typename T>
std::string encoded(const T& value) {
  Writer to;
  record::write<T>(value, to);
  return to.str();
}
template <typename T>
std::uint64_t hashOf(const T& value) {
  return ContentHash(schemaOf<T>()).of(encoded(value));
}
/// The same content in tables of another size, filled the other way round.
template <typename M>
M rearranged(const M& map) {
  M other;
  other.rehash(map.size() * 17 + 3);
  std::vector<typename M::value_type> values;
  for (const auto& one : map) {
    values.push_back(one);
  }
  for (auto one = values.rbegin(); one != values.rend(); ++one) {
    other.insert(*one);
  }
  return other;
}

Holder holderOf(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  Holder holder;
  holder.before = "text";
  std::unordered_map<std::int32_t, std::string> names;
  for (int i = 0; i < 30; ++i) {
    holder.sets[i].insert({std::to_string(random()), std::to_string(random())});
    names[static_cast<std::int32_t>(random())] = "n";
    holder.pair[i % 2].insert(static_cast<std::int64_t>(random()));
  }
  holder.either = names;
  Node root{.label = 1, .named = {}, .marks = std::set<std::int16_t>{3, 4}};
  for (int i = 0; i < 10; ++i) {
    root.named["child " + std::to_string(i)].named["grandchild"].label = i;
  }
  holder.nodes = {root, root};
  return holder;
}

TEST(ContentHashTest, IsXxh3OfTheBytesWhereTheyHaveAnOrder) {
  const std::vector<std::string> list = {"b", "a"};
  EXPECT_EQ(hashOf(list), xxh3(encoded(list).data(), encoded(list).size()));
  EXPECT_NE(hashOf(list), hashOf(std::vector<std::string>{"a", "b"}));
}

TEST(ContentHashTest, DoesNotSeeTheOrderOfMapsAndSetsWhereverTheyStand) {
  Holder one = holderOf(1);
  Holder other = one;
  other.sets = rearranged(one.sets);
  for (auto& [key, set] : other.sets) {
    set = rearranged(set);
  }
  auto& names = std::get<1>(other.either);
  names = rearranged(names);
  other.nodes[1].named = rearranged(one.nodes[1].named);
  other.pair[1] = rearranged(one.pair[1]);
  ASSERT_NE(encoded(one), encoded(other));
  EXPECT_EQ(hashOf(one), hashOf(other));
}

TEST(ContentHashTest, SeesEveryChange) {
  const Holder one = holderOf(1);
  const auto changed = [&](auto change) {
    Holder other = one;
    change(other);
    return hashOf(other);
  };
  EXPECT_NE(hashOf(one), changed([](Holder& h) { h.before = "texu"; }));
  EXPECT_NE(hashOf(one), changed([](Holder& h) { h.sets.erase(3); }));
  EXPECT_NE(hashOf(one), changed([](Holder& h) { h.sets[3].insert("more"); }));
  EXPECT_NE(hashOf(one), changed([](Holder& h) { std::swap(h.sets[3], h.sets[4]); }));
  EXPECT_NE(hashOf(one), changed([](Holder& h) { h.either = std::int64_t{3}; }));
  EXPECT_NE(hashOf(one),
            changed([](Holder& h) { h.nodes[1].named["child 3"].named["grandchild"].label = 99; }));
  EXPECT_NE(hashOf(one), changed([](Holder& h) { h.nodes[0].marks.reset(); }));
  EXPECT_NE(hashOf(one), changed([](Holder& h) { std::swap(h.pair[0], h.pair[1]); }));
}

TEST(ContentHashTest, TakesBytesThatAreNoValueAsTheyStand) {
  const ContentHash hash(schemaOf<std::unordered_map<std::int64_t, std::string>>());
  const std::string bytes = "\x05 no map";
  EXPECT_EQ(hash.of(bytes), xxh3(bytes.data(), bytes.size()));
}

struct OfUser {
  int value = 0;
};
struct HoldsCustom {
  std::vector<OfUser> all;
};

}  // namespace
}  // namespace weir::record

template <>
struct weir::Serializer<weir::record::OfUser> {
  static void write(const record::OfUser& value, Writer& to) { to.put(value.value); }
  static record::OfUser read(Reader& from) { return {from.get<int>()}; }
};

namespace weir::record {
namespace {

TEST(ContentHashTest, KnowsWhatIsRewrittenAlike) {
  EXPECT_TRUE(rewritesAlike<Holder>());
  EXPECT_TRUE((rewritesAlike<std::map<std::string, double>>()));
  EXPECT_FALSE(rewritesAlike<HoldsCustom>());
  EXPECT_FALSE((rewritesAlike<std::vector<std::unordered_multimap<int, int>>>()));
}

}  // namespace
}  // namespace weir::record
