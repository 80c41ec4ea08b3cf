#include "common/s3/s3_settings.h"

#include <filesystem>
#include <fstream>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "common/s3/s3_client.h"
#include "common/s3/s3_listing.h"

namespace weir::s3 {
namespace {

using ::testing::HasSubstr;

class S3SettingsTest : public ::testing::Test {
 protected:
  S3SettingsTest() {
    home_ = std::filesystem::temp_directory_path() / ("weir-aws-" + std::to_string(::getpid()));
    std::filesystem::create_directories(home_ / ".aws");
    variables_["HOME"] = home_.string();
  }
  ~S3SettingsTest() override { std::filesystem::remove_all(home_); }

  void write(const std::string& name, const std::string& text) {
    std::ofstream(home_ / ".aws" / name) << text;
  }
  Result<S3Settings> complete(S3Settings settings = {}) {
    return completed(std::move(settings),
                     [this](const std::string& name) { return variables_[name]; });
  }

  std::filesystem::path home_;
  std::map<std::string, std::string> variables_;
};

TEST_F(S3SettingsTest, WithoutKeysItSaysWhatToSet) {
  const auto none = complete();
  ASSERT_FALSE(none.has_value());
  EXPECT_THAT(none.error().text(), HasSubstr("set s3.access-key and s3.secret-key, AWS_"));
}

TEST_F(S3SettingsTest, ConfigurationComesBeforeVariablesBeforeFiles) {
  write("credentials", "[default]\naws_access_key_id = file\naws_secret_access_key = fs\n");
  write("config", "[default]\nregion = eu-west-3\n");
  EXPECT_EQ(complete()->access_key, "file");
  EXPECT_EQ(complete()->region, "eu-west-3");
  EXPECT_EQ(complete()->endpoint, "https://s3.eu-west-3.amazonaws.com");
  variables_["AWS_ACCESS_KEY_ID"] = "variable";
  variables_["AWS_SECRET_ACCESS_KEY"] = "vs";
  variables_["AWS_SESSION_TOKEN"] = "token";
  variables_["AWS_REGION"] = "eu-west-1";
  EXPECT_EQ(complete()->secret_key, "vs");
  EXPECT_EQ(complete()->session_token, "token");
  EXPECT_EQ(complete()->region, "eu-west-1");
  S3Settings own;
  own.access_key = "own";
  own.secret_key = "os";
  EXPECT_EQ(complete(own)->secret_key, "os");
  EXPECT_EQ(complete(own)->session_token, "");  // Keys of two places are never mixed.
}

TEST_F(S3SettingsTest, AProfileIsASectionOfBothFiles) {
  write("credentials",
        "[default]\naws_access_key_id=d\naws_secret_access_key=d\n"
        "[work]\naws_access_key_id=w\naws_secret_access_key=ws\n");
  write("config", "[profile work]\nregion=r\nendpoint_url=http://store:9000/\n");
  variables_["AWS_PROFILE"] = "work";
  EXPECT_EQ(complete()->access_key, "w");
  EXPECT_EQ(complete()->region, "r");
  EXPECT_EQ(complete()->endpoint, "http://store:9000");
}

TEST_F(S3SettingsTest, AnEndpointIsAUrlOrAHost) {
  S3Settings own;
  own.endpoint = "store.example";
  own.access_key = "a";
  own.secret_key = "s";
  EXPECT_EQ(complete(own)->endpoint, "https://store.example");
  own.endpoint = "ftp://store.example";
  EXPECT_THAT(complete(own).error().text(), HasSubstr("s3.endpoint is 'ftp://store.example'"));
}

http::Answer answer(int status, const std::string& body) { return {status, {}, body}; }

TEST(S3ErrorTest, SaysWhatTheServerSaysAndWhatItMeans) {
  const Error none =
      errorOf(answer(404, "<Error><Code>NoSuchBucket</Code><Message>no</Message></Error>"));
  EXPECT_EQ(none.code(), ErrorCode::kNotFound);
  EXPECT_EQ(none.text(), "the object store answers 404 NoSuchBucket: no; make the bucket first");
  EXPECT_EQ(errorOf(answer(412, "")).code(), ErrorCode::kFailedPrecondition);
  EXPECT_EQ(errorOf(answer(403, "<html>")).code(), ErrorCode::kIo);
  EXPECT_EQ(codeOf(answer(403, "<html>")), "403");
  EXPECT_EQ(codeOf(answer(400, "<Error><Code>BadDigest</Code></Error>")), "BadDigest");
}

TEST(S3ListingTest, TimesAreMillisecondsSince1970) {
  EXPECT_EQ(parseTime("1970-01-02T00:00:01.500Z"), 86401500);
  EXPECT_EQ(parseTime("1970-01-01T00:00:02Z"), 2000);
  EXPECT_EQ(parseTime("yesterday"), 0);
}

}  // namespace
}  // namespace weir::s3
