#pragma once

#include <string>
#include <string_view>

#include "common/base/result.h"

namespace weir::fs {

/// The local path that "/abs", "file:/abs", "file:///abs" or "file://localhost/abs" means, with
/// "//", "." and ".." resolved by their spelling and without a slash at its end. kInvalidArgument
/// for another scheme, another host, or a relative path. Whoever joins a name that it was told
/// checks that name first: this function keeps nobody inside a directory.
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
