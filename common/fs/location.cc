#include "common/fs/location.h"

#include <algorithm>
#include <cctype>

#include "common/base/utf8.h"
#include "common/fs/uri.h"

namespace weir::fs {

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

Result<Location> Location::parse(std::string_view path_or_uri) {
  const std::string quoted = "path '" + escaped(path_or_uri) + "'";
  if (path_or_uri.find('\0') != std::string_view::npos) {
    return Error(ErrorCode::kInvalidArgument, quoted + " contains a zero byte");
  }
  std::string_view path = path_or_uri;
  const std::string_view given = schemeOf(path_or_uri);
  const std::string scheme(given.empty() ? "file" : given);
  std::string_view authority;
  path.remove_prefix(given.empty() ? 0 : given.size() + 1);
  if (!given.empty() && path.starts_with("//")) {
    path.remove_prefix(2);
    authority = path.substr(0, path.find('/'));
    path.remove_prefix(authority.size());
    if (scheme == "file" && !authority.empty() && authority != "localhost") {
      return Error(ErrorCode::kInvalidArgument,
                   quoted + " names the host '" + std::string(authority) +
                       "', but a file: path is local; write file:/dir with three or one slashes");
    }
  }
  if (!path.starts_with('/')) {
    return Error(ErrorCode::kInvalidArgument,
                 quoted + (path.empty() ? " is empty" : " is not absolute"))
        .advise("write /dir/name or file:/dir/name");
  }
  return Location(scheme, scheme == "file" ? "" : std::string(authority), normalPath(path));
}

std::string Location::uri() const {
  return scheme_ + ":" + (authority_.empty() ? "" : "//" + authority_) + path_;
}

std::string Location::name() const { return nameOf(path_); }

Location Location::parent() const { return {scheme_, authority_, parentOf(path_)}; }

Location Location::child(std::string_view name) const {
  return {scheme_, authority_, normalPath(join(path_, name))};
}

}  // namespace weir::fs
