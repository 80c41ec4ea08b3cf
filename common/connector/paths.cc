#include "common/connector/paths.h"

#include "common/base/utf8.h"
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
  return fs::localPath(path);
}

}  // namespace weir::connector
