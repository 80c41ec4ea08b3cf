#include "common/connector/paths.h"

#include <algorithm>

#include "common/base/utf8.h"
#include "common/config/file_system_options.h"
#include "common/connector/remote_files.h"
#include "common/fs/location.h"
#include "common/fs/uri.h"

namespace weir::connector {

Result<std::string> declaredPath(const std::string& path) {
  // An absolute one may be spelled with more slashes and dots than it needs.
  if (!path.starts_with('/') && fs::absolutePath(path) != path) {
    return Error(ErrorCode::kInvalidArgument,
                 "the path '" + escaped(path) +
                     "' is relative, but the client and each worker have another working directory")
        .advise(
            "name an absolute path; one that main() computes from its working directory goes "
            "through env.once(), so that all processes take the same");
  }
  if (!isRemote(path)) {
    return fs::localPath(path);
  }
  const std::string_view scheme = fs::schemeOf(path);
  if (std::ranges::find(config::kSchemes, scheme) == config::kSchemes.end()) {
    std::string known;
    for (const std::string_view one : config::kSchemes) {
      known += (known.empty() ? "" : ", ") + std::string(one) + ":";
    }
    return Error(ErrorCode::kInvalidArgument,
                 "path '" + escaped(path) + "' has the scheme '" + std::string(scheme) +
                     "', but only " + known + " are supported");
  }
  WEIR_TRY(const auto location, fs::Location::parse(path));
  return location.uri();
}

}  // namespace weir::connector
