#include "common/s3/s3_client.h"

#include <algorithm>

#include <boost/property_tree/ptree.hpp>

#include "common/base/utf8.h"
#include "common/fs/digest.h"
#include "common/http/status.h"
#include "common/http/url.h"
#include "common/http/xml.h"

namespace weir::s3 {
namespace {

constexpr std::size_t kMostMessage = 300;

std::pair<std::string, std::string> codeAndMessage(const http::Answer& answer) {
  const auto tree = http::parseXml(answer.body);
  if (!tree) {
    return {};  // A proxy's page, or nothing at all.
  }
  return {tree->get("Error.Code", ""), tree->get("Error.Message", "")};
}

/// Whether the host of an URL is an address, or this machine: below those are no names of buckets.
bool isBareHost(std::string_view url) {
  std::string_view host = url.substr(url.find("://") + 3);
  host = host.substr(0, host.find('/'));
  if (host.starts_with('[')) {
    return true;
  }
  host = host.substr(0, host.find(':'));
  return host == "localhost" ||
         std::ranges::all_of(host, [](char c) { return c == '.' || (c >= '0' && c <= '9'); });
}

bool mayComeRight(const http::Answer& answer) {
  if (answer.status >= http::kServerError) {
    return answer.status != http::kNotImplemented;
  }
  const std::string code = answer.isSuccess() ? "" : codeOf(answer);
  return answer.status == http::kRequestTimeout || answer.status == http::kTooManyRequests ||
         code == "RequestTimeout" || code == "ConditionalRequestConflict" ||
         code == "OperationAborted";
}

}  // namespace

std::string codeOf(const http::Answer& answer) {
  const std::string code = codeAndMessage(answer).first;
  return code.empty() ? std::to_string(answer.status) : code;
}

Error errorOf(const http::Answer& answer) {
  auto [code, message] = codeAndMessage(answer);
  std::string text = "the object store answers " + std::to_string(answer.status);
  if (!code.empty()) {
    text += " " + escaped(code) + ": " + escaped(message.substr(0, kMostMessage));
  }
  switch (answer.status) {
    case http::kNotFound:
      return code == "NoSuchBucket"
                 ? Error(ErrorCode::kNotFound, text).advise("make the bucket first")
                 : Error(ErrorCode::kNotFound, text);
    case http::kConflict:
    case http::kPreconditionFailed:
      return {ErrorCode::kFailedPrecondition, text};
    case http::kRangeNotSatisfiable:
      return {ErrorCode::kCorruption, text};
    case http::kForbidden:
      return Error(ErrorCode::kIo, text)
          .advise(
              "check s3.access-key, s3.secret-key, s3.region, the clock, and what the key may do");
    default:
      return {code.find("Quota") != std::string::npos || code.find("Storage") != std::string::npos
                  ? ErrorCode::kResourceExhausted
                  : ErrorCode::kIo,
              text};
  }
}

S3Client::S3Client(S3Settings settings,
                   std::shared_ptr<http::HttpClient> http,
                   http::RetryPolicy retry)
    : settings_(std::move(settings)),
      key_{settings_.access_key, settings_.secret_key, settings_.region},
      bucket_in_path_(settings_.path_style || isBareHost(settings_.endpoint)),
      http_(std::move(http)),
      retry_(retry) {}

std::string S3Client::urlOf(const Call& call) const {
  const Place& place = call.place;
  std::string url = settings_.endpoint;
  // A certificate for *.host fits no bucket with dots.
  if (bucket_in_path_ || place.bucket.find('.') != std::string::npos) {
    url += "/" + http::encoded(place.bucket);
  } else {
    url.insert(url.find("://") + 3, place.bucket + ".");
  }
  url += "/" + http::encodedPath(place.key);
  return call.parameters.empty() ? url : url + "?" + http::query(call.parameters);
}

Result<http::Answer> S3Client::sendOnce(const Call& call) const {
  http::Request request;
  request.method = call.method;
  request.url = urlOf(call);
  request.headers = call.headers;
  request.headers.push_back("x-amz-content-sha256: " + fs::sha256(call.body));
  if (!settings_.session_token.empty()) {
    request.headers.push_back("x-amz-security-token: " + settings_.session_token);
  }
  request.body = call.body;
  request.most_answer = call.most_answer;
  request.key = &key_;
  request.stop = call.stop;
  WEIR_TRY(auto answer, http_->perform(request));
  if (mayComeRight(answer)) {
    return Error(
        ErrorCode::kUnavailable,
        request.method + " " + http::shown(request.url) + ": " + errorOf(answer).message());
  }
  return answer;
}

/// Anybody on the way may answer 404, with what is there taken for gone. The store itself numbers
/// its answers, or names the error, which an answer to HEAD has no room for.
Result<bool> S3Client::isOfStore(const http::Answer& missing, const Call& call) const {
  if (!missing.header("x-amz-request-id").empty() ||
      codeOf(missing) != std::to_string(missing.status)) {
    return true;
  }
  if (call.method != "HEAD") {
    return false;
  }
  Call again = call;
  again.method = "GET";
  again.headers = {"Range: bytes=0-0"};
  WEIR_TRY(const auto answer, sendOnce(again));
  if (answer.status != http::kNotFound) {
    return Error(ErrorCode::kUnavailable,
                 "HEAD " + http::shown(urlOf(call)) + ": answered 404, and GET " +
                     std::to_string(answer.status));
  }
  return isOfStore(answer, again);
}

Result<http::Answer> S3Client::send(const Call& call) const {
  return http::retried(retry_, call.stop, [&](int /*tried*/) -> Result<http::Answer> {
    WEIR_TRY(auto answer, sendOnce(call));
    if (answer.status == http::kNotFound) {
      WEIR_TRY(const bool is_of_store, isOfStore(answer, call));
      if (!is_of_store) {
        return Error(ErrorCode::kIo,
                     call.method + " " + http::shown(urlOf(call)) +
                         ": is answered 404, and not as an object store does")
            .advise("see who answers at s3.endpoint: a proxy, or another service?");
      }
    }
    return answer;
  });
}

Result<http::Answer> S3Client::demand(const Call& call) const {
  WEIR_TRY(auto answer, send(call));
  if (!answer.isSuccess()) {
    return errorOf(answer);
  }
  return answer;
}

}  // namespace weir::s3
