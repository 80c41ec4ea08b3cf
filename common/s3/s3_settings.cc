#include "common/s3/s3_settings.h"

#include <fstream>
#include <map>
#include <string_view>

#include "common/http/url.h"

namespace weir::s3 {
namespace {

std::string trimmed(std::string_view text) {
  const std::size_t from = text.find_first_not_of(" \t\r");
  if (from == std::string_view::npos) {
    return "";
  }
  return std::string(text.substr(from, text.find_last_not_of(" \t\r") + 1 - from));
}

/// The keys of a section of an ini file as AWS tools write them; none where there is no such file.
std::map<std::string, std::string> sectionOf(const std::string& path, const std::string& name) {
  std::map<std::string, std::string> values;
  std::ifstream file(path);
  bool inside = false;
  for (std::string line; std::getline(file, line);) {
    const std::string text = trimmed(line);
    if (text.starts_with('[')) {
      inside = text == "[" + name + "]" || text == "[profile " + name + "]";
    } else if (const std::size_t is = text.find('=');
               inside && is != std::string::npos && !text.starts_with('#')) {
      values[trimmed(text.substr(0, is))] = trimmed(text.substr(is + 1));
    }
  }
  return values;
}

void fill(std::string& value, const std::string& with) {
  if (value.empty()) {
    value = with;
  }
}

/// Keys go together: those of different places are never mixed.
void takeKeys(S3Settings& settings,
              const std::string& access,
              const std::string& secret,
              const std::string& token) {
  if (settings.access_key.empty() && settings.secret_key.empty() && !access.empty()) {
    settings.access_key = access;
    settings.secret_key = secret;
    settings.session_token = token;
  }
}

}  // namespace

Result<S3Settings> completed(S3Settings settings, const Environment& environment) {
  takeKeys(settings,
           environment("AWS_ACCESS_KEY_ID"),
           environment("AWS_SECRET_ACCESS_KEY"),
           environment("AWS_SESSION_TOKEN"));
  fill(settings.endpoint, environment("AWS_ENDPOINT_URL_S3"));
  fill(settings.endpoint, environment("AWS_ENDPOINT_URL"));
  fill(settings.region, environment("AWS_REGION"));
  fill(settings.region, environment("AWS_DEFAULT_REGION"));

  std::string profile = environment("AWS_PROFILE");
  fill(profile, "default");
  const std::string home = environment("HOME");
  std::string credentials = environment("AWS_SHARED_CREDENTIALS_FILE");
  fill(credentials, home + "/.aws/credentials");
  std::string config = environment("AWS_CONFIG_FILE");
  fill(config, home + "/.aws/config");
  for (const std::string& path : {credentials, config}) {
    auto values = sectionOf(path, profile);
    takeKeys(settings,
             values["aws_access_key_id"],
             values["aws_secret_access_key"],
             values["aws_session_token"]);
    fill(settings.region, values["region"]);
    fill(settings.endpoint, values["endpoint_url"]);
  }
  fill(settings.region, "us-east-1");
  if (settings.access_key.empty() || settings.secret_key.empty()) {
    return Error(ErrorCode::kInvalidArgument, "there are no keys for s3:")
        .advise(
            "set s3.access-key and s3.secret-key, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
            "or the profile '" +
            profile + "' in ~/.aws/credentials");
  }
  if (settings.endpoint.empty()) {
    settings.endpoint = "https://s3." + settings.region + ".amazonaws.com";
  } else if (settings.endpoint.find("://") == std::string::npos) {
    settings.endpoint = "https://" + settings.endpoint;
  }
  while (settings.endpoint.ends_with('/')) {
    settings.endpoint.pop_back();
  }
  if (!http::isHttp(settings.endpoint)) {
    return Error(ErrorCode::kInvalidArgument,
                 "s3.endpoint is '" + http::shown(settings.endpoint) + "'")
        .advise("write http://host:port or https://host");
  }
  return settings;
}

}  // namespace weir::s3
