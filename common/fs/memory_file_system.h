#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <set>

#include "common/fs/file_system.h"

namespace weir::fs {

/// A file system that tests break on purpose.
///
/// Keeps everything in memory and takes the same paths as the local one. Every call that can fail
/// counts as one operation: each call of the interface, and each append(), commit() and read() on
/// what it has handed out. Readers and writers must not outlive the file system.
///
/// Threads: any.
class MemoryFileSystem final : public FileSystem {
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

  /// Operations so far, also failed ones.
  std::uint64_t operations() const;
  /// Lets the nth operation from now (1 is the next) fail once with `error`.
  void failOperation(std::uint64_t nth, Error error);
  /// Lets every operation fail until called with nullopt.
  void failEverything(std::optional<Error> error);
  /// Allows this many bytes in all, committed or not; beyond it append() is kResourceExhausted.
  void limitBytes(std::optional<std::uint64_t> bytes);
  /// A crash of the machine: files not committed are gone, and their writers answer kIo from now.
  void loseEverythingNotSynced();
  /// Replaces what a file holds, as a broken disk would; kNotFound when there is none.
  Status corrupt(const std::string& path, std::string bytes);
  /// Cuts a file, as a broken disk would; kNotFound when there is none.
  Status truncate(const std::string& path, std::uint64_t size);
  /// The local paths of all committed files, sorted.
  std::vector<std::string> files() const;

 private:
  class Writer;
  class Reader;

  struct File {
    std::string bytes;
    std::int64_t number = 0;  // In order of commit; stands for the time of modification.
  };

  Status countOperation(std::string_view what);  // With mutex_ held.
  bool isDirectory(const std::string& path) const;
  void addDirectories(std::string path);

  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<const File>>
      files_;  // Shared with readers of a deleted file.
  std::set<std::string> directories_;
  std::uint64_t operations_ = 0;
  std::map<std::uint64_t, Error> planned_;
  std::optional<Error> always_;
  std::optional<std::uint64_t> limit_;
  std::uint64_t used_ = 0;
  std::uint64_t crashes_ = 0;
  std::int64_t commits_ = 0;
};

}  // namespace weir::fs
