#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "common/base/result.h"

namespace weir::fs {

/// Where something durable lies: a scheme, which says on which file system, and a path there.
///
/// Parsed and checked once; the same place has one spelling, whatever its user wrote. Whether a
/// file system has the scheme is said when something is done there (FileSystems).
class Location {
 public:
  /// "/dir", "file:/dir", "file:///dir", "file://localhost/dir", or "scheme://authority/dir", with
  /// "//", "." and ".." in the path resolved by their spelling and without a slash at its end.
  /// kInvalidArgument for a relative path, a zero byte, or a file: path on another host. Whoever
  /// joins a name that it was told checks that name first: this keeps nobody inside a directory.
  static Result<Location> parse(std::string_view path_or_uri);

  const std::string& scheme() const { return scheme_; }        ///< "file" for plain paths.
  const std::string& authority() const { return authority_; }  ///< Empty for local paths.
  const std::string& path() const { return path_; }            ///< Absolute.
  bool isLocal() const { return scheme_ == "file"; }

  /// "file:/dir/name" with one slash, as paths of savepoints are printed; "scheme://authority/dir".
  std::string uri() const;
  /// The last component of the path.
  std::string name() const;
  Location parent() const;
  Location child(std::string_view name) const;

  bool operator==(const Location&) const = default;

 private:
  Location(std::string scheme, std::string authority, std::string path)
      : scheme_(std::move(scheme)), authority_(std::move(authority)), path_(std::move(path)) {}

  std::string scheme_;
  std::string authority_;
  std::string path_;
};

/// The path with "//", "." and ".." resolved by their spelling and without a slash at its end.
std::string normalPath(std::string_view absolute);

/// "file" of "file:/x", empty when there is none (RFC 3986, 3.1).
std::string_view schemeOf(std::string_view path_or_uri);

}  // namespace weir::fs
