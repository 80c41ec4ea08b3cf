#include "common/daemon/arguments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::daemon {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const Description& description() {
  static const Description kDescription{.name = "weir-test",
                                        .component = "test",
                                        .help = "how it is used\n",
                                        .shortcuts = {{"--host", "test.address"}}};
  return kDescription;
}

Arguments accepted(const std::vector<std::string>& words) {
  const auto parsed = parseArguments(words, description());
  if (const auto* farewell = std::get_if<Farewell>(&parsed)) {
    ADD_FAILURE() << farewell->text;
    return {};
  }
  return std::get<Arguments>(parsed);
}

std::string refused(const std::vector<std::string>& words) {
  const auto parsed = parseArguments(words, description());
  const auto* farewell = std::get_if<Farewell>(&parsed);
  if (farewell == nullptr || farewell->status != 2) {
    ADD_FAILURE() << "it was not refused";
    return {};
  }
  return farewell->text;
}

TEST(ArgumentsTest, TakesValuesBesideAndBehindAnEqualsSign) {
  const Arguments arguments =
      accepted({"--configDir", "/conf", "-D", "a=1", "-Db=2=3", "--host=h", "--host", "i"});
  EXPECT_EQ(arguments.config_directory, "/conf");
  EXPECT_THAT(arguments.overrides, ElementsAre("a=1", "b=2=3", "test.address=h", "test.address=i"));
  EXPECT_EQ(accepted({"--configDir=/other"}).config_directory, "/other");
}

TEST(ArgumentsTest, SaysWhatIsWrongAndWhereHelpIs) {
  EXPECT_EQ(refused({"--port", "1"}),
            "weir-test: wrong usage: unknown argument \"--port\"; see weir-test --help\n");
  EXPECT_THAT(refused({"start"}), HasSubstr("unknown argument \"start\""));
  EXPECT_THAT(refused({"--configDir"}), HasSubstr("--configDir needs a value"));
  EXPECT_THAT(refused({"--configDir="}), HasSubstr("--configDir needs a value, not \"\""));
  EXPECT_THAT(refused({"-D"}), HasSubstr("-D needs a value"));
  EXPECT_THAT(refused({"-D", "key"}), HasSubstr("-D needs key=value, not \"key\""));
  EXPECT_THAT(refused({"-D=value"}), HasSubstr("-D needs key=value, not \"=value\""));
}

TEST(ArgumentsTest, HelpAndVersionEndTheProcessWellWhereverTheyStand) {
  for (const char* word : {"--help", "--version"}) {
    const auto parsed = parseArguments({"-D", "a=1", word}, description());
    ASSERT_TRUE(std::holds_alternative<Farewell>(parsed)) << word;
    EXPECT_EQ(std::get<Farewell>(parsed).status, 0);
  }
  const auto help = parseArguments({"--help"}, description());
  EXPECT_EQ(std::get<Farewell>(help).text, "how it is used\n");
}

}  // namespace
}  // namespace weir::daemon
