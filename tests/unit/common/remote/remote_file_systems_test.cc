#include "common/remote/remote_file_systems.h"

#include <cstdlib>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/config/file_system_options.h"

namespace weir::remote {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

config::Configuration with(const std::vector<std::string>& overrides) {
  config::Warnings warnings;
  auto loaded = config::Configuration::fromOverrides(overrides, warnings);
  EXPECT_TRUE(loaded.has_value());
  return loaded ? *loaded : config::Configuration();
}

TEST(RemoteFileSystemsTest, TheSchemesThatConfigurationAllowsAreThoseThatThereAre) {
  const fs::FileSystems files = fileSystems({});
  for (const std::string_view scheme : config::kSchemes) {
    EXPECT_TRUE(
        files.locate(std::string(scheme) + (scheme == "file" ? ":/a" : "://a/b")).has_value())
        << scheme;
  }
  const auto unknown = files.locate("gs://bucket/a");
  ASSERT_FALSE(unknown.has_value());
  EXPECT_THAT(unknown.error().text(),
              HasSubstr("has the scheme 'gs', but only file:, hdfs:, s3:, webhdfs: are supported"));
}

TEST(RemoteFileSystemsTest, NothingIsLoadedBeforeARemotePathIsTouched) {
  const fs::FileSystems files = fileSystems({});
  std::ifstream maps("/proc/self/maps");
  const std::string mapped((std::istreambuf_iterator<char>(maps)), {});
  EXPECT_THAT(mapped, Not(HasSubstr("libcurl")));
}

TEST(RemoteFileSystemsTest, AWorkerIsToldWhatItsTaskManagerKnowsAndNotWhatItsJobSays) {
  std::map<std::string, std::string> of_worker{{"s3.endpoint", "http://evil"},
                                               {"parallelism.default", "3"}};
  tellWorker(with({"s3.endpoint=http://store",
                   "s3.access-key=key",
                   "s3.secret-key=secret",
                   "fs.hdfs.user=hugo"}),
             of_worker);
  EXPECT_EQ(of_worker["s3.endpoint"], "http://store");
  EXPECT_EQ(of_worker["s3.secret-key"], "secret");
  EXPECT_EQ(of_worker["fs.hdfs.user"], "hugo");
  EXPECT_EQ(of_worker["parallelism.default"], "3");
}

TEST(RemoteFileSystemsTest, AnErrorOfMissingKeysNamesThePath) {
  ::unsetenv("AWS_ACCESS_KEY_ID");
  ::setenv("HOME", "/does/not/exist", 1);
  fs::FileSystems files = fileSystems({});
  EXPECT_THAT(files.open("s3://bucket/a").error().text(), HasSubstr("there are no keys for s3:"));
}

}  // namespace
}  // namespace weir::remote
