#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weir::http {

/// Percent-encodes all but unreserved characters (RFC 3986, 2.3): as signatures of S3 need it.
std::string encoded(std::string_view text);
/// The same, but leaves slashes.
std::string encodedPath(std::string_view path);
/// Percent-encoded bytes as they were; '+' stays, and what is no hex number too.
std::string decoded(std::string_view text);

/// "a=1&b=x%20y" of parameters, sorted by name: as signatures of S3 need it.
std::string query(std::vector<std::pair<std::string, std::string>> parameters);

/// Whether it begins with http:// or https://.
bool isHttp(std::string_view url);
/// A URL for messages: without its query, which may hold tokens, and without user and password.
std::string shown(std::string_view url);

}  // namespace weir::http
