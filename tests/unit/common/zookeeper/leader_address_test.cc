#include "common/zookeeper/leader_address.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::zookeeper {
namespace {

const LeaderAddress kAddress{"host-1:6123", "http://host-1:8081", LeaderEpoch(7)};

TEST(LeaderAddressTest, IsReadAsItWasWritten) {
  const auto read = decodeLeaderAddress(encodeLeaderAddress(kAddress));
  ASSERT_TRUE(read.has_value()) << read.error().text();
  EXPECT_EQ(*read, kAddress);
}

TEST(LeaderAddressTest, NoByteMayBeAnotherOrLack) {
  const std::string bytes = encodeLeaderAddress(kAddress);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string other = bytes;
    other[i] = static_cast<char>(other[i] ^ 1);
    EXPECT_FALSE(decodeLeaderAddress(other).has_value()) << i;
    EXPECT_FALSE(decodeLeaderAddress(bytes.substr(0, i)).has_value()) << i;
  }
  EXPECT_FALSE(decodeLeaderAddress(bytes + "x").has_value());
}

TEST(LeaderAddressTest, ThatOfANewerReleaseIsNoDamage) {
  std::string bytes = encodeLeaderAddress(kAddress);
  bytes[8] = 2;
  const auto read = decodeLeaderAddress(bytes);
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().code(), ErrorCode::kInvalidArgument);
  EXPECT_THAT(read.error().text(), testing::HasSubstr("same release"));
}

}  // namespace
}  // namespace weir::zookeeper
