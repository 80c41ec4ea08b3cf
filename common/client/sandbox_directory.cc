#include "common/client/sandbox_directory.h"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "common/base/utf8.h"
#include "common/fs/uri.h"

namespace weir::client {

Result<SandboxDirectory> SandboxDirectory::make(const std::vector<ShippedFile>& files) {
  std::error_code error;
  std::string path = (std::filesystem::temp_directory_path(error) / "weir-check-XXXXXX").string();
  if (error || ::mkdtemp(path.data()) == nullptr) {
    return systemError(error ? error.value() : errno, "make a directory for files to ship, " + path)
        .advise("set TMPDIR to a directory that can be written");
  }
  SandboxDirectory directory(std::move(path));
  for (const ShippedFile& file : files) {
    const std::string copy = fs::join(directory.path(), file.name);
    if (!std::filesystem::copy_file(file.path, copy, error)) {
      return systemError(error.value(), "copy " + escaped(file.path) + " to " + escaped(copy));
    }
  }
  return directory;
}

SandboxDirectory::SandboxDirectory(SandboxDirectory&& other) noexcept
    : path_(std::exchange(other.path_, {})) {}

SandboxDirectory::~SandboxDirectory() {
  if (!path_.empty()) {
    std::error_code ignored;  // It lies where the system tidies up.
    std::filesystem::remove_all(path_, ignored);
  }
}

}  // namespace weir::client
