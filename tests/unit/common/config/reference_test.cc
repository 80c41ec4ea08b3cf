#include "common/config/reference.h"

#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/config/options.h"

namespace weir::config {
namespace {

using testing::HasSubstr;

/// Of the source tree that this test was built from.
std::string confFile(const std::string& name) {
  const std::string here = __FILE__;
  return here.substr(0, here.rfind("tests/unit")) + "conf/" + name;
}

TEST(ReferenceTest, ThePageInConfIsWhatTheTableSays) {
  std::ifstream file(confFile("README.md"));
  std::ostringstream page;
  page << file.rdbuf();
  if (page.str() != renderMarkdown()) {
    std::ofstream("conf-README.md") << renderMarkdown();
    ADD_FAILURE()
        << "conf/README.md is old; the new one is conf-README.md in the working directory";
  }
}

TEST(ReferenceTest, TheShippedFileHasNothingWrongAndOnlyDefaultsButForSlots) {
  Warnings warnings;
  const auto shipped = Configuration::load(confFile("flink-conf.yaml"), {}, warnings);
  ASSERT_TRUE(shipped.has_value()) << shipped.error().text();
  EXPECT_TRUE(warnings.empty());
  for (const auto& entry : shipped->entries()) {
    // Enough for the examples, which have parallelism 2 themselves.
    const bool slots = entry.key == "taskmanager.numberOfTaskSlots";
    EXPECT_EQ(entry.value, slots ? "4" : findOption(entry.key)->fallback) << entry.key;
  }
}

TEST(ReferenceTest, OneOptionIsDescribedWhole) {
  Configuration configuration;
  ASSERT_TRUE(configuration.set("rest.port", "9000", "-D").has_value());
  const std::string text = renderText(configuration.describe(kWebPort));
  EXPECT_THAT(text, HasSubstr("jobmanager.web.port: 9000\n  where from: -D\n  default: 8081\n"));
  EXPECT_THAT(renderJson(configuration.describe(kWebPort)), HasSubstr("\"value\": \"9000\""));
  EXPECT_THAT(renderText(configuration), HasSubstr("jobmanager.web.port: 9000  # -D\n"));
}

}  // namespace
}  // namespace weir::config
