#include "common/hdfs/web_hdfs.h"

#include <nlohmann/json.hpp>

#include "common/base/utf8.h"
#include "common/http/status.h"
#include "common/http/url.h"

namespace weir::hdfs {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMostMessage = 300;
constexpr std::uint64_t kMostListing = std::uint64_t{512} << 20;

Json parsed(const http::Answer& answer) { return Json::parse(answer.body, nullptr, false); }

std::string textIn(const Json& object, const char* name) {
  const auto found = object.is_object() ? object.find(name) : object.end();
  return object.is_object() && found != object.end() && found->is_string()
             ? found->get<std::string>()
             : "";
}

/// A whole number; 0 where there is none.
template <typename T>
T numberIn(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_number_integer() ? found->get<T>() : T{0};
}

ErrorCode codeOf(const std::string& exception, const std::string& message, int status) {
  if (exception == "FileNotFoundException") {
    return ErrorCode::kNotFound;
  }
  if (exception == "FileAlreadyExistsException" || exception == "ParentNotDirectoryException" ||
      exception == "PathIsNotEmptyDirectoryException") {
    return ErrorCode::kFailedPrecondition;
  }
  if (exception.ends_with("QuotaExceededException")) {
    return ErrorCode::kResourceExhausted;
  }
  // A name node that stands by, starts, keeps safe or has no data nodes yet says so with a 403.
  const bool for_now = exception == "StandbyException" || exception == "RetriableException" ||
                       exception == "SafeModeException" ||
                       message.starts_with("Failed to find datanode") ||
                       message.find("could only be written to 0 of") != std::string::npos ||
                       exception == "ObserverRetryOnActiveException";
  return for_now || status >= http::kServerError || status == http::kTooManyRequests ||
                 status == http::kRequestTimeout
             ? ErrorCode::kUnavailable
             : ErrorCode::kIo;
}

/// What a server refuses, as it says it.
Error errorOf(const http::Answer& answer, const std::string& who) {
  const Json json = parsed(answer);
  const Json remote = json.is_object() && json.contains("RemoteException") ? json["RemoteException"]
                                                                           : Json::object();
  const std::string exception = textIn(remote, "exception");
  std::string message = textIn(remote, "message");
  message = message.substr(0, std::min(message.find('\n'), kMostMessage));
  Error error(codeOf(exception, message, answer.status),
              who + " answers " + std::to_string(answer.status) +
                  (exception.empty() ? "" : " " + escaped(exception) + ": " + escaped(message)));
  if (exception == "AccessControlException") {
    return std::move(error).advise("give the user of fs.hdfs.user access, or name another one");
  }
  return error;
}

Error notUnderstood(const std::string& what) {
  return {ErrorCode::kIo, "the name node's answer to " + what + " is not understood"};
}

Result<bool> truthIn(const http::Answer& answer, const char* operation) {
  const Json json = parsed(answer);
  if (!json.is_object() || !json.contains("boolean") || !json["boolean"].is_boolean()) {
    return notUnderstood(operation);
  }
  return json["boolean"].get<bool>();
}

FileStatus statusIn(const Json& json) {
  FileStatus status;
  status.name = textIn(json, "pathSuffix");
  const std::string type = textIn(json, "type");
  status.type = type == "DIRECTORY" ? FileStatus::Type::kDirectory
                : type == "SYMLINK" ? FileStatus::Type::kLink
                                    : FileStatus::Type::kFile;
  status.length = numberIn<std::uint64_t>(json, "length");
  status.modified_millis = numberIn<std::int64_t>(json, "modificationTime");
  status.id = numberIn<std::uint64_t>(json, "fileId");
  return status;
}

}  // namespace

WebHdfs::WebHdfs(NameNodes nodes,
                 std::string user,
                 std::shared_ptr<http::HttpClient> http,
                 http::RetryPolicy retry)
    : nodes_(std::move(nodes)), user_(std::move(user)), http_(std::move(http)), retry_(retry) {}

Result<http::Answer> WebHdfs::askNode(const Operation& operation, std::size_t node) const {
  http::Request request;
  request.method = operation.method;
  Parameters parameters = operation.parameters;
  if (!nodes_.kerberos) {
    parameters.emplace_back("user.name", user_);
  }
  request.url = nodes_.addresses[node] + "/webhdfs/v1" + http::encodedPath(operation.path) + "?" +
                http::query(std::move(parameters));
  request.most_answer = kMostListing;
  request.negotiate = nodes_.kerberos;
  request.stop = operation.stop;
  WEIR_TRY(auto answer, http_->perform(request));
  if (answer.status >= http::kBadRequest) {
    return errorOf(answer, "name node " + nodes_.addresses[node]);
  }
  return answer;
}

Result<http::Answer> WebHdfs::once(const Operation& operation) {
  const std::size_t count = nodes_.addresses.size();
  const std::size_t first = active_.load();
  Result<http::Answer> answer = askNode(operation, first % count);
  for (std::size_t i = 1; i < count && !answer && answer.error().code() == ErrorCode::kUnavailable;
       ++i) {
    auto other = askNode(operation, (first + i) % count);
    if (other || other.error().code() != ErrorCode::kUnavailable) {
      active_.store((first + i) % count);
      return other;
    }
    answer = Error(other.error()).during(answer.error().message() + "; then");
  }
  return answer;
}

Result<http::Answer> WebHdfs::ask(const Operation& operation) {
  return http::retried(retry_, operation.stop, [&](int /*tried*/) { return once(operation); });
}

Result<http::Answer> WebHdfs::transfer(const Operation& operation,
                                       std::string_view body,
                                       std::uint64_t most_answer) {
  bool refused_before = false;
  return http::retried(retry_, operation.stop, [&](int /*tried*/) -> Result<http::Answer> {
    WEIR_TRY(const auto redirect, once(operation));
    http::Request request;
    request.method = operation.method;
    request.url = redirect.header("location");
    if (!http::isHttp(request.url)) {
      return Error(ErrorCode::kIo, "the name node does not name a data node");
    }
    request.headers = {"Content-Type: application/octet-stream"};
    request.body = body;
    request.most_answer = most_answer;
    request.negotiate = nodes_.kerberos;
    request.stop = operation.stop;
    WEIR_TRY(auto answer, http_->perform(request));
    if (answer.isSuccess()) {
      return answer;
    }
    Error refused = errorOf(answer, "data node " + http::shown(request.url));
    // A redirect may have expired, or lead to one that does not have the block: one more is fresh.
    if (refused.code() == ErrorCode::kIo && !std::exchange(refused_before, true)) {
      return Error(ErrorCode::kUnavailable, refused.message());
    }
    return refused;
  });
}

Result<FileStatus> WebHdfs::status(const std::string& path) {
  WEIR_TRY(const auto answer, ask({"GET", path, {{"op", "GETFILESTATUS"}}}));
  const Json json = parsed(answer);
  if (!json.is_object() || !json.contains("FileStatus") || !json["FileStatus"].is_object()) {
    return notUnderstood("GETFILESTATUS");
  }
  return statusIn(json["FileStatus"]);
}

Result<std::vector<FileStatus>> WebHdfs::list(const std::string& path) {
  WEIR_TRY(const auto answer, ask({"GET", path, {{"op", "LISTSTATUS"}}}));
  const Json json = parsed(answer);
  const auto* const list = json.is_object() && json.contains("FileStatuses") &&
                                   json["FileStatuses"].is_object() &&
                                   json["FileStatuses"].contains("FileStatus")
                               ? &json["FileStatuses"]["FileStatus"]
                               : nullptr;
  if (list == nullptr || !list->is_array()) {
    return notUnderstood("LISTSTATUS");
  }
  std::vector<FileStatus> entries;
  for (const Json& one : *list) {
    if (!one.is_object()) {
      return notUnderstood("LISTSTATUS");
    }
    entries.push_back(statusIn(one));
  }
  return entries;
}

Status WebHdfs::makeDirectories(const std::string& path) {
  WEIR_TRY(const auto answer, ask({"PUT", path, {{"op", "MKDIRS"}}}));
  WEIR_TRY(const bool made, truthIn(answer, "MKDIRS"));
  return made ? ok() : Status(Error(ErrorCode::kIo, "the name node made no directory"));
}

Result<bool> WebHdfs::remove(const std::string& path, bool recursive) {
  WEIR_TRY(const auto answer,
           ask({"DELETE", path, {{"op", "DELETE"}, {"recursive", recursive ? "true" : "false"}}}));
  return truthIn(answer, "DELETE");
}

Status WebHdfs::rename(const std::string& from, const std::string& to) {
  // Without renameoptions a name that is a directory's would take the file into it.
  WEIR_TRY(const auto answer,
           ask({"PUT", from, {{"op", "RENAME"}, {"destination", to}, {"renameoptions", "NONE"}}}));
  // With options the answer is empty; a gateway that knows none says whether it did.
  if (const auto truth = truthIn(answer, "RENAME"); truth && !*truth) {
    return Error(ErrorCode::kFailedPrecondition, to + " is there already, or cannot be made");
  }
  return ok();
}

Status WebHdfs::concat(const std::string& to, const std::vector<std::string>& from) {
  std::string sources;
  for (const std::string& one : from) {
    sources += (sources.empty() ? "" : ",") + one;
  }
  WEIR_TRY([[maybe_unused]] const auto answer,
           ask({"POST", to, {{"op", "CONCAT"}, {"sources", sources}}}));
  return ok();
}

Status WebHdfs::write(const std::string& path,
                      std::string_view bytes,
                      const std::atomic<bool>* stop) {
  WEIR_TRY([[maybe_unused]] const auto answer,
           transfer({"PUT", path, {{"op", "CREATE"}, {"overwrite", "true"}}, stop},
                    bytes,
                    std::uint64_t{1} << 20));
  return ok();
}

Result<std::string> WebHdfs::read(const std::string& path,
                                  std::uint64_t offset,
                                  std::uint64_t length) {
  const Operation operation{
      "GET",
      path,
      {{"op", "OPEN"}, {"offset", std::to_string(offset)}, {"length", std::to_string(length)}}};
  return http::retried(retry_, nullptr, [&](int /*tried*/) -> Result<std::string> {
    WEIR_TRY(auto answer, transfer(operation, "", std::max(length, http::kMostRefusal)));
    if (answer.body.size() != length) {
      return Error(ErrorCode::kUnavailable,
                   "the data node sent " + std::to_string(answer.body.size()) + " bytes of " +
                       std::to_string(length));
    }
    return std::move(answer.body);
  });
}

}  // namespace weir::hdfs
