#include "common/http/http_client.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstring>
#include <mutex>
#include <optional>

#include <sys/socket.h>

#include "common/fs/progress.h"
#include "common/http/curl_library.h"
#include "common/http/url.h"

namespace weir::http {
namespace {

constexpr std::size_t kMostIdle = 32;  // Handles that are kept, each with its connections.
constexpr long kReceiveBytes = 512L * 1024;
constexpr long kSendBytes = 1024L * 1024;
constexpr std::size_t kMostHeaders = 64 * 1024;
constexpr std::uint64_t kLeastRate = std::uint64_t{16} << 10;  // Bytes a second that are worth it.

long millis(Duration duration) {
  return std::max(
      1L,
      static_cast<long>(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count()));
}

/// One request on its way, as libcurl's callbacks see it.
struct Exchange {
  const Request& request;
  Answer& answer;
  std::atomic<std::uint64_t>& activity;
  std::size_t sent = 0;
  std::size_t header_bytes = 0;
  curl_off_t moved = 0;
  bool too_long = false;
};

std::size_t onBody(char* bytes, std::size_t size, std::size_t count, void* context) {
  Exchange& exchange = *static_cast<Exchange*>(context);
  std::string& body = exchange.answer.body;
  if (size * count > exchange.request.most_answer - body.size()) {
    exchange.too_long = true;
    return 0;
  }
  body.append(bytes, size * count);
  return size * count;
}

std::size_t onHeader(char* bytes, std::size_t size, std::size_t count, void* context) {
  Exchange& exchange = *static_cast<Exchange*>(context);
  std::string_view line(bytes, size * count);
  exchange.header_bytes += line.size();
  if (exchange.header_bytes > kMostHeaders) {
    exchange.too_long = true;
    return 0;
  }
  if (line.starts_with("HTTP/")) {
    exchange.answer.headers.clear();  // Of an answer before this one: 100, or 401 of Negotiate.
    exchange.answer.body.clear();
    return line.size();
  }
  const std::size_t colon = line.find(':');
  if (colon != std::string_view::npos) {
    std::string name(line.substr(0, colon));
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
    std::string_view value = line.substr(colon + 1);
    value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
    const std::size_t end = value.find_last_not_of(" \t\r\n");
    value = value.substr(0, end == std::string_view::npos ? 0 : end + 1);
    if (name == "content-length" && exchange.request.method == "GET") {
      std::uint64_t length = 0;
      std::from_chars(value.data(), value.data() + value.size(), length);
      exchange.answer.body.reserve(std::min(length, exchange.request.most_answer));
    }
    exchange.answer.headers.emplace_back(std::move(name), value);
  }
  return line.size();
}

std::size_t onSend(char* to, std::size_t size, std::size_t count, void* context) {
  Exchange& exchange = *static_cast<Exchange*>(context);
  const std::string_view rest = exchange.request.body.substr(exchange.sent);
  const std::size_t bytes = std::min(rest.size(), size * count);
  std::memcpy(to, rest.data(), bytes);
  exchange.sent += bytes;
  return bytes;
}

int onRewind(void* context, curl_off_t offset, int origin) {
  if (origin != SEEK_SET) {
    return CURL_SEEKFUNC_FAIL;
  }
  static_cast<Exchange*>(context)->sent = static_cast<std::size_t>(offset);
  return CURL_SEEKFUNC_OK;
}

int onProgress(
    void* context, curl_off_t /*all*/, curl_off_t received, curl_off_t /*all*/, curl_off_t sent) {
  Exchange& exchange = *static_cast<Exchange*>(context);
  if (received + sent != exchange.moved) {
    exchange.moved = received + sent;
    exchange.activity.fetch_add(1, std::memory_order_relaxed);
    fs::noteProgress();
  }
  return exchange.request.stop != nullptr && exchange.request.stop->load() ? 1 : 0;
}

/// Nothing that this process starts inherits a connection.
curl_socket_t onSocket(void* /*context*/, curlsocktype /*purpose*/, curl_sockaddr* address) {
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/// Frees the list of a request's headers.
struct Headers {
  explicit Headers(const CurlLibrary& library) : curl(library) {}
  ~Headers() { curl.slist_free_all(list); }
  Headers(const Headers&) = delete;
  Headers& operator=(const Headers&) = delete;
  bool add(const std::string& line) {
    curl_slist* longer = curl.slist_append(list, line.c_str());
    list = longer == nullptr ? list : longer;
    return longer != nullptr;
  }

  const CurlLibrary& curl;
  curl_slist* list = nullptr;
};

}  // namespace

std::string Answer::header(std::string_view name) const {
  const auto found = std::ranges::find(headers, name, [](const auto& one) { return one.first; });
  return found == headers.end() ? "" : found->second;
}

/// The handles that wait for the next request, with what they have open.
struct HttpClient::Connections {
  explicit Connections(Settings how) : settings(how) {}
  ~Connections() {
    for (CURL* handle : idle) {
      curl->easy_cleanup(handle);
    }
  }
  Connections(const Connections&) = delete;
  Connections& operator=(const Connections&) = delete;

  CURL* take() {
    const std::lock_guard lock(mutex);
    if (idle.empty()) {
      return curl->easy_init();
    }
    CURL* handle = idle.back();
    idle.pop_back();
    return handle;
  }

  void giveBack(CURL* handle) {
    curl->easy_reset(handle);  // Keeps connections.
    {
      const std::lock_guard lock(mutex);
      if (idle.size() < kMostIdle) {
        idle.push_back(handle);
        return;
      }
    }
    curl->easy_cleanup(handle);
  }

  void apply(CURL* handle, Exchange& exchange, curl_slist* headers, char* error) const;
  void applyMethod(CURL* handle, Exchange& exchange) const;

  const Settings settings;
  const CurlLibrary* curl = nullptr;  // Set before the first handle is made.
  std::once_flag loading;
  std::optional<Error> not_loaded;
  std::mutex mutex;
  std::vector<CURL*> idle;
  std::atomic<std::uint64_t> activity{0};
};

void HttpClient::Connections::apply(CURL* handle,
                                    Exchange& exchange,
                                    curl_slist* headers,
                                    char* error) const {
  const Request& request = exchange.request;
  const auto set = [&](CURLoption option, auto value) { curl->easy_setopt(handle, option, value); };
  set(CURLOPT_ERRORBUFFER, error);
  set(CURLOPT_URL, request.url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_PATH_AS_IS, 1L);
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_PROXY, "");
  set(CURLOPT_TCP_KEEPALIVE, 1L);
  set(CURLOPT_BUFFERSIZE, kReceiveBytes);
  set(CURLOPT_UPLOAD_BUFFERSIZE, kSendBytes);
  set(CURLOPT_CONNECTTIMEOUT_MS, millis(settings.connect_timeout));
  set(CURLOPT_LOW_SPEED_LIMIT, 1L);
  set(CURLOPT_LOW_SPEED_TIME, std::max(1L, millis(settings.idle_timeout) / 1000));
  // What drips stands still for nobody: the whole has its time too.
  const auto bytes =
      static_cast<std::int64_t>((request.body.size() + request.most_answer) / kLeastRate);
  set(CURLOPT_TIMEOUT_MS,
      millis(settings.connect_timeout + 2 * settings.idle_timeout + std::chrono::seconds(bytes)));
  set(CURLOPT_HTTPHEADER, headers);
  set(CURLOPT_WRITEFUNCTION, &onBody);
  set(CURLOPT_WRITEDATA, &exchange);
  set(CURLOPT_HEADERFUNCTION, &onHeader);
  set(CURLOPT_HEADERDATA, &exchange);
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_XFERINFOFUNCTION, &onProgress);
  set(CURLOPT_XFERINFODATA, &exchange);
  set(CURLOPT_OPENSOCKETFUNCTION, &onSocket);
  if (request.key != nullptr) {
    set(CURLOPT_AWS_SIGV4, ("aws:amz:" + request.key->region + ":s3").c_str());
    set(CURLOPT_USERNAME, request.key->access_key.c_str());
    set(CURLOPT_PASSWORD, request.key->secret_key.c_str());
  } else if (request.negotiate) {
    set(CURLOPT_HTTPAUTH, CURLAUTH_NEGOTIATE);
    set(CURLOPT_USERPWD, ":");
  }
  applyMethod(handle, exchange);
}

void HttpClient::Connections::applyMethod(CURL* handle, Exchange& exchange) const {
  const Request& request = exchange.request;
  const auto set = [&](CURLoption option, auto value) { curl->easy_setopt(handle, option, value); };
  if (request.method == "HEAD") {
    set(CURLOPT_NOBODY, 1L);
  } else if (request.method == "PUT") {
    set(CURLOPT_UPLOAD, 1L);
    set(CURLOPT_READFUNCTION, &onSend);
    set(CURLOPT_READDATA, &exchange);
    set(CURLOPT_SEEKFUNCTION, &onRewind);
    set(CURLOPT_SEEKDATA, &exchange);
    set(CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
  } else if (request.method == "POST") {
    set(CURLOPT_POST, 1L);
    set(CURLOPT_POSTFIELDS, request.body.empty() ? "" : request.body.data());
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
  } else if (request.method != "GET") {
    set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }
}

HttpClient::HttpClient(Settings settings) : connections_(std::make_unique<Connections>(settings)) {}

HttpClient::~HttpClient() = default;

std::uint64_t HttpClient::activity() const {
  return connections_->activity.load(std::memory_order_relaxed);
}

Result<Answer> HttpClient::perform(const Request& request) {
  Connections& all = *connections_;
  std::call_once(all.loading, [&all] {
    if (const auto loaded = CurlLibrary::load()) {
      all.curl = *loaded;
    } else {
      all.not_loaded = loaded.error();
    }
  });
  if (all.not_loaded) {
    return *all.not_loaded;
  }
  fs::noteProgress();
  all.activity.fetch_add(1, std::memory_order_relaxed);
  const std::string what = request.method + " " + shown(request.url);
  Headers headers(*all.curl);
  bool listed = headers.add("Expect:");  // Nobody here waits for leave to send.
  for (const std::string& line : request.headers) {
    listed = listed && headers.add(line);
  }
  CURL* const handle = all.take();
  if (handle == nullptr || !listed) {
    return Error(ErrorCode::kResourceExhausted, what + ": there is no memory for it");
  }
  Answer answer;
  Exchange exchange{request, answer, all.activity};
  char text[CURL_ERROR_SIZE] = "";
  all.apply(handle, exchange, headers.list, text);
  const CURLcode code = all.curl->easy_perform(handle);
  long status = 0;
  long sent = 0;
  all.curl->easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
  all.curl->easy_getinfo(handle, CURLINFO_REQUEST_SIZE, &sent);
  all.giveBack(handle);
  answer.status = static_cast<int>(status);
  fs::noteProgress();
  if (code == CURLE_OK) {
    return answer;
  }
  if (exchange.too_long) {
    return Error(ErrorCode::kResourceExhausted, what + ": the answer is longer than is read");
  }
  if (request.stop != nullptr && request.stop->load()) {
    return Error(ErrorCode::kCancelled, what + ": was stopped");
  }
  // What came for a request that was sent is no HTTP: an earlier answer's rest, say. The connection
  // is closed by now.
  const bool garbled = code == CURLE_UNSUPPORTED_PROTOCOL && sent > 0;
  return Error(garbled || mayComeRight(code) ? ErrorCode::kUnavailable : ErrorCode::kIo,
               what + ": " + (text[0] != '\0' ? text : all.curl->easy_strerror(code)));
}

}  // namespace weir::http
