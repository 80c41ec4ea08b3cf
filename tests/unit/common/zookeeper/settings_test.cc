#include "common/zookeeper/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::zookeeper {
namespace {

using testing::HasSubstr;

config::Configuration with(const std::vector<std::string>& overrides) {
  config::Warnings warnings;
  auto configuration = config::Configuration::fromOverrides(overrides, warnings);
  EXPECT_TRUE(configuration.has_value());
  return *std::move(configuration);
}

std::string refusalOf(const std::vector<std::string>& overrides) {
  const auto settings = Settings::from(with(overrides));
  return settings ? "" : settings.error().text();
}

TEST(ZooKeeperSettingsTest, NodesLieBelowRootAndNamespace) {
  const auto settings = Settings::from(with({"recovery.zookeeper.quorum= a , b:2182,[::1]:2183",
                                             "recovery.zookeeper.path.root=flink/",
                                             "high-availability.cluster-id=/one"}));
  ASSERT_TRUE(settings.has_value()) << settings.error().text();
  EXPECT_EQ(settings->quorum, "a:2181,b:2182,[::1]:2183");
  EXPECT_EQ(settings->root, "/flink/one");
  EXPECT_EQ(settings->leader, "/flink/one/leader");
  EXPECT_EQ(settings->latch, "/flink/one/leaderlatch");
  EXPECT_EQ(settings->jobs, "/flink/one/jobgraphs");
  EXPECT_EQ(settings->checkpoints, "/flink/one/checkpoints");
}

TEST(ZooKeeperSettingsTest, TimesAreFlinksAndMayBeItsPlainNumbers) {
  const auto settings = Settings::from(
      with({"recovery.zookeeper.quorum=a", "recovery.zookeeper.client.session-timeout=10000"}));
  ASSERT_TRUE(settings.has_value());
  EXPECT_EQ(settings->session_timeout, std::chrono::seconds(10));
  EXPECT_EQ(settings->connection_timeout, std::chrono::seconds(15));
  EXPECT_EQ(settings->retry_wait, std::chrono::seconds(5));
  EXPECT_EQ(settings->retries, 3);
}

TEST(ZooKeeperSettingsTest, AQuorumThatIsNoneIsRefusedWithTheKeyAndWhatToWrite) {
  EXPECT_THAT(refusalOf({}), HasSubstr("recovery.zookeeper.quorum"));
  for (const char* quorum :
       {"a:0", "a:65536", "a:x", "a,,b", ":2181", "a:1/flink", "[::1", "a b"}) {
    const std::string refusal = refusalOf({std::string("recovery.zookeeper.quorum=") + quorum});
    EXPECT_THAT(refusal, HasSubstr("recovery.zookeeper.quorum")) << quorum;
    EXPECT_THAT(refusal, HasSubstr("host:port,host:port")) << quorum;
  }
}

TEST(ZooKeeperSettingsTest, PathsThatZooKeeperDoesNotTakeAreRefused) {
  const std::string quorum = "recovery.zookeeper.quorum=a";
  for (const char* root : {"/", "/a/../b", "/zookeeper/x", "/a b"}) {
    EXPECT_THAT(refusalOf({quorum, std::string("recovery.zookeeper.path.root=") + root}),
                HasSubstr("recovery.zookeeper.path.root"))
        << root;
  }
  EXPECT_THAT(refusalOf({quorum, "recovery.zookeeper.path.leader=/a/b"}), HasSubstr("single name"));
  EXPECT_THAT(refusalOf({quorum, "recovery.zookeeper.path.leader=/leaderlatch"}),
              HasSubstr("same node"));
}

}  // namespace
}  // namespace weir::zookeeper
