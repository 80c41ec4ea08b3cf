#include "jobmanager/dispatcher/dispatcher_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/fs/file_systems.h"

namespace weir::jobmanager {
namespace {

TEST(DispatcherOptionsTest, AJobsCheckpointsLieUnderTheConfiguredDirectoryHoweverItIsWritten) {
  for (const std::string written :
       {"/data/checkpoints/", "file:/data/checkpoints", "file:///data/checkpoints"}) {
    config::Warnings warnings;
    const auto configuration = config::Configuration::fromOverrides(
        {"state.backend=filesystem", "state.backend.fs.checkpointdir=" + written}, warnings);
    ASSERT_TRUE(configuration.has_value());
    const auto cluster = DispatcherOptions::from(*configuration, warnings);
    ASSERT_TRUE(cluster.has_value());
    runtime::SubmitRequest request;
    const fs::FileSystems files;
    const auto options = optionsOf(*cluster, files, request);
    ASSERT_TRUE(options.has_value()) << options.error().text();
    EXPECT_EQ(options->storage.directory, "file:/data/checkpoints/" + request.job.hex()) << written;
  }
}

TEST(DispatcherOptionsTest, RefusesADirectoryOnAFileSystemThatThisProcessDoesNotHave) {
  config::Warnings warnings;
  const auto configuration = config::Configuration::fromOverrides(
      {"state.backend=filesystem", "state.backend.fs.checkpointdir=gopher://h/data"}, warnings);
  ASSERT_TRUE(configuration.has_value());
  const auto cluster = DispatcherOptions::from(*configuration, warnings);
  ASSERT_TRUE(cluster.has_value());
  runtime::SubmitRequest request;
  const fs::FileSystems files;
  const auto options = optionsOf(*cluster, files, request);
  ASSERT_FALSE(options.has_value());
  EXPECT_THAT(options.error().text(), testing::HasSubstr("scheme 'gopher'"));
}

}  // namespace
}  // namespace weir::jobmanager
