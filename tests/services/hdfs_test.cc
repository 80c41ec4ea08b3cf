#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/fs/unfinished_files.h"
#include "common/fs/uri.h"
#include "common/hdfs/web_hdfs.h"
#include "tests/services/servers.h"
#include "tests/unit/common/fs/patterned.h"

namespace weir::services {
namespace {

using fs::writeAll;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// HDFS behind two proxies that break things: the name node's, which sends to the data node's.
class HdfsTest : public ::testing::Test {
 protected:
  HdfsTest()
      : name_node_(variable("WEIR_TEST_NAME_NODE_PROXY")),
        data_node_(variable("WEIR_TEST_DATA_NODE_PROXY")),
        files_(remote::fileSystems(configurationWith(config::kHdfsUser, "weir", "20 s"))) {}
  ~HdfsTest() override { EXPECT_TRUE(files_.removeAll(directory_).has_value()); }

  std::string path(const std::string& name) const { return directory_ + "/" + name; }
  std::string large() const { return fs::testing::patterned(std::size_t{30} << 20); }
  void expectWritten(const std::string& name, const std::string& bytes) {
    const Status written = writeAll(files_, path(name), bytes);
    ASSERT_TRUE(written.has_value()) << written.error().text();
    expectRead(name, bytes);
  }
  void expectRead(const std::string& name, const std::string& bytes) {
    const auto read = fs::readAll(files_, path(name));
    ASSERT_TRUE(read.has_value()) << read.error().text();
    EXPECT_TRUE(*read == bytes);
  }
  /// Hidden ones, too.
  std::vector<hdfs::FileStatus> everythingIn(const std::string& directory) {
    const auto at = fs::Location::parse(directory);
    hdfs::WebHdfs hdfs({{"http://" + at->authority()}},
                       "weir",
                       std::make_shared<http::HttpClient>(http::HttpClient::Settings{}),
                       {});
    const auto entries = hdfs.list(at->path());
    return entries ? *entries : std::vector<hdfs::FileStatus>();
  }
  std::size_t entriesOf(const std::string& directory) { return everythingIn(directory).size(); }
  std::uint64_t bytesBelow(const std::string& directory) {
    std::uint64_t bytes = 0;
    for (const hdfs::FileStatus& entry : everythingIn(directory)) {
      bytes += entry.type == hdfs::FileStatus::Type::kDirectory
                   ? bytesBelow(directory + "/" + entry.name)
                   : entry.length;
    }
    return bytes;
  }

  FaultProxy name_node_;
  FaultProxy data_node_;
  fs::FileSystems files_;
  const std::string directory_ =
      "webhdfs://" + variable("WEIR_TEST_NAME_NODE_PROXY") + freshDirectory();
};

TEST_F(HdfsTest, RequestsThatTheServersCannotServeForNowAreRepeated) {
  for (const char* const fault : {"status:503", "status:500", "silent"}) {
    name_node_.plan(fault, 2, "PUT");
    data_node_.plan(fault, 2, "PUT");
    expectWritten("f" + std::to_string(name_node_.met()), "text");
  }
  EXPECT_EQ(name_node_.met(), 6);
  EXPECT_EQ(data_node_.met(), 6);
}

TEST_F(HdfsTest, PartsAndReadsThatCameShortAreSeenAndRepeated) {
  data_node_.plan("cut", 2, "PUT");
  ASSERT_TRUE(writeAll(files_, path("a"), large()).has_value());
  data_node_.plan("short", 3, "GET");
  expectRead("a", large());
  EXPECT_EQ(data_node_.met(), 5);
  const auto entries = files_.list(directory_);
  ASSERT_EQ(entries->size(), 1U);
}

TEST_F(HdfsTest, AnAnswerThatWasLostIsTakenForTheSuccessThatItWas) {
  name_node_.plan("lost", 1, "PUT", "op=RENAME");
  expectWritten("renamed", "text");
  name_node_.plan("lost", 1, "POST", "op=CONCAT");
  expectWritten("joined", large());
  data_node_.plan("lost", 1, "PUT");
  expectWritten("created", "text");
  EXPECT_EQ(name_node_.met() + data_node_.met(), 3);
}

TEST_F(HdfsTest, ARedirectThatHasExpiredIsAskedForAnew) {
  data_node_.plan("status:403", 1, "PUT");
  expectWritten("a", "text");
  data_node_.plan("status:403", 1, "GET");
  expectRead("a", "text");
  EXPECT_EQ(data_node_.met(), 2);
}

TEST_F(HdfsTest, ARefusalIsNotRepeated) {
  name_node_.plan("status:403", 9, "PUT");
  ASSERT_FALSE(writeAll(files_, path("a"), "text").has_value());
  EXPECT_EQ(name_node_.met(), 1);
}

TEST_F(HdfsTest, ANameThatIsADirectoryTakesNoFile) {
  ASSERT_TRUE(files_.makeDirectories(path("d")).has_value());
  EXPECT_EQ(writeAll(files_, path("d"), "text").error().code(), ErrorCode::kFailedPrecondition);
  EXPECT_THAT(*files_.list(path("d")), IsEmpty());
}

TEST_F(HdfsTest, WhatAKilledWriterLeftGoesWithItsDirectory) {
  ASSERT_TRUE(writeAll(files_, path("d/.a.0123456789ab.tmp"), "left").has_value());
  EXPECT_THAT(*files_.list(path("d")), IsEmpty());
  EXPECT_TRUE(files_.removeDirectory(path("d")).has_value());
  EXPECT_EQ(files_.stat(path("d")).error().code(), ErrorCode::kNotFound);
}

TEST_F(HdfsTest, WhatAKilledWriterLeftOfOurFilesIsRemovedAndNothingElse) {
  const std::vector<std::string> left{".a.0123456789ab.tmp", ".a.0123456789ab-1.tmp"};
  const std::vector<std::string> others{".b.0123456789ab.tmp", ".a.1.0123456789ab.tmp"};
  for (const auto* names : {&left, &others}) {
    for (const std::string& name : *names) {
      ASSERT_TRUE(writeAll(files_, path("d/" + name), "left").has_value());
    }
  }
  const auto is_ours = [](std::string_view name) { return name == "a"; };
  const Status removed = fs::removeUnfinished(files_, path("d"), is_ours);
  ASSERT_TRUE(removed.has_value()) << removed.error().text();
  for (const std::string& name : left) {
    EXPECT_FALSE(files_.stat(path("d/" + name)).has_value()) << name;
  }
  for (const std::string& name : others) {
    EXPECT_TRUE(files_.stat(path("d/" + name)).has_value()) << name;
  }
  EXPECT_TRUE(fs::removeUnfinished(files_, path("none"), is_ours).has_value());
}

/// As long as HDFS takes them: those of 198 bytes and more leave no room for a hidden name of one
/// piece.
TEST_F(HdfsTest, WhatAKilledWriterLeftOfAFileWithALongNameIsRemovedAndNothingElse) {
  for (const std::size_t length : {197, 198, 255}) {
    const std::string directory = path("d" + std::to_string(length));
    const std::string ours(length, 'a');
    const std::string other = std::string(length - 1, 'a') + "b";
    for (const std::string& name : {ours, other}) {
      auto writer = files_.create(directory + "/" + name);
      ASSERT_TRUE((*writer)->append(large()).has_value());  // Its first part is on its way.
      while (bytesBelow(directory) < std::uint64_t{16} << 20) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
      }
      const auto is_ours = [&ours](std::string_view one) { return one == ours; };
      const Status removed = fs::removeUnfinished(files_, directory, is_ours);
      ASSERT_TRUE(removed.has_value()) << removed.error().text();
      EXPECT_EQ(bytesBelow(directory) == 0, name == ours) << length;
    }
    EXPECT_EQ(entriesOf(directory), 0U) << length;  // Writers that are given up take theirs along.
    const Status written = writeAll(files_, directory + "/" + ours, "text");
    ASSERT_TRUE(written.has_value()) << written.error().text();
    EXPECT_EQ(entriesOf(directory), 1U) << length;
  }
}

TEST_F(HdfsTest, ANameThatIsTooLongIsRefusedAtOnceInWords) {
  const Status written = writeAll(files_, path(std::string(300, 'x')), "text");
  ASSERT_FALSE(written.has_value());
  EXPECT_THAT(written.error().text(), HasSubstr("PathComponentTooLong"));
}

/// One name node, which stands for two that take turns.
TEST_F(HdfsTest, TheActiveNameNodeIsFoundAndFollowed) {
  FaultProxy other(variable("WEIR_TEST_OTHER_NAME_NODE_PROXY"));
  const std::filesystem::path conf =
      std::filesystem::temp_directory_path() / ("weir-ha" + fs::nameOf(directory_));
  std::filesystem::create_directories(conf);
  std::ofstream(conf / "core-site.xml")
      << "<configuration><property><name>fs.defaultFS</name><value>hdfs://pair</value></property>"
         "<property><name>dfs.nameservices</name><value>pair</value></property>"
         "<property><name>dfs.ha.namenodes.pair</name><value>a,b</value></property>"
         "<property><name>dfs.namenode.http-address.pair.a</name><value>" +
             name_node_.address() +
             "</value></property>"
             "<property><name>dfs.namenode.http-address.pair.b</name><value>" +
             other.address() + "</value></property></configuration>";
  fs::FileSystems files =
      remote::fileSystems(configurationWith(config::kHadoopConfiguration, conf.string(), "20 s"));
  const std::string root = "hdfs:" + fs::Location::parse(directory_)->path();
  name_node_.plan("standby", 1000, "ANY");
  for (const char* const name : {"a", "b"}) {
    const Status written = writeAll(files, root + "/" + name, "text");
    ASSERT_TRUE(written.has_value()) << written.error().text();
  }
  EXPECT_EQ(name_node_.met(), 1);  // It is not asked again as long as the other one answers.
  name_node_.plan("none", 0, "ANY");
  other.plan("standby", 1000, "ANY");
  EXPECT_EQ(*fs::readAll(files, "hdfs://pair" + root.substr(5) + "/a"), "text");
  EXPECT_EQ(*fs::readAll(files, root + "/b"), "text");
  other.plan("none", 0, "ANY");
  std::filesystem::remove_all(conf);
}

TEST_F(HdfsTest, ServersThatAreKilledAmidAWriteAndComeBackLoseNothing) {
  fs::FileSystems files = remote::fileSystems(
      configurationWith(config::kHadoopConfiguration, variable("WEIR_TEST_HADOOP_CONF")));
  auto writer = files.create("hdfs:" + fs::Location::parse(path("a"))->path());
  ASSERT_TRUE((*writer)->append(large()).has_value());
  ASSERT_EQ(std::system(variable("WEIR_TEST_HDFS_KILL").c_str()), 0);
  ASSERT_EQ(std::system((variable("WEIR_TEST_HDFS_START") + " &").c_str()), 0);
  const Status appended = (*writer)->append(large());
  ASSERT_TRUE(appended.has_value()) << appended.error().text();
  const Status committed = (*writer)->commit();
  ASSERT_TRUE(committed.has_value()) << committed.error().text();
  expectRead("a", large() + large());
}

}  // namespace
}  // namespace weir::services
