#pragma once

#include "common/base/random.h"
#include "common/fs/file_system.h"
#include "common/fs/unfinished_files.h"

namespace weir::fs {

/// The directories of this machine, or of a file server that is mounted on it.
///
/// A file is written as `.<name>.<random>.tmp` beside its place, synced, linked to its name without
/// replacing another, and its directory synced: what commit() has answered with ok survives a
/// crash.
///
/// Threads: any. Errors: kNotFound for what does not exist, kFailedPrecondition for a name that is
/// taken, kInvalidArgument for paths of other schemes, kResourceExhausted for a full disk, else
/// kIo.
class LocalFileSystem final : public FileSystem, public UnfinishedFiles {
 public:
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
  SystemRandom random_;  // Names of temporary files.
};

}  // namespace weir::fs
