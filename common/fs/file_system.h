#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/fs/location.h"

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
  bool regular = false;  ///< A file of bytes, and no directory, pipe, device or socket.
  bool link = false;     ///< The name is a symbolic link; all else is said of what it leads to.
  std::string identity;  ///< The same for every path of one thing.
};

/// Where durable things live. Offers only what object stores can do as well: atomic create, ranged
/// read, list, delete. Nothing is renamed or appended to. Safe from any thread.
///
/// A path is what Location::parse() takes: an absolute local one ("/dir/file") or a URI
/// ("file:/dir/file", "scheme://authority/dir/file"). Errors name it.
class FileSystem {
 public:
  virtual ~FileSystem() = default;
  /// What `path` means, where it is one of this file system: for saying what is wrong with a path
  /// before anything is done there. Errors: those of Location::parse(); kInvalidArgument for a
  /// scheme that it does not have.
  virtual Result<Location> locate(const std::string& path) const;
  /// Starts a file; directories above it are made.
  virtual Result<std::unique_ptr<FileWriter>> create(const std::string& path) = 0;
  /// Opens a regular file; kInvalidArgument, without waiting for anybody, for all else.
  virtual Result<std::unique_ptr<FileReader>> open(const std::string& path) = 0;
  /// The same, but a symbolic link is refused, too: for names that a file told, not a user.
  virtual Result<std::unique_ptr<FileReader>> openNoLink(const std::string& path) = 0;
  /// Entries of a directory, sorted by name; kNotFound when there is no such directory. Files that
  /// are still being written are not listed.
  virtual Result<std::vector<FileInfo>> list(const std::string& directory) = 0;
  virtual Result<FileInfo> stat(const std::string& path) = 0;
  virtual Status makeDirectories(const std::string& directory) = 0;
  /// Deletes a file or an empty directory; ok when there is nothing.
  virtual Status remove(const std::string& path) = 0;
  /// Deletes a regular file; ok when there is nothing. kFailedPrecondition for everything else,
  /// also where the name or the directory that holds it is a symbolic link.
  virtual Status removeFile(const std::string& path) = 0;
  /// What was deleted from this directory before stays so when the machine crashes; ok where there
  /// is no such directory, or no need.
  virtual Status syncDirectory(const std::string& directory) = 0;
  /// Deletes a directory that holds nothing but files that were never committed, with those; ok
  /// when there is nothing. kFailedPrecondition when more is in it, or it is no directory.
  virtual Status removeDirectory(const std::string& directory) = 0;
  /// Deletes a directory with everything in it; ok when there is nothing. For directories that
  /// nobody else has put anything into: caches and temporary ones.
  virtual Status removeAll(const std::string& directory) = 0;
};

/// What readAll() takes unless its caller says otherwise.
inline constexpr std::uint64_t kMostReadAtOnce = std::uint64_t{64} << 20;

/// The whole of an open file; kResourceExhausted, naming `path` and before anything is read, when
/// it has more than `most` bytes.
Result<std::string> readAll(const FileReader& file, const std::string& path, std::uint64_t most);
/// The whole of a file; errors as above.
Result<std::string> readAll(FileSystem& files,
                            const std::string& path,
                            std::uint64_t most = kMostReadAtOnce);
/// Deletes a file like removeFile(), and a crash of the machine does not bring it back. For what
/// says that something is there or needed: metadata, marks, labels; state that comes back is found
/// by nobody.
Status removeDurably(FileSystem& files, const std::string& path);
/// Creates a file with these bytes, durably.
Status writeAll(FileSystem& files, const std::string& path, std::string_view bytes);

}  // namespace weir::fs
