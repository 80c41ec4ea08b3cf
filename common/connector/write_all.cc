#include "common/connector/write_all.h"

#include <cerrno>

#include <unistd.h>

namespace weir::connector {

Status writeAll(int fd, std::string_view bytes, const std::string& what) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) {
      return systemError(errno, "write to " + what);
    }
    bytes.remove_prefix(written < 0 ? 0 : static_cast<std::size_t>(written));
  }
  return ok();
}

}  // namespace weir::connector
