#pragma once

#include <map>
#include <memory>
#include <string>

#include "common/fs/file_system.h"
#include "common/fs/unfinished_files.h"

namespace weir::fs {

/// The file systems of a process by scheme: hands every call to the one that its path names.
///
/// Built once by each process, and passed in wherever something durable is read or written. Has the
/// local one, for plain paths and file:, from the start; configuration adds others.
///
/// Threads: any, once all are added. Errors: kInvalidArgument for a scheme that none has; else
/// those of the file system.
class FileSystems final : public FileSystem, public UnfinishedFiles {
 public:
  FileSystems();
  /// Takes the place of the one that had the scheme.
  void add(const std::string& scheme, std::unique_ptr<FileSystem> files);

  Result<Location> locate(const std::string& path) const override;
  Result<std::unique_ptr<FileWriter>> create(const std::string& path) override;
  Result<std::unique_ptr<FileReader>> open(const std::string& path) override;
  Result<std::unique_ptr<FileReader>> openNoLink(const std::string& path) override;
  Result<std::vector<FileInfo>> list(const std::string& directory) override;
  Result<FileInfo> stat(const std::string& path) override;
  Status makeDirectories(const std::string& directory) override;
  Status remove(const std::string& path) override;
  Status removeFile(const std::string& path) override;
  Status syncDirectory(const std::string& directory) override;
  Status removeDirectory(const std::string& directory) override;
  Status removeAll(const std::string& directory) override;
  Status removeUnfinished(const std::string& directory, const IsOurs& is_ours) override;

 private:
  Result<FileSystem*> of(const std::string& path) const;

  std::map<std::string, std::unique_ptr<FileSystem>> by_scheme_;
};

}  // namespace weir::fs
