#include "common/fs/empty_directory.h"

#include <utility>

namespace weir::fs {

Result<bool> removeEmptyDirectory(FileSystem& files, const std::string& directory) {
  const auto entries = files.list(directory);
  if (!entries && entries.error().code() == ErrorCode::kNotFound) {
    return true;
  }
  if (!entries) {
    return entries.error();
  }
  if (!entries->empty()) {
    return false;
  }
  Status removed = files.removeDirectory(directory);
  if (!removed && removed.error().code() != ErrorCode::kFailedPrecondition) {
    return std::move(removed).error();
  }
  return removed.has_value();  // Else somebody has put something into it since.
}

}  // namespace weir::fs
