#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/config/security.h"

namespace weir::jobmanager::web {

struct Response {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  bool any_origin = false;    ///< Whether pages of other sites may read it.
  std::string location = {};  ///< Of a redirection: where to ask; the request's query is added.
};

/// An HTTP/1.1 server for GET and HEAD, on one thread of its own.
///
/// Listens from listen() on; connections wait until serve(). Malformed requests are answered 400,
/// other methods 405; size, time and number of connections are bounded: above the bound the one
/// that waits longest for a request makes room. Threads: the owner's; the handler runs on the
/// server's thread and must not block.
class HttpServer {
 public:
  /// Answers a path without query, as it was sent.
  using Handler = std::function<Response(std::string_view path)>;

  struct Settings {
    std::string host;                                     ///< Empty: all interfaces.
    std::uint16_t port = 0;                               ///< 0: a free one.
    Duration request_timeout = std::chrono::seconds(30);  ///< Also of an idle connection.
    std::size_t most_connections = 250;
    /// Whether a Host header is ours; empty: any is.
    std::function<bool(std::string_view host)> serves;
  };

  /// kUnavailable naming host and port when they cannot be listened on.
  static Result<std::unique_ptr<HttpServer>> listen(Settings settings,
                                                    const config::Security& security,
                                                    Handler handler);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  std::uint16_t port() const;
  /// Begins to answer. Once.
  void serve();
  /// Closes all connections and joins. Idempotent.
  void stop();

 private:
  struct State;
  explicit HttpServer(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace weir::jobmanager::web
