#include "common/record/key_hash.h"

#include <cmath>
#include <limits>
#include <random>

#include <gtest/gtest.h>
#include <xxhash.h>

namespace weir {
namespace {

enum class Colour : std::int8_t { kRed = -1 };
struct Place {
  std::string town;
  std::int32_t street;
};

template <typename T>
std::uint64_t reference(const T& key) {
  Writer encoded;
  record::writeKey(key, encoded);
  return XXH3_64bits(encoded.data(), encoded.size());
}

TEST(KeyHashTest, IsXxh3OfTheCanonicalEncoding) {
  std::mt19937_64 random(3);
  for (int i = 0; i < 1000; ++i) {
    const auto number = static_cast<std::int64_t>(random());
    EXPECT_EQ(keyHash(number), XXH3_64bits(&number, sizeof number));
    const std::string text(random() % 400, static_cast<char>(random()));
    EXPECT_EQ(keyHash(text), reference(text));
  }
  EXPECT_EQ(keyHash(Place{"Ulm", 7}), reference(Place{"Ulm", 7}));
}

TEST(KeyHashTest, VectorsNeverChange) {
  EXPECT_EQ(keyHash(0), 0xc77b3abb6f87acd9U);
  EXPECT_EQ(keyHash(1), 0x2fbc593564db792eU);
  EXPECT_EQ(keyHash(-1), 0x5111c7e47d784413U);
  EXPECT_EQ(keyHash(1.5), 0x2561a4889ff63458U);
  EXPECT_EQ(keyHash(std::string()), 0xc77b3abb6f87acd9U);
  EXPECT_EQ(keyHash(std::string("weir")), 0xa262c13aac0a81e5U);
  EXPECT_EQ(keyHash(Place{"Ulm", 7}), 0xe3831374b9e91c75U);
  EXPECT_EQ(keyHash(std::make_tuple(std::optional<int>(4), std::vector<char>{'a', 'b'})),
            0x32daa16682077174U);
}

TEST(KeyHashTest, DoesNotDependOnTheWidthOfIntegers) {
  EXPECT_EQ(keyHash(std::int8_t{-1}), keyHash(std::int64_t{-1}));
  EXPECT_EQ(keyHash(std::uint16_t{9}), keyHash(std::int64_t{9}));
  EXPECT_EQ(keyHash(Colour::kRed), keyHash(std::int64_t{-1}));
  EXPECT_EQ(keyHash(true), keyHash(1));
  EXPECT_EQ(keyHash(1.5F), keyHash(1.5));
}

TEST(KeyHashTest, FloatsHaveOneZeroAndOneNan) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(keyHash(-0.0), keyHash(0.0));
  EXPECT_EQ(keyHash(-nan), keyHash(nan));
  EXPECT_TRUE(keyEquals(-nan, nan));
  EXPECT_TRUE(keyEquals(std::make_pair(0.0, 1), std::make_pair(-0.0, 1)));
  EXPECT_FALSE(keyEquals(Place{"Ulm", 7}, Place{"Ulm", 8}));
}

TEST(KeyGroupTest, EveryGroupBelongsToTheSubtaskWhoseRangeHasIt) {
  for (const std::uint32_t max : {1U, 7U, 128U, 4096U, 32768U}) {
    for (std::uint32_t parallelism = 1; parallelism <= std::min(max, 50U); ++parallelism) {
      std::uint32_t next = 0;
      for (std::uint32_t subtask = 0; subtask < parallelism; ++subtask) {
        const KeyGroupRange range = keyGroupRangeOf(subtask, parallelism, max);
        ASSERT_EQ(range.first, next);
        ASSERT_EQ(subtaskOf(range.first, parallelism, max), subtask);
        ASSERT_EQ(subtaskOf(range.last, parallelism, max), subtask);
        next = range.last + 1;
      }
      ASSERT_EQ(next, max);
    }
  }
}

TEST(KeyGroupTest, SpreadsKeysOverAllGroups) {
  std::vector<int> hits(16);
  for (int key = 0; key < 16000; ++key) {
    ++hits.at(keyGroupOf(keyHash(key), 16));
  }
  for (const int hit : hits) {
    EXPECT_NEAR(hit, 1000, 150);
  }
  EXPECT_EQ(keyGroupOf(std::numeric_limits<std::uint64_t>::max(), 32768), 32767U);
}

}  // namespace
}  // namespace weir
