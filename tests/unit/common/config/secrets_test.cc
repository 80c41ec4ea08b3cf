#include "common/config/secrets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/config/configuration.h"
#include "common/config/reference.h"

namespace weir::config {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(SecretsTest, AreKnownByTheirKeys) {
  for (const char* const key :
       {"s3.access-key", "s3.secret-key", "s3.session-token", "x.password"}) {
    EXPECT_TRUE(isSecret(key)) << key;
  }
  EXPECT_FALSE(isSecret("s3.endpoint"));
  EXPECT_EQ(shownValue("s3.secret-key", "x"), "******");
  EXPECT_EQ(shownValue("s3.secret-key", ""), "");
}

TEST(SecretsTest, StandInNothingThatIsShownOrTravelsWithAJob) {
  Warnings warnings;
  const auto loaded =
      Configuration::fromOverrides({"s3.secret-key=unspeakable", "s3.endpoint=http://e"}, warnings);
  ASSERT_TRUE(loaded.has_value());
  std::string shown = renderText(*loaded) + renderJson(*loaded);
  shown += renderText(loaded->describe(*findOption("s3.secret-key")));
  shown += renderJson(loaded->describe(*findOption("s3.secret-key")));
  for (const Configuration::Entry& one : loaded->entries()) {
    shown += one.value;
  }
  for (const auto& [key, value] : loaded->toMap()) {
    shown += key + value;
  }
  EXPECT_THAT(shown, Not(HasSubstr("unspeakable")));
  EXPECT_THAT(shown, HasSubstr("http://e"));
  EXPECT_EQ(loaded->toWholeMap().at("s3.secret-key"), "unspeakable");
}

}  // namespace
}  // namespace weir::config
