#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/http/http_client.h"
#include "common/http/retry.h"
#include "common/s3/s3_settings.h"

namespace weir::s3 {

/// A bucket and, below it, a key; the key of the bucket itself is empty.
struct Place {
  std::string bucket;
  std::string key;
};

struct Call {
  std::string method = "GET";
  Place place;
  std::vector<std::pair<std::string, std::string>> parameters;
  std::vector<std::string> headers;
  std::string_view body;
  std::uint64_t most_answer = std::uint64_t{16} << 20;
  const std::atomic<bool>* stop = nullptr;
};

/// Speaks S3's protocol: signs requests, sends the SHA-256 of what it stores, for the server to
/// compare, and repeats what may come right. Threads: any.
class S3Client {
 public:
  S3Client(S3Settings settings, std::shared_ptr<http::HttpClient> http, http::RetryPolicy retry);

  /// The answer, also one that is no success: but those that may come right, at the end of retries,
  /// are the error kIo, and so is a 404 that no object store has given.
  Result<http::Answer> send(const Call& call) const;
  /// The same, where all that is no success is an error (errorOf()).
  Result<http::Answer> demand(const Call& call) const;

 private:
  std::string urlOf(const Call& call) const;
  Result<http::Answer> sendOnce(const Call& call) const;
  Result<bool> isOfStore(const http::Answer& missing, const Call& call) const;

  const S3Settings settings_;
  const http::SigningKey key_;
  const bool bucket_in_path_;
  std::shared_ptr<http::HttpClient> http_;  // Shared with transfers.
  const http::RetryPolicy retry_;
};

/// "NoSuchKey" of an answer that is no success; its status where it says nothing.
std::string codeOf(const http::Answer& answer);

/// kNotFound for what does not exist, kFailedPrecondition for a condition that does not hold,
/// kCorruption for a range that is not there, kResourceExhausted for a quota, else kIo; with what
/// the server says, and never what was sent.
Error errorOf(const http::Answer& answer);

}  // namespace weir::s3
