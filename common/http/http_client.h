#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "common/base/result.h"

namespace weir::http {

/// With what a request is signed (AWS Signature Version 4). Never printed.
struct SigningKey {
  std::string access_key;
  std::string secret_key;
  std::string region;
};

/// What is read at least of an answer: a server that refuses says why.
inline constexpr std::uint64_t kMostRefusal = std::uint64_t{64} << 10;

struct Request {
  std::string method = "GET";  ///< GET, HEAD, PUT, POST or DELETE; the body goes with PUT and POST.
  std::string url;             ///< Percent-encoded.
  std::vector<std::string> headers;  ///< "Name: value".
  std::string_view body;
  std::uint64_t most_answer = std::uint64_t{1} << 20;  ///< Bytes of the answer's body.
  const SigningKey* key = nullptr;                     ///< Signs the request.
  bool negotiate = false;  ///< Kerberos, with the ticket of this process's user.
  /// Ends the request within a second or so of becoming true.
  const std::atomic<bool>* stop = nullptr;
};

struct Answer {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  ///< Names in lower case.
  std::string body;

  bool isSuccess() const { return status >= 200 && status < 300; }
  /// The header's value; empty when there is none.
  std::string header(std::string_view name) const;
};

/// Sends requests, each on the calling thread, over connections that stay open for the next one.
///
/// Follows no redirects: where credentials go is decided by whoever knows the protocol. Proxies are
/// not taken from the environment, which workers do not have. Every wait has a bound: one for
/// connecting, one for a connection on which nothing moves, one for the whole, by the bytes that
/// may move: 16 KiB a second at least.
///
/// Threads: any. Errors: kUnavailable where the same request may succeed later (nobody answers, the
/// connection broke, fewer bytes came than were announced); kResourceExhausted for an answer above
/// its bound; kCancelled when it was stopped; kIo for all else. They name the URL without its
/// query.
class HttpClient {
 public:
  struct Settings {
    Duration connect_timeout = std::chrono::seconds(5);
    Duration idle_timeout = std::chrono::seconds(15);
  };
  explicit HttpClient(Settings settings);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  /// Any status that a server answers with is an Answer.
  Result<Answer> perform(const Request& request);
  /// Grows while bytes move, whoever they are for.
  std::uint64_t activity() const;

 private:
  struct Connections;
  std::unique_ptr<Connections> connections_;
};

}  // namespace weir::http
