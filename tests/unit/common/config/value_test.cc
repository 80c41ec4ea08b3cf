#include "common/config/value.h"

#include <gtest/gtest.h>

#include "common/config/options.h"

namespace weir::config {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

TEST(ValueTest, DurationsAreReadAsFlinkWritesThem) {
  EXPECT_EQ(*parseDuration("10 s"), seconds(10));
  EXPECT_EQ(*parseDuration("100 milli"), milliseconds(100));
  EXPECT_EQ(*parseDuration("1 min"), minutes(1));
  EXPECT_EQ(*parseDuration("5000"), seconds(5));
  EXPECT_EQ(*parseDuration("10s"), seconds(10));
  EXPECT_EQ(*parseDuration("PT1M30S"), seconds(90));
  EXPECT_EQ(*parseDuration("PT0.5S"), milliseconds(500));
  EXPECT_EQ(*parseDuration("P1DT1H"), std::chrono::hours(25));
  EXPECT_EQ(*parseDuration("Inf"), Duration::max());
}

TEST(ValueTest, WhatIsNoDurationIsRefused) {
  for (const char* text :
       {"", "s", "10 parsecs", "ten s", "P", "PT", "PT5", "1.5 s", "99999999999 d"}) {
    EXPECT_FALSE(parseDuration(text).has_value()) << text;
  }
}

TEST(ValueTest, MemorySizesCountIn1024) {
  EXPECT_EQ(parseMemorySize("64 mb")->bytes, 64U << 20);
  EXPECT_EQ(parseMemorySize("10485760b")->bytes, 10485760U);
  EXPECT_EQ(parseMemorySize("256 MiB")->bytes, 256U << 20);
  EXPECT_EQ(parseMemorySize("1024")->bytes, 1024U);
  EXPECT_EQ(parseMemorySize("1g")->bytes, 1U << 30);
  EXPECT_FALSE(parseMemorySize("-1").has_value());
  EXPECT_FALSE(parseMemorySize("64 mp").has_value());
}

TEST(ValueTest, FormattedValuesReadBackTheSame) {
  for (const Duration value : {Duration(0),
                               Duration(1),
                               Duration(seconds(90)),
                               Duration(milliseconds(1500)),
                               Duration::max()}) {
    EXPECT_EQ(*parseDuration(formatDuration(value)), value) << formatDuration(value);
  }
  for (const std::uint64_t bytes : {0ULL, 1ULL, 1536ULL, 256ULL << 20}) {
    EXPECT_EQ(parseMemorySize(formatMemorySize({bytes}))->bytes, bytes);
  }
}

TEST(ValueTest, ListsAreSeparatedByCommasOrAsPaths) {
  EXPECT_EQ(parseList("/a, /b"), (std::vector<std::string>{"/a", "/b"}));
  EXPECT_EQ(parseList("/a:/b"), (std::vector<std::string>{"/a", "/b"}));
  EXPECT_EQ(parseList("file:/a,/b"), (std::vector<std::string>{"file:/a", "/b"}));
  EXPECT_TRUE(parseList(" , ").empty());
}

TEST(ValueTest, EveryDefaultIsAllowed) {
  for (const Area& area : allAreas()) {
    for (const OptionInfo* option : area.options) {
      EXPECT_TRUE(option->fallback.empty() || checkValue(*option, option->fallback).has_value())
          << option->key;
      EXPECT_EQ(findOption(option->key), option) << option->key << " is taken by another option";
      EXPECT_FALSE(option->meaning.empty()) << option->key;
    }
  }
}

TEST(ValueTest, EveryAliasBelongsToOneOption) {
  for (const Area& area : allAreas()) {
    for (const OptionInfo* option : area.options) {
      for (const std::string_view alias : option->aliases) {
        EXPECT_TRUE(alias.empty() || findOption(alias) == option) << alias;
      }
    }
  }
}

TEST(ValueTest, LimitsHold) {
  EXPECT_TRUE(checkValue(kJobManagerRpcPort, "6123").has_value());
  EXPECT_FALSE(checkValue(kJobManagerRpcPort, "65536").has_value());
  EXPECT_FALSE(checkValue(kJobManagerRpcPort, "6123-6130").has_value());
  EXPECT_FALSE(checkValue(kTaskSlots, "0").has_value());
  EXPECT_FALSE(checkValue(kSegmentSize, "5000").has_value());
  EXPECT_FALSE(checkValue(kSegmentSize, "2048").has_value());
  EXPECT_TRUE(checkValue(kSegmentSize, "64 kb").has_value());
  EXPECT_FALSE(checkValue(kHeartbeatTimeout, "1 ms").has_value());
}

TEST(ValueTest, NamesOfBackendsAreExactThoseOfModesAreNot) {
  EXPECT_FALSE(checkValue(kSavepointBackend, "FileSystem").has_value());
  EXPECT_TRUE(checkValue(kRecoveryMode, "STANDALONE").has_value());
  EXPECT_TRUE(checkValue(kRecoveryMode, "FileSystem").has_value());
}

TEST(ValueTest, WhatThisVersionLacksIsRefusedWithTheReason) {
  constexpr auto option = Text("some.mode", "one", "A mode.")
                              .oneOf({"one"})
                              .refuses({"two"}, "is not available in this version");
  const Status two = checkValue(option, "two");
  ASSERT_FALSE(two.has_value());
  EXPECT_NE(two.error().message().find("not available in this version"), std::string::npos);
}

}  // namespace
}  // namespace weir::config
