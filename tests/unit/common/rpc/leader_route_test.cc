#include "common/rpc/leader_route.h"

#include <gtest/gtest.h>

namespace weir::rpc {
namespace {

const Address kFirst{"127.0.0.1", 1001};
const Address kSecond{"127.0.0.1", 1002};
const Address kThird{"127.0.0.1", 1003};

LeaderRoute routeOf(std::vector<Address> configured) {
  return {std::move(configured), config::Security::plainText()};
}

TEST(LeaderRouteTest, BeginsWithTheFirstAndKeepsItsChannel) {
  const LeaderRoute route = routeOf({kFirst, kSecond});
  EXPECT_EQ(route.current().address, kFirst);
  EXPECT_EQ(route.current().channel, route.current().channel);
}

TEST(LeaderRouteTest, FollowsWhoLeadsByAChannelOfItsOwn) {
  LeaderRoute route = routeOf({kFirst});
  const auto before = route.current().channel;
  EXPECT_FALSE(route.follow(kFirst));
  EXPECT_EQ(route.current().channel, before);
  EXPECT_TRUE(route.follow(kSecond));
  EXPECT_EQ(route.current().address, kSecond);
  EXPECT_NE(route.current().channel, before);
}

TEST(LeaderRouteTest, PassesInTurnThroughTheConfiguredAndTheLearned) {
  LeaderRoute route = routeOf({kFirst, kSecond});
  route.follow(kThird);
  for (const Address& next : {kFirst, kSecond, kThird, kFirst}) {
    route.pass(route.current().address);
    EXPECT_EQ(route.current().address, next);
  }
}

TEST(LeaderRouteTest, ALateAnswerOfAnotherOneMovesNothing) {
  LeaderRoute route = routeOf({kFirst, kSecond});
  route.follow(kSecond);
  route.pass(kFirst);
  EXPECT_EQ(route.current().address, kSecond);
}

TEST(LeaderRouteTest, KnowsNobodyWhereNobodyIsConfigured) {
  LeaderRoute route = routeOf({});
  EXPECT_EQ(route.current().channel, nullptr);
  route.pass(Address{});
  EXPECT_TRUE(route.follow(kSecond));
  EXPECT_EQ(route.current().address, kSecond);
  EXPECT_NE(route.current().channel, nullptr);
}

TEST(LeaderRouteTest, AnOnlyAddressIsAskedAgain) {
  LeaderRoute route = routeOf({kFirst});
  const auto before = route.current().channel;
  route.pass(kFirst);
  EXPECT_EQ(route.current().channel, before);
}

TEST(LeaderRouteTest, ForgetsALearnedAddressForTheNext) {
  LeaderRoute route = routeOf({kFirst});
  route.follow(kSecond);
  route.follow(kThird);
  route.pass(kThird);
  EXPECT_EQ(route.current().address, kFirst);
  route.pass(kFirst);
  EXPECT_EQ(route.current().address, kThird);
}

}  // namespace
}  // namespace weir::rpc
