#include "common/fs/file_systems.h"

#include <utility>

#include "common/base/utf8.h"
#include "common/fs/local_file_system.h"
#include "common/fs/location.h"

namespace weir::fs {

FileSystems::FileSystems() { add("file", std::make_unique<LocalFileSystem>()); }

void FileSystems::add(const std::string& scheme, std::unique_ptr<FileSystem> files) {
  by_scheme_.insert_or_assign(scheme, std::move(files));
}

Result<FileSystem*> FileSystems::of(const std::string& path) const {
  const std::string_view scheme = schemeOf(path);
  const auto found = by_scheme_.find(scheme.empty() ? "file" : std::string(scheme));
  if (found != by_scheme_.end()) {
    return found->second.get();
  }
  std::string known;
  for (const auto& [name, files] : by_scheme_) {
    known += (known.empty() ? "" : ", ") + name + ":";
  }
  return Error(ErrorCode::kInvalidArgument,
               "path '" + escaped(path) + "' has the scheme '" + std::string(scheme) +
                   "', but only " + known + (by_scheme_.size() == 1 ? " is" : " are") +
                   " supported");
}

Result<Location> FileSystems::locate(const std::string& path) const {
  WEIR_TRY(FileSystem * files, of(path));
  return files->locate(path);
}

Result<std::unique_ptr<FileWriter>> FileSystems::create(const std::string& path) {
  WEIR_TRY(FileSystem * files, of(path));
  return files->create(path);
}

Result<std::unique_ptr<FileReader>> FileSystems::open(const std::string& path) {
  WEIR_TRY(FileSystem * files, of(path));
  return files->open(path);
}

Result<std::unique_ptr<FileReader>> FileSystems::openNoLink(const std::string& path) {
  WEIR_TRY(FileSystem * files, of(path));
  return files->openNoLink(path);
}

Result<std::vector<FileInfo>> FileSystems::list(const std::string& directory) {
  WEIR_TRY(FileSystem * files, of(directory));
  return files->list(directory);
}

Result<FileInfo> FileSystems::stat(const std::string& path) {
  WEIR_TRY(FileSystem * files, of(path));
  return files->stat(path);
}

Status FileSystems::makeDirectories(const std::string& directory) {
  WEIR_TRY(FileSystem * files, of(directory));
  return files->makeDirectories(directory);
}

Status FileSystems::remove(const std::string& path) {
  WEIR_TRY(FileSystem * files, of(path));
  return files->remove(path);
}

Status FileSystems::removeFile(const std::string& path) {
  WEIR_TRY(FileSystem * files, of(path));
  return files->removeFile(path);
}

Status FileSystems::syncDirectory(const std::string& directory) {
  WEIR_TRY(FileSystem * files, of(directory));
  return files->syncDirectory(directory);
}

Status FileSystems::removeDirectory(const std::string& directory) {
  WEIR_TRY(FileSystem * files, of(directory));
  return files->removeDirectory(directory);
}

Status FileSystems::removeAll(const std::string& directory) {
  WEIR_TRY(FileSystem * files, of(directory));
  return files->removeAll(directory);
}

Status FileSystems::removeUnfinished(const std::string& directory, const IsOurs& is_ours) {
  WEIR_TRY(FileSystem * files, of(directory));
  return fs::removeUnfinished(*files, directory, is_ours);
}

}  // namespace weir::fs
