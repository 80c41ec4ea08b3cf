#include "common/s3/s3_file_system.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "common/base/utf8.h"
#include "common/http/chunked_reader.h"
#include "common/http/curl_library.h"
#include "common/http/parts_writer.h"
#include "common/http/status.h"
#include "common/s3/s3_range.h"
#include "common/s3/s3_upload.h"

namespace weir::s3 {
namespace {

constexpr std::string_view kDirectoryType = "application/x-directory";  // By convention.

Error notThere() { return {ErrorCode::kNotFound, "there is no such object"}; }

Result<std::uint64_t> sizeOf(const http::Answer& answer) {
  const std::string text = answer.header("content-length");
  std::uint64_t size = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
  if (error != std::errc() || end != text.data() + text.size()) {
    return Error(ErrorCode::kIo, "the object store does not say how long the object is");
  }
  return size;
}

}  // namespace

Place S3FileSystem::Target::directory() const {
  return {place.bucket, place.key.empty() ? "" : place.key + "/"};
}

S3FileSystem::S3FileSystem(std::function<Result<S3Settings>()> settings,
                           http::TransferSettings transfers)
    : settings_(std::move(settings)),
      transfer_(transfers),
      http_(std::make_shared<http::HttpClient>(transfers.client)),
      transfers_(http_, transfers) {}

Result<fs::Location> S3FileSystem::locate(const std::string& path) const {
  WEIR_TRY(auto location, fs::Location::parse(path));
  if (location.scheme() != "s3") {
    return Error(ErrorCode::kInvalidArgument,
                 "path '" + escaped(path) + "' has the scheme '" + location.scheme() +
                     "', but only s3: is supported here");
  }
  if (location.authority().empty() || location.authority().find('@') != std::string::npos) {
    return Error(ErrorCode::kInvalidArgument, "path '" + escaped(path) + "' names no bucket")
        .advise("write s3://bucket/dir");
  }
  return location;
}

Result<std::shared_ptr<const S3Client>> S3FileSystem::client() {
  const std::lock_guard lock(mutex_);
  if (!client_) {
    WEIR_TRY(auto settings, settings_());
    client_ = std::make_shared<const S3Client>(std::move(settings), http_, transfer_.retry);
  }
  return client_;
}

Result<S3FileSystem::Target> S3FileSystem::target(const std::string& path) {
  WEIR_TRY(const auto location, locate(path));
  WEIR_TRY(auto its_client, client());
  return Target{
      location.uri(), {location.authority(), location.path().substr(1)}, std::move(its_client)};
}

Result<ListPage> S3FileSystem::glance(const Target& at) const {
  ListQuery query;
  query.below = at.directory();
  query.most = 2;
  return listPage(*at.client, query);
}

Result<S3FileSystem::Found> S3FileSystem::find(const Target& at) const {
  Found found;
  found.info.name = fs::Location::parse("/" + at.place.key)->name();
  found.info.identity = at.uri;
  if (!at.place.key.empty()) {
    Call call;
    call.method = "HEAD";
    call.place = at.place;
    WEIR_TRY(const auto answer, at.client->send(call));
    if (answer.isSuccess()) {
      // Stores on a local disk answer with a directory's marker ("dir/") to who asks for "dir".
      found.info.directory = answer.header("content-type").starts_with(kDirectoryType);
      found.info.regular = !found.info.directory;
      WEIR_TRY(found.info.size, sizeOf(answer));
      const auto curl = http::CurlLibrary::load();
      const std::string modified = answer.header("last-modified");
      found.info.modified_millis =
          curl ? std::int64_t{(*curl)->getdate(modified.c_str(), nullptr)} * 1000 : 0;
      found.tag = answer.header("etag");
      return found;
    }
    if (answer.status != http::kNotFound) {
      return errorOf(answer);
    }
  }
  WEIR_TRY(const auto below, glance(at));
  if (below.objects.empty() && below.prefixes.empty() && !at.place.key.empty()) {
    return notThere();
  }
  found.info.directory = true;
  return found;
}

/// Some stores have a marker that they do not list.
Result<bool> S3FileSystem::hasMarker(const Target& at) {
  Call call;
  call.method = "HEAD";
  call.place = at.directory();
  WEIR_TRY(const auto answer, at.client->send(call));
  if (!answer.isSuccess() && answer.status != http::kNotFound) {
    return errorOf(answer);
  }
  return answer.isSuccess();
}

Result<std::unique_ptr<fs::FileWriter>> S3FileSystem::create(const std::string& path) {
  WEIR_TRY(auto at, target(path));
  if (at.place.key.empty()) {
    return Error(ErrorCode::kInvalidArgument, "create " + at.uri + ": is a bucket, not a file");
  }
  constexpr int kDigits = 32;
  auto upload = std::make_shared<S3Upload>(at.client, at.place, random_.hex(kDigits));
  return std::make_unique<http::PartsWriter>(at.uri, std::move(upload), transfers_, transfer_);
}

Result<std::unique_ptr<fs::FileReader>> S3FileSystem::open(const std::string& path) {
  WEIR_TRY(auto at, target(path));
  WEIR_TRY(const auto found, find(at).during("open " + at.uri));
  if (found.info.directory) {
    return Error(ErrorCode::kInvalidArgument, "open " + at.uri + ": is a directory, not a file");
  }
  auto fetch = [client = at.client, place = at.place, tag = found.tag, retry = transfer_.retry](
                   std::uint64_t offset, std::uint64_t length) {
    return readRange(*client, place, tag, offset, length, retry);
  };
  return std::make_unique<http::ChunkedReader>(
      at.uri, found.info.size, std::move(fetch), transfers_, transfer_);
}

Result<std::unique_ptr<fs::FileReader>> S3FileSystem::openNoLink(const std::string& path) {
  return open(path);  // An object store has no links.
}

Result<std::vector<fs::FileInfo>> S3FileSystem::list(const std::string& directory) {
  WEIR_TRY(const auto at, target(directory));
  ListQuery query;
  query.below = at.directory();
  const std::string& prefix = query.below.key;
  std::vector<fs::FileInfo> entries;
  bool there = prefix.empty();
  do {
    WEIR_TRY(const auto page, listPage(*at.client, query).during("list " + at.uri));
    for (const Object& object : page.objects) {
      there = true;
      if (object.key.size() > prefix.size()) {
        fs::FileInfo info;
        info.name = object.key.substr(prefix.size());
        info.size = object.size;
        info.modified_millis = object.modified_millis;
        info.regular = true;
        info.identity = "s3://" + at.place.bucket + "/" + object.key;
        entries.push_back(std::move(info));
      }
    }
    for (const std::string& below : page.prefixes) {
      there = true;
      if (below.size() > prefix.size() + 1) {
        fs::FileInfo info;
        info.name = below.substr(prefix.size(), below.size() - prefix.size() - 1);
        info.directory = true;
        info.identity = "s3://" + at.place.bucket + "/" + below.substr(0, below.size() - 1);
        entries.push_back(std::move(info));
      }
    }
    query.from = page.next;
  } while (!query.from.empty());
  if (!there) {
    WEIR_TRY(there, hasMarker(at).during("list " + at.uri));
  }
  if (!there) {
    return notThere().during("list " + at.uri);
  }
  std::ranges::sort(entries, {}, &fs::FileInfo::name);
  return entries;
}

Result<fs::FileInfo> S3FileSystem::stat(const std::string& path) {
  WEIR_TRY(const auto at, target(path));
  WEIR_TRY(auto found, find(at).during("look at " + at.uri));
  return std::move(found.info);
}

Status S3FileSystem::makeDirectories(const std::string& directory) {
  WEIR_TRY(const auto at, target(directory));
  const auto found = find(at);
  if (found) {
    return found->info.directory
               ? ok()
               : Status(Error(ErrorCode::kNotFound,
                              "make directory " + at.uri + ": is a file, not a directory"));
  }
  if (found.error().code() != ErrorCode::kNotFound) {
    return Error(found.error()).during("make directory " + at.uri);
  }
  Call call;
  call.method = "PUT";
  call.place = at.directory();
  call.headers = {"Content-Type: " + std::string(kDirectoryType)};
  const auto made = at.client->demand(call);
  return made ? ok() : Status(Error(made.error()).during("make directory " + at.uri));
}

Status S3FileSystem::removeObject(const Target& at, const std::string& key) const {
  Call call;
  call.method = "DELETE";
  call.place = {at.place.bucket, key};
  WEIR_TRY(const auto answer, at.client->send(call));
  return answer.isSuccess() || answer.status == http::kNotFound
             ? ok()
             : Status(errorOf(answer).during("delete s3://" + at.place.bucket + "/" + key));
}

Status S3FileSystem::remove(const std::string& path) {
  WEIR_TRY(const auto at, target(path));
  const auto found = find(at);
  if (!found) {
    return found.error().code() == ErrorCode::kNotFound
               ? ok()
               : Status(Error(found.error()).during("delete " + at.uri));
  }
  return found->info.directory ? removeDirectory(path) : removeObject(at, at.place.key);
}

Status S3FileSystem::removeFile(const std::string& path) {
  WEIR_TRY(const auto at, target(path));
  const auto found = find(at);
  if (!found) {
    return found.error().code() == ErrorCode::kNotFound
               ? ok()
               : Status(Error(found.error()).during("delete " + at.uri));
  }
  if (found->info.directory) {
    return Error(ErrorCode::kFailedPrecondition, "delete " + at.uri + ": is no regular file");
  }
  return removeObject(at, at.place.key);
}

Status S3FileSystem::syncDirectory(const std::string& /*directory*/) {
  return ok();  // What a store has answered it keeps.
}

Status S3FileSystem::removeUnfinished(const std::string& directory, const IsOurs& is_ours) {
  WEIR_TRY(const auto at, target(directory));
  const std::string what = "abort uploads in " + at.uri;
  WEIR_TRY(const auto uploads, listUploads(*at.client, at.directory()).during(what));
  return abortUploads(*at.client, at.directory(), uploads, is_ours).during(what);
}

Status S3FileSystem::removeDirectory(const std::string& directory) {
  WEIR_TRY(const auto at, target(directory));
  const std::string what = "delete " + at.uri;
  const std::string marker = at.directory().key;
  if (at.place.key.empty()) {
    return Error(ErrorCode::kFailedPrecondition, what + ": is a bucket");
  }
  WEIR_TRY(const auto below, glance(at).during(what));
  // What is being uploaded is listed nowhere else: of a directory below, it is another's.
  WEIR_TRY(const auto uploads, listUploads(*at.client, at.directory()).during(what));
  const auto is_below = [&](const Upload& one) {
    return one.key.find('/', marker.size()) != std::string::npos;
  };
  const bool empty = below.prefixes.empty() && std::ranges::none_of(uploads, is_below) &&
                     std::ranges::all_of(
                         below.objects, [&](const Object& object) { return object.key == marker; });
  if (!empty) {
    return Error(ErrorCode::kFailedPrecondition, what + ": the directory is not empty");
  }
  if (below.objects.empty()) {
    const auto found = find(at);
    if (found && !found->info.directory) {
      return Error(ErrorCode::kFailedPrecondition, what + ": is no directory");
    }
  }
  WEIR_RETURN_IF_ERROR(abortUploads(*at.client, at.directory(), uploads).during(what));
  return removeObject(at, marker);
}

Status S3FileSystem::removeAll(const std::string& directory) {
  WEIR_TRY(const auto at, target(directory));
  const std::string what = "delete " + at.uri;
  if (at.place.key.empty()) {
    return Error(ErrorCode::kFailedPrecondition, what + ": is a bucket");
  }
  ListQuery query;
  query.below = at.directory();
  query.gather = false;
  std::string first;
  while (true) {  // From the beginning each time, as it shrinks.
    WEIR_TRY(const auto page, listPage(*at.client, query).during(what));
    if (!page.objects.empty() && std::exchange(first, page.objects.front().key) == first) {
      return Error(ErrorCode::kIo, what + ": the object store goes on listing what it has deleted");
    }
    for (auto object = page.objects.rbegin(); object != page.objects.rend(); ++object) {
      WEIR_RETURN_IF_ERROR(removeObject(at, object->key));
    }
    if (page.next.empty()) {
      break;
    }
  }
  WEIR_RETURN_IF_ERROR(removeObject(at, query.below.key));
  WEIR_TRY(const auto uploads, listUploads(*at.client, at.directory()).during(what));
  return abortUploads(*at.client, at.directory(), uploads).during(what);
}

}  // namespace weir::s3
