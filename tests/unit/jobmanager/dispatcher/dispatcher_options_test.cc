#include "jobmanager/dispatcher/dispatcher_options.h"

#include <gtest/gtest.h>

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
    const auto options = optionsOf(*cluster, request);
    ASSERT_TRUE(options.has_value()) << options.error().text();
    EXPECT_EQ(options->storage.directory, "file:/data/checkpoints/" + request.job.hex()) << written;
  }
}

}  // namespace
}  // namespace weir::jobmanager
