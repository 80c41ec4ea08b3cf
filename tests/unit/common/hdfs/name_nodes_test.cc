#include "common/hdfs/name_nodes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::hdfs {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

HadoopConfiguration with(const std::vector<std::pair<std::string, std::string>>& properties) {
  std::string xml = "<?xml version=\"1.0\"?><!-- of the cluster --><configuration>";
  for (const auto& [name, value] : properties) {
    xml += "<property>\n<name>" + name + "</name>\n<value> " + value + " </value>\n</property>\n";
  }
  HadoopConfiguration configuration;
  EXPECT_TRUE(configuration.add(xml + "</configuration>", "test.xml").has_value());
  return configuration;
}

std::vector<std::string> nodesOf(const std::string& path,
                                 const HadoopConfiguration& configuration) {
  const auto nodes = nameNodesOf(*fs::Location::parse(path), configuration);
  return nodes ? nodes->addresses : std::vector<std::string>{nodes.error().text()};
}

TEST(HadoopConfigurationTest, TheLaterFileWinsButOverWhatIsFinal) {
  HadoopConfiguration configuration;
  ASSERT_TRUE(configuration
                  .add("<configuration><property><name>a</name><value>1</value><final>true</final>"
                       "</property><property><name>b</name><value>1</value></property>"
                       "</configuration>",
                       "core-site.xml")
                  .has_value());
  ASSERT_TRUE(configuration
                  .add("<configuration><property><name>a</name><value>2</value></property>"
                       "<property><name>b</name><value>${a}-2</value></property></configuration>",
                       "hdfs-site.xml")
                  .has_value());
  EXPECT_EQ(configuration.get("a"), "1");
  EXPECT_EQ(configuration.get("b"), "1-2");
  EXPECT_EQ(configuration.get("c"), "");
}

TEST(HadoopConfigurationTest, WhatRefersToItselfStaysAsItIs) {
  EXPECT_EQ(with({{"a", "${a}"}}).get("a"), "${a}");
}

TEST(HadoopConfigurationTest, WhatIsNoConfigurationIsRefusedByName) {
  HadoopConfiguration configuration;
  EXPECT_THAT(configuration.add("<configuration><property>", "x.xml").error().text(),
              HasSubstr("x.xml is no configuration of Hadoop"));
  EXPECT_FALSE(configuration.add("<other/>", "x.xml").has_value());
  EXPECT_EQ(HadoopConfiguration::read("/does/not/exist").error().code(),
            ErrorCode::kInvalidArgument);
}

TEST(NameNodesTest, AHostAloneIsAskedOnThePortThatHadoopGivesIt) {
  EXPECT_THAT(nodesOf("hdfs://nn:8020/a", {}), ElementsAre("http://nn:9870"));
  EXPECT_THAT(nodesOf("hdfs://nn/a", with({{"dfs.http.policy", "HTTPS_ONLY"}})),
              ElementsAre("https://nn:9871"));
  EXPECT_THAT(nodesOf("webhdfs://nn:1234/a", {}), ElementsAre("http://nn:1234"));
}

TEST(NameNodesTest, ThePortOfHttpIsThatOfTheConfiguration) {
  const auto one =
      with({{"fs.defaultFS", "hdfs://nn:8020"}, {"dfs.namenode.http-address", "0.0.0.0:50070"}});
  EXPECT_THAT(nodesOf("hdfs://nn:8020/a", one), ElementsAre("http://nn:50070"));
  EXPECT_THAT(nodesOf("hdfs:///a", one), ElementsAre("http://nn:50070"));
  EXPECT_THAT(nodesOf("hdfs://other:8020/a", one), ElementsAre("http://other:9870"));
}

TEST(NameNodesTest, ANameServiceHasSeveral) {
  const auto two = with({{"fs.defaultFS", "hdfs://cluster"},
                         {"dfs.nameservices", "other, cluster"},
                         {"dfs.ha.namenodes.cluster", "nn1,nn2"},
                         {"dfs.namenode.http-address.cluster.nn1", "one:9870"},
                         {"dfs.namenode.rpc-address.cluster.nn2", "two:8020"}});
  EXPECT_THAT(nodesOf("hdfs://cluster/a", two), ElementsAre("http://one:9870", "http://two:9870"));
  EXPECT_THAT(nodesOf("hdfs:/a", two), ElementsAre("http://one:9870", "http://two:9870"));
  EXPECT_THAT(nodesOf("hdfs://two:8020/a", two), ElementsAre("http://two:9870"));
  EXPECT_THAT(nodesOf("hdfs://other/a", two), ElementsAre(HasSubstr("dfs.ha.namenodes.other")));
}

TEST(NameNodesTest, WithoutHostAndDefaultItSaysWhatToSet) {
  EXPECT_THAT(nodesOf("hdfs:/a", {}), ElementsAre(HasSubstr("HADOOP_CONF_DIR")));
  EXPECT_THAT(nodesOf("hdfs:/a", with({{"fs.defaultFS", "file:///"}})),
              ElementsAre(HasSubstr("names no host")));
}

TEST(NameNodesTest, KerberosIsWhatHadoopSays) {
  const auto location = *fs::Location::parse("hdfs://nn/a");
  EXPECT_FALSE(nameNodesOf(location, {})->kerberos);
  EXPECT_TRUE(
      nameNodesOf(location, with({{"hadoop.security.authentication", "kerberos"}}))->kerberos);
}

}  // namespace
}  // namespace weir::hdfs
