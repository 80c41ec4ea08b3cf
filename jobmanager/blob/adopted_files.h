#pragma once

#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "common/fs/file_system.h"

namespace weir::blob {

/// The files of a store of blobs whose directory outlives its job manager, for that store alone.
///
/// Each file has a directory of its own, with its name, so that what is left of an upload that was
/// not finished is found, and removed, on every file system; files as earlier releases wrote them
/// are taken as they are. A job manager that does not lead any more adds nothing and deletes
/// nothing: who uploads is answered as by one that changes, and what it leaves is found by the
/// next.
///
/// Threads: any.
class AdoptedFiles final : public fs::FileSystem {
 public:
  /// Whose the directory is. Asked on any thread.
  class Owner {
   public:
    virtual ~Owner() = default;
    /// The directory is still ours.
    virtual bool leads() const = 0;
    /// Files that were there before may be needed by who is not known: all of them stay.
    virtual bool leavesOut() const = 0;
  };

  /// Both are borrowed.
  AdoptedFiles(fs::FileSystem& files, const Owner& owner) : files_(files), owner_(owner) {}

  Result<std::unique_ptr<fs::FileWriter>> create(const std::string& path) override;
  Result<std::unique_ptr<fs::FileReader>> open(const std::string& path) override {
    return files_.open(fileOf(path));
  }
  Result<std::unique_ptr<fs::FileReader>> openNoLink(const std::string& path) override {
    return files_.openNoLink(fileOf(path));
  }
  /// Files by the names of their directories. Removes what uploads have left that were not
  /// finished.
  Result<std::vector<fs::FileInfo>> list(const std::string& directory) override;
  Result<fs::FileInfo> stat(const std::string& path) override;
  Status makeDirectories(const std::string& directory) override {
    return files_.makeDirectories(directory);
  }
  Status remove(const std::string& path) override;
  Status removeFile(const std::string& path) override { return remove(path); }
  Status syncDirectory(const std::string& directory) override {
    return files_.syncDirectory(directory);
  }
  Status removeDirectory(const std::string& directory) override {
    return files_.removeDirectory(directory);
  }
  Status removeAll(const std::string& directory) override { return files_.removeAll(directory); }

 private:
  class Writer;

  std::string fileOf(const std::string& path) const;
  Status mayChange() const;
  Status look(const std::string& directory, std::vector<fs::FileInfo>& found);

  fs::FileSystem& files_;
  const Owner& owner_;
  mutable std::mutex mutex_;
  // Under the mutex.
  std::set<std::string> bare_;    // Files without a directory of their own.
  std::set<std::string> listed_;  // By their paths here.
};

}  // namespace weir::blob
