#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/connector/part_writer.h"

namespace weir::fs {
class FileSystem;
}  // namespace weir::fs

namespace weir::connector {

/// Where the part files of a FileSink lie, with what PartWriter does to them. Threads: one. Errors
/// name the path.
class PartStore {
 public:
  /// A file that rows are added to.
  class File {
   public:
    virtual ~File() = default;
    virtual Status append(std::string_view rows) = 0;
    /// The end: what was added survives a crash once the directory was kept, too.
    virtual Status close() = 0;
  };

  /// On this machine, or on another one's file system, which outlives the store.
  static std::unique_ptr<PartStore> local();
  static std::unique_ptr<PartStore> remote(fs::FileSystem& files);
  virtual ~PartStore() = default;

  /// A new file; the directories above it are made.
  virtual Result<std::unique_ptr<File>> create(const std::string& path) = 0;
  /// How many may be open at once.
  virtual std::size_t mostOpen() const = 0;
  virtual Status keepDirectory(const std::string& directory) = 0;
  /// Gives a file its name, unless somebody has done so; the directories above that are made, and
  /// are to be kept. Replaces nothing.
  virtual Status publish(const PartFile& file) = 0;
  /// Removes copies to the committed names that were cut short, by who was killed amid them.
  virtual void removeUnfinished(const std::vector<PartFile>& files) = 0;
  /// Empty when there is no such directory.
  virtual Result<std::vector<std::string>> names(const std::string& directory) = 0;
  /// Ok when there is nothing.
  virtual Status remove(const std::string& path) = 0;
  /// When nothing is in it.
  virtual void removeDirectory(const std::string& directory) = 0;
};

}  // namespace weir::connector
