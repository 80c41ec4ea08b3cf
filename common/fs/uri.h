#pragma once

#include <string>
#include <string_view>

#include "common/base/result.h"

namespace weir::fs {

/// The path of a Location on the local file system, for what only works there. kInvalidArgument for
/// another scheme, else the errors of Location::parse().
Result<std::string> localPath(std::string_view path_or_uri);

/// "file:/dir/file" with one slash, as paths of savepoints are printed, for an absolute path.
std::string toFileUri(std::string_view local_path);

/// `directory` and `name` with exactly one slash between them; works on paths and URIs.
std::string join(std::string_view directory, std::string_view name);

/// The directory that holds `path`: all before the last slash ("/" for "/a").
std::string parentOf(std::string_view path);

/// All behind the last slash.
std::string nameOf(std::string_view path);

/// What a user typed, relative to the working directory, as an absolute path; URIs ("scheme:...")
/// stay as they are. For the client only: daemons and workers have another working directory.
std::string absolutePath(std::string_view path_or_uri);

}  // namespace weir::fs
