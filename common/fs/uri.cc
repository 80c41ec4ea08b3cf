#include "common/fs/uri.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "common/base/utf8.h"
#include "common/fs/location.h"

namespace weir::fs {

std::string normalPath(std::string_view absolute) {
  std::string path = std::filesystem::path(absolute).lexically_normal().string();
  const std::size_t slashes = std::min(path.find_first_not_of('/'), path.size());
  path.erase(0, slashes == 0 ? 0 : slashes - 1);
  if (path.size() > 1 && path.back() == '/') {
    path.pop_back();
  }
  return path;
}

Result<std::string> localPath(std::string_view path_or_uri) {
  if (const std::string_view scheme = schemeOf(path_or_uri);
      !scheme.empty() && scheme != "file" && path_or_uri.find('\0') == std::string_view::npos) {
    return Error(ErrorCode::kInvalidArgument,
                 "path '" + escaped(path_or_uri) + "' has the scheme '" + std::string(scheme) +
                     "', but only file: is supported");
  }
  WEIR_TRY(const Location location, Location::parse(path_or_uri));
  return location.path();
}

std::string toFileUri(std::string_view local_path) { return "file:" + normalPath(local_path); }

std::string join(std::string_view directory, std::string_view name) {
  while (directory.size() > 1 && directory.ends_with('/')) {
    directory.remove_suffix(1);
  }
  while (name.starts_with('/')) {
    name.remove_prefix(1);
  }
  std::string path(directory);
  if (!path.ends_with('/')) {
    path += '/';
  }
  return path.append(name);
}

std::string parentOf(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) {
    return "/";
  }
  const bool root = slash == 0 || path[slash - 1] == ':';
  return std::string(path.substr(0, root ? slash + 1 : slash));
}

std::string nameOf(std::string_view path) { return std::string(path.substr(path.rfind('/') + 1)); }

std::string absolutePath(std::string_view path_or_uri) {
  if (path_or_uri.empty() || !schemeOf(path_or_uri).empty()) {
    return std::string(path_or_uri);
  }
  std::error_code error;
  const auto absolute = std::filesystem::absolute(std::filesystem::path(path_or_uri), error);
  return error ? std::string(path_or_uri) : normalPath(absolute.string());
}

}  // namespace weir::fs
