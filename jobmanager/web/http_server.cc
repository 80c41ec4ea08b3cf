#include "jobmanager/web/http_server.h"

#include <algorithm>
#include <list>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include "common/daemon/descriptors.h"
#include "common/telemetry/log.h"
#include "common/telemetry/occasionally.h"

namespace weir::jobmanager::web {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;

constexpr std::uint32_t kMostHeaderBytes = 16 * 1024;
constexpr std::uint64_t kMostBodyBytes = 64 * 1024;

constexpr std::string_view kForeignHost =
    "the Host of this request is no name of this job manager; ask for its IP address, or name the "
    "host in jobmanager.web.allowed-hosts\n";

/// Whether the peer's bytes are wrong, and not its connection.
bool isHttpError(const beast::error_code& error) {
  return error.category() == http::make_error_code(http::error::bad_method).category();
}

class Connection;

/// What the connections share. Touched on the server's thread only.
struct Shared {
  HttpServer::Handler handler;
  HttpServer::Settings settings;
  std::size_t connections = 0;
  std::list<Connection*> waiting;  // For a request, longest first; each leaves before it ends.
  daemon::SpareDescriptor spare;
  log::Occasionally full_lines;
  log::Occasionally error_lines;
};

/// One connection; kept alive by the operation that runs.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(tcp::socket socket, Shared& shared) : stream_(std::move(socket)), shared_(shared) {
    ++shared_.connections;
  }
  ~Connection() {
    stopWaiting();
    stopCounting();
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void read() {
    waits_ = shared_.waiting.insert(shared_.waiting.end(), this);
    parser_.emplace();
    parser_->header_limit(kMostHeaderBytes);
    parser_->body_limit(kMostBodyBytes);
    stream_.expires_after(shared_.settings.request_timeout);
    http::async_read(
        stream_,
        buffer_,
        *parser_,
        [self = shared_from_this()](beast::error_code error, std::size_t) { self->onRead(error); });
  }

  /// Makes room for others while it waits for a request.
  void drop() {
    stopWaiting();
    stopCounting();  // Its last operation is still to end.
    beast::error_code ignored;
    stream_.socket().close(ignored);
  }

 private:
  void stopCounting() {
    if (std::exchange(counted_, false)) {
      --shared_.connections;
    }
  }
  void stopWaiting() {
    if (waits_) {
      shared_.waiting.erase(*waits_);
      waits_.reset();
    }
  }

  void onRead(beast::error_code error) {
    stopWaiting();
    if (!error) {
      const auto& request = parser_->get();
      if (const auto hosts = request.count(http::field::host); hosts > 1) {
        write({400, "text/plain", "the request has several Host headers\n"}, false, false);
      } else if (hosts == 1 && !serves(request[http::field::host])) {
        write({403, "text/plain", std::string(kForeignHost)}, false, false);
      } else {
        answer(request.method(), request.target(), request.keep_alive());
      }
    } else if (error == http::error::end_of_stream || !isHttpError(error)) {
      close();  // The peer is done, too slow, or gone.
    } else if (error == http::error::header_limit || error == http::error::body_limit) {
      write({413, "text/plain", "the request is too large\n"}, false, false);
    } else {
      write(
          {400, "text/plain", "the request is malformed: " + error.message() + "\n"}, false, false);
    }
  }

  bool serves(beast::string_view host) const {
    const auto& asked = shared_.settings.serves;
    return !asked || asked({host.data(), host.size()});
  }

  void answer(http::verb method, beast::string_view target, bool keep_alive) {
    if (method != http::verb::get && method != http::verb::head) {
      write({405, "text/plain", "only GET and HEAD are answered here\n"}, false, keep_alive);
      return;
    }
    const std::string_view path(target.data(), std::min(target.find('?'), target.size()));
    Response response = shared_.handler(path);
    if (!response.location.empty()) {
      response.location.append(target.data() + path.size(), target.size() - path.size());
    }
    write(std::move(response), method == http::verb::head, keep_alive);
  }

  void write(Response response, bool head, bool keep_alive) {
    http::response<http::string_body> message(static_cast<http::status>(response.status), 11);
    message.set(http::field::content_type,
                response.content_type +
                    (response.content_type.find("text/") == 0 ? "; charset=utf-8" : ""));
    if (response.any_origin) {
      message.set(http::field::access_control_allow_origin, "*");
    }
    if (!response.location.empty()) {
      message.set(http::field::location, response.location);
    }
    message.set(http::field::cache_control, "no-store");
    if (response.status == 405) {
      message.set(http::field::allow, "GET, HEAD");
    }
    message.keep_alive(keep_alive);
    message.content_length(response.body.size());
    if (!head) {
      message.body() = std::move(response.body);
    }
    stream_.expires_after(shared_.settings.request_timeout);
    message_.emplace(std::move(message));
    serializer_.emplace(*message_);
    const auto written = [self = shared_from_this(), keep_alive](beast::error_code error,
                                                                 std::size_t) {
      self->onWritten(error, keep_alive);
    };
    if (head) {
      http::async_write_header(stream_, *serializer_, written);
    } else {
      http::async_write(stream_, *serializer_, written);
    }
  }

  void onWritten(beast::error_code error, bool keep_alive) {
    if (!error && keep_alive) {
      read();
    } else {
      close();
    }
  }

  void close() {
    beast::error_code ignored;
    stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
  }

  beast::tcp_stream stream_;
  Shared& shared_;  // Of the server, which destroys us before it.
  bool counted_ = true;
  std::optional<std::list<Connection*>::iterator> waits_;  // While it waits for a request.
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  std::optional<http::response<http::string_body>> message_;
  std::optional<http::response_serializer<http::string_body>> serializer_;
};

Error cannotListen(const HttpServer::Settings& settings, const std::string& why) {
  const std::string host = settings.host.empty() ? "*" : settings.host;
  return Error(ErrorCode::kUnavailable,
               "cannot listen on " + host + ":" + std::to_string(settings.port) + ": " + why);
}

/// One address that is listened on; "localhost" often means two.
class Listener {
 public:
  Listener(asio::io_context& context, Shared& shared)
      : acceptor_(context), pause_(context), shared_(shared) {}

  beast::error_code open(const tcp::endpoint& endpoint) {
    beast::error_code error;
    acceptor_.open(endpoint.protocol(), error);
    if (!error && endpoint.protocol() == tcp::v6()) {
      acceptor_.set_option(asio::ip::v6_only(true), error);
    }
    if (!error) {
      acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    }
    if (!error) {
      acceptor_.bind(endpoint, error);
    }
    if (!error) {
      acceptor_.listen(asio::socket_base::max_listen_connections, error);
    }
    return error;
  }

  std::uint16_t port() const {
    beast::error_code ignored;
    return acceptor_.local_endpoint(ignored).port();
  }

  void accept() {
    acceptor_.async_accept([this](beast::error_code error, tcp::socket socket) {
      if (error == asio::error::operation_aborted) {
        return;
      }
      if (!error) {
        add(std::move(socket));
        accept();
        return;
      }
      tell(shared_.error_lines, "HTTP cannot accept a connection", error.message());
      if (error == asio::error::no_descriptors &&
          shared_.spare.turnAway(acceptor_.native_handle())) {
        accept();
        return;
      }
      pause_.expires_after(std::chrono::milliseconds(100));
      pause_.async_wait([this](beast::error_code stopped) {
        if (!stopped) {
          accept();
        }
      });
    });
  }

 private:
  /// Those that wait for a request make room, longest first; answers are finished.
  void add(tcp::socket socket) {
    const std::size_t most = shared_.settings.most_connections;
    if (shared_.connections >= most) {
      tell(shared_.full_lines, "HTTP has too many connections", "jobmanager.web.max-connections");
      if (!shared_.waiting.empty()) {
        shared_.waiting.front()->drop();
      }
    }
    if (shared_.connections < most) {
      std::make_shared<Connection>(std::move(socket), shared_)->read();
    }
  }

  void tell(log::Occasionally& lines, std::string_view what, const std::string& why) {
    if (const std::uint64_t times = lines.due(SystemClock().now()); times > 0) {
      log::warn(what, {{"why", why}, {"times", times}});
    }
  }

  tcp::acceptor acceptor_;
  asio::steady_timer pause_;
  Shared& shared_;  // Of the server, which owns us.
};

/// Everything that `host` means, IPv4 first; empty when it is unknown.
std::vector<tcp::endpoint> endpointsOf(asio::io_context& context,
                                       const HttpServer::Settings& settings) {
  std::vector<tcp::endpoint> endpoints;
  if (settings.host.empty()) {
    return {tcp::endpoint(tcp::v4(), settings.port), tcp::endpoint(tcp::v6(), settings.port)};
  }
  beast::error_code error;
  tcp::resolver resolver(context);
  for (const auto& entry : resolver.resolve(
           settings.host, std::to_string(settings.port), tcp::resolver::passive, error)) {
    endpoints.push_back(entry.endpoint());
  }
  std::sort(endpoints.begin(), endpoints.end());  // By address, IPv4 first.
  endpoints.erase(std::unique(endpoints.begin(), endpoints.end()), endpoints.end());
  return endpoints;
}

}  // namespace

struct HttpServer::State {
  Shared shared;
  asio::io_context context{1};
  std::vector<std::unique_ptr<Listener>> listeners;
  std::thread thread;
};

HttpServer::HttpServer(std::unique_ptr<State> state) : state_(std::move(state)) {}
HttpServer::~HttpServer() { stop(); }

Result<std::unique_ptr<HttpServer>> HttpServer::listen(Settings settings,
                                                       const config::Security& /*security*/,
                                                       Handler handler) {
  auto state = std::make_unique<State>();
  state->shared.handler = std::move(handler);
  state->shared.settings = settings;
  std::string problem = "the host is unknown";
  for (tcp::endpoint endpoint : endpointsOf(state->context, settings)) {
    if (!state->listeners.empty()) {
      endpoint.port(state->listeners.front()->port());  // One port, also when it was chosen for us.
    }
    auto listener = std::make_unique<Listener>(state->context, state->shared);
    const beast::error_code error = listener->open(endpoint);
    if (!error) {
      state->listeners.push_back(std::move(listener));
    } else if (error == asio::error::address_in_use) {
      return cannotListen(settings, error.message());
    } else {
      problem = error.message();  // This machine has no such address: IPv6, as a rule.
    }
  }
  if (state->listeners.empty()) {
    return cannotListen(settings, problem);
  }
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(state)));
}

std::uint16_t HttpServer::port() const { return state_->listeners.front()->port(); }

void HttpServer::serve() {
  for (const auto& listener : state_->listeners) {
    listener->accept();
  }
  state_->thread = std::thread([this] { state_->context.run(); });
}

void HttpServer::stop() {
  state_->context.stop();
  if (state_->thread.joinable()) {
    state_->thread.join();
  }
}

}  // namespace weir::jobmanager::web
