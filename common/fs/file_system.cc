#include "common/fs/file_system.h"

#include "common/fs/uri.h"

namespace weir::fs {

Result<Location> FileSystem::locate(const std::string& path) const {
  WEIR_TRY(const std::string local, localPath(path));
  return Location::parse(local);
}

Result<std::string> readAll(const FileReader& file, const std::string& path, std::uint64_t most) {
  if (file.size() > most) {
    return Error(ErrorCode::kResourceExhausted,
                 path + " has " + std::to_string(file.size()) + " bytes, and at most " +
                     std::to_string(most) + " are read");
  }
  return file.read(0, file.size());
}

Result<std::string> readAll(FileSystem& files, const std::string& path, std::uint64_t most) {
  WEIR_TRY(const auto reader, files.open(path));
  return readAll(*reader, path, most);
}

Status removeDurably(FileSystem& files, const std::string& path) {
  WEIR_RETURN_IF_ERROR(files.removeFile(path));
  return files.syncDirectory(parentOf(path));
}

Status writeAll(FileSystem& files, const std::string& path, std::string_view bytes) {
  WEIR_TRY(auto writer, files.create(path));
  WEIR_RETURN_IF_ERROR(writer->append(bytes));
  return writer->commit();
}

}  // namespace weir::fs
