#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace weir::fs {

/// A file being written: invisible under its name until commit(), gone if destroyed before.
/// Belongs to one thread.
class FileWriter {
 public:
  virtual ~FileWriter() = default;
  virtual Status append(std::string_view bytes) = 0;
  /// Syncs the bytes and makes the file appear under its name, atomically; kFailedPrecondition
  /// when a file of that name exists already.
  virtual Status commit() = 0;
};

/// A file open for ranged reads. Safe from any thread.
class FileReader {
 public:
  virtual ~FileReader() = default;
  virtual std::uint64_t size() const = 0;
  /// Exactly `length` bytes from `offset`; kCorruption when the file is shorter.
  virtual Result<std::string> read(std::uint64_t offset, std::uint64_t length) const = 0;
};

struct FileInfo {
  std::string name;  ///< Last component of the path.
  bool directory = false;
  std::uint64_t size = 0;
  std::int64_t modified_millis = 0;
};

/// Where durable things live. Offers only what object stores can do as well: atomic create, ranged
/// read, list, delete. Nothing is renamed or appended to. Safe from any thread.
///
/// Paths are absolute local paths ("/dir/file") or URIs ("file:/dir/file"); both are accepted in
/// every call. Errors name the path.
class FileSystem {
 public:
  virtual ~FileSystem() = default;
  /// Starts a file; directories above it are made.
  virtual Result<std::unique_ptr<FileWriter>> create(const std::string& path) = 0;
  virtual Result<std::unique_ptr<FileReader>> open(const std::string& path) = 0;
  /// Entries of a directory, sorted by name; kNotFound when there is no such directory. Files that
  /// are still being written are not listed.
  virtual Result<std::vector<FileInfo>> list(const std::string& directory) = 0;
  virtual Result<FileInfo> stat(const std::string& path) = 0;
  virtual Status makeDirectories(const std::string& directory) = 0;
  /// Deletes a file or an empty directory; ok when there is nothing.
  virtual Status remove(const std::string& path) = 0;
  /// Deletes a directory with everything in it; ok when there is nothing.
  virtual Status removeAll(const std::string& directory) = 0;
};

/// The whole of a file.
Result<std::string> readAll(FileSystem& files, const std::string& path);
/// Creates a file with these bytes, durably.
Status writeAll(FileSystem& files, const std::string& path, std::string_view bytes);

}  // namespace weir::fs
