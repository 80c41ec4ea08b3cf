#pragma once

#include <functional>
#include <string>

#include "common/base/result.h"

namespace weir::s3 {

/// Where an object store is, and who we are there.
struct S3Settings {
  std::string endpoint;  ///< "https://host[:port]"; empty: Amazon's of the region.
  std::string region;    ///< Empty: us-east-1.
  std::string access_key;
  std::string secret_key;
  std::string session_token;  ///< Of temporary keys; else empty.
  bool path_style = false;    ///< The bucket stands in the path, not in the host's name.
};

/// An environment variable's value; empty when it is not set.
using Environment = std::function<std::string(const std::string& name)>;

/// Fills in what is not set from the AWS_ variables, then from the profile in ~/.aws/credentials
/// and
/// ~/.aws/config. Errors: kInvalidArgument without keys, or for an endpoint that is no URL, saying
/// what to set.
Result<S3Settings> completed(S3Settings settings, const Environment& environment);

}  // namespace weir::s3
