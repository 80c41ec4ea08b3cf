#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "common/fs/memory_file_system.h"

namespace weir::fs::testing {

/// Passes everything on; calls with a path below "/hung" do not come back until told: all of them,
/// or one after another.
class HangingFileSystem final : public FileSystem {
 public:
  Result<std::unique_ptr<FileWriter>> create(const std::string& path) override {
    return through(path).create(path);
  }
  Result<std::unique_ptr<FileReader>> open(const std::string& path) override {
    return through(path).open(path);
  }
  Result<std::unique_ptr<FileReader>> openNoLink(const std::string& path) override {
    return through(path).openNoLink(path);
  }
  Result<std::vector<FileInfo>> list(const std::string& path) override {
    return through(path).list(path);
  }
  Result<FileInfo> stat(const std::string& path) override { return through(path).stat(path); }
  Status makeDirectories(const std::string& path) override {
    return through(path).makeDirectories(path);
  }
  Status remove(const std::string& path) override { return through(path).remove(path); }
  Status removeFile(const std::string& path) override { return through(path).removeFile(path); }
  Status syncDirectory(const std::string& path) override {
    return through(path).syncDirectory(path);
  }
  Status removeDirectory(const std::string& path) override {
    Status removed = through(path).removeDirectory(path);
    const std::lock_guard lock(mutex_);
    ++removed_;
    changed_.notify_all();
    return removed;
  }
  Status removeAll(const std::string& path) override { return through(path).removeAll(path); }

  void letGo() {
    const std::lock_guard lock(mutex_);
    hung_ = false;
    changed_.notify_all();
  }
  /// Lets one call through: the one that waits, or the next.
  void letOnePass() {
    const std::lock_guard lock(mutex_);
    ++may_pass_;
    changed_.notify_all();
  }
  void waitForARemovedDirectory() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return removed_ > 0; });
  }
  MemoryFileSystem& memory() { return memory_; }

 private:
  FileSystem& through(const std::string& path) {
    std::unique_lock lock(mutex_);
    if (path.find("/hung") != std::string::npos) {
      changed_.wait(lock, [&] { return !hung_ || may_pass_ > 0; });
      may_pass_ -= hung_ ? 1 : 0;
    }
    return memory_;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool hung_ = true;
  int may_pass_ = 0;
  int removed_ = 0;
  MemoryFileSystem memory_;
};

}  // namespace weir::fs::testing
