#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/s3/s3_client.h"

namespace weir::s3 {

struct Object {
  std::string key;
  std::uint64_t size = 0;
  std::int64_t modified_millis = 0;
};

/// One page of what is below a prefix.
struct ListPage {
  std::vector<Object> objects;
  std::vector<std::string> prefixes;  ///< Of keys with a further slash, where they are gathered.
  std::string next;                   ///< Continues the listing; empty on the last page.
};

/// A multipart upload that was neither completed nor aborted.
struct Upload {
  std::string key;
  std::string id;
};

struct ListQuery {
  Place below;                ///< Its key is the prefix: "dir/", or empty for the whole bucket.
  bool gather = true;         ///< Keys with a further slash are told as their prefix, once.
  std::uint32_t most = 1000;  ///< Objects and prefixes of a page.
  std::string from;           ///< ListPage::next of the page before.
};

Result<ListPage> listPage(const S3Client& client, const ListQuery& query);
/// Uploads whose keys begin so, of all pages; kResourceExhausted where those have no end.
Result<std::vector<Upload>> listUploads(const S3Client& client, const Place& below);

/// Milliseconds since 1970 of "2026-11-27T15:00:00.000Z"; 0 for what is no time.
std::int64_t parseTime(std::string_view text);

}  // namespace weir::s3
