#include "common/fs/uri.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <system_error>

#include "common/base/utf8.h"

namespace weir::fs {

namespace {

/// "file" of "file:/x", empty when there is none (RFC 3986, 3.1).
std::string_view schemeOf(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 ||
      std::isalpha(static_cast<unsigned char>(text[0])) == 0) {
    return {};
  }
  const std::string_view scheme = text.substr(0, colon);
  const bool valid = std::all_of(scheme.begin(), scheme.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '+' || c == '-' || c == '.';
  });
  return valid ? scheme : std::string_view{};
}

std::string normalize(std::string_view absolute) {
  std::string path = std::filesystem::path(absolute).lexically_normal().string();
  const std::size_t slashes = std::min(path.find_first_not_of('/'), path.size());
  path.erase(0, slashes == 0 ? 0 : slashes - 1);
  if (path.size() > 1 && path.back() == '/') {
    path.pop_back();
  }
  return path;
}

}  // namespace

Result<std::string> localPath(std::string_view path_or_uri) {
  const std::string quoted = "path '" + escaped(path_or_uri) + "'";
  if (path_or_uri.find('\0') != std::string_view::npos) {
    return Error(ErrorCode::kInvalidArgument, quoted + " contains a zero byte");
  }
  std::string_view path = path_or_uri;
  if (const std::string_view scheme = schemeOf(path_or_uri); !scheme.empty()) {
    if (scheme != "file") {
      return Error(
          ErrorCode::kInvalidArgument,
          quoted + " has the scheme '" + std::string(scheme) + "', but only file: is supported");
    }
    path.remove_prefix(scheme.size() + 1);
    if (path.starts_with("//")) {
      path.remove_prefix(2);
      const std::string_view host = path.substr(0, path.find('/'));
      if (!host.empty() && host != "localhost") {
        return Error(ErrorCode::kInvalidArgument,
                     quoted + " names the host '" + std::string(host) +
                         "', but a file: path is local; write file:/dir with three or one slashes");
      }
      path.remove_prefix(host.size());
    }
  }
  if (!path.starts_with('/')) {
    return Error(ErrorCode::kInvalidArgument,
                 quoted + (path.empty() ? " is empty" : " is not absolute"))
        .advise("write /dir/name or file:/dir/name");
  }
  return normalize(path);
}

std::string toFileUri(std::string_view local_path) { return "file:" + normalize(local_path); }

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
  return error ? std::string(path_or_uri) : normalize(absolute.string());
}

}  // namespace weir::fs
