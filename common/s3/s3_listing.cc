#include "common/s3/s3_listing.h"

#include <algorithm>
#include <cstdio>
#include <ctime>

#include <boost/property_tree/ptree.hpp>

#include "common/http/url.h"
#include "common/http/xml.h"

namespace weir::s3 {
namespace {

using boost::property_tree::ptree;

Result<ptree> parsed(const http::Answer& answer, const char* root) {
  const auto tree = http::parseXml(answer.body);
  if (const auto inside = tree ? tree->get_child_optional(root) : boost::none) {
    return *inside;
  }
  return Error(ErrorCode::kIo, std::string("the object store's answer is no ") + root);
}

/// A key as it is; listings are asked for in an encoding, as XML has no way to write some bytes.
std::string keyIn(const std::string& text, bool encoded) {
  if (!encoded) {
    return text;
  }
  std::string spaced = text;
  std::ranges::replace(spaced, '+', ' ');
  return http::decoded(spaced);
}

Object objectIn(const ptree& entry, bool encoded) {
  return {keyIn(entry.get("Key", ""), encoded),
          entry.get<std::uint64_t>("Size", 0),
          parseTime(entry.get("LastModified", ""))};
}

}  // namespace

std::int64_t parseTime(std::string_view text) {
  std::tm parts{};
  int millis = 0;
  const int read = std::sscanf(std::string(text).c_str(),
                               "%d-%d-%dT%d:%d:%d.%3d",
                               &parts.tm_year,
                               &parts.tm_mon,
                               &parts.tm_mday,
                               &parts.tm_hour,
                               &parts.tm_min,
                               &parts.tm_sec,
                               &millis);
  constexpr int kWithoutMillis = 6;
  if (read < kWithoutMillis) {
    return 0;
  }
  parts.tm_year -= 1900;
  parts.tm_mon -= 1;
  return static_cast<std::int64_t>(::timegm(&parts)) * 1000 + millis;
}

Result<ListPage> listPage(const S3Client& client, const ListQuery& query) {
  Call call;
  call.place = {query.below.bucket, ""};
  call.parameters = {{"list-type", "2"},
                     {"prefix", query.below.key},
                     {"encoding-type", "url"},
                     {"max-keys", std::to_string(query.most)}};
  if (query.gather) {
    call.parameters.emplace_back("delimiter", "/");
  }
  if (!query.from.empty()) {
    call.parameters.emplace_back("continuation-token", query.from);
  }
  WEIR_TRY(const auto answer, client.demand(call));
  WEIR_TRY(const ptree result, parsed(answer, "ListBucketResult"));
  const bool encoded = result.get("EncodingType", "") == "url";
  ListPage page;
  std::string last;  // As it is written.
  for (const auto& [name, entry] : result) {
    if (name == "Contents") {
      page.objects.push_back(objectIn(entry, encoded));
      last = std::max(last, entry.get("Key", ""));
    } else if (name == "CommonPrefixes") {
      page.prefixes.push_back(keyIn(entry.get("Prefix", ""), encoded));
      last = std::max(last, entry.get("Prefix", ""));
    }
  }
  if (result.get("IsTruncated", "") == "true") {
    page.next = result.get("NextContinuationToken", "");
    if (page.next == last) {  // A token that is a key is compared with keys as they are.
      page.next = keyIn(last, encoded);
    }
    if (page.next.empty() || page.next == query.from) {
      return Error(ErrorCode::kIo, "the object store has more to list, but does not say how");
    }
  }
  return page;
}

namespace {

/// Where a listing of uploads goes on: behind this upload of this key; empty at the beginning.
struct UploadMarker {
  std::string key;
  std::string id;
  bool operator==(const UploadMarker&) const = default;
};

/// Adds one page of uploads, and moves the marker to the next; false behind the last one.
Result<bool> addUploads(const S3Client& client,
                        const Place& below,
                        UploadMarker& marker,
                        std::vector<Upload>& uploads) {
  Call call;
  call.place = {below.bucket, ""};
  call.parameters = {{"uploads", ""}, {"prefix", below.key}, {"encoding-type", "url"}};
  if (!marker.key.empty()) {
    call.parameters.emplace_back("key-marker", marker.key);
    if (!marker.id.empty()) {
      call.parameters.emplace_back("upload-id-marker", marker.id);
    }
  }
  WEIR_TRY(const auto answer, client.demand(call));
  WEIR_TRY(const ptree result, parsed(answer, "ListMultipartUploadsResult"));
  const bool encoded = result.get("EncodingType", "") == "url";
  for (const auto& [name, entry] : result) {
    if (name == "Upload") {
      Upload one{keyIn(entry.get("Key", ""), encoded), entry.get("UploadId", "")};
      if (one.key.starts_with(below.key) && !one.id.empty()) {  // Some servers ignore the prefix.
        uploads.push_back(std::move(one));
      }
    }
  }
  if (result.get("IsTruncated", "") != "true") {
    return false;
  }
  const UploadMarker next{keyIn(result.get("NextKeyMarker", ""), encoded),
                          result.get("NextUploadIdMarker", "")};
  if (next.key.empty() || next == marker) {
    return Error(ErrorCode::kIo, "the object store has more uploads to list, but does not say how");
  }
  marker = next;
  return true;
}

}  // namespace

Result<std::vector<Upload>> listUploads(const S3Client& client, const Place& below) {
  constexpr int kMostPages = 1000;  // Of up to 1,000 uploads each.
  std::vector<Upload> uploads;
  UploadMarker marker;
  for (int page = 0; page < kMostPages; ++page) {
    WEIR_TRY(const bool more, addUploads(client, below, marker, uploads));
    if (!more) {
      return uploads;
    }
  }
  return Error(ErrorCode::kResourceExhausted,
               "the object store lists more than " + std::to_string(kMostPages) +
                   " pages of unfinished uploads")
      .advise("have the bucket end unfinished uploads by a rule of their age");
}

}  // namespace weir::s3
