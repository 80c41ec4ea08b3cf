#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "common/fs/memory_file_system.h"

namespace weir::fs::testing {

/// Passes everything on; calls with a path below "/hung" do not come back until told.
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
  void waitForARemovedDirectory() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return removed_ > 0; });
  }
  MemoryFileSystem& memory() { return memory_; }

 private:
  FileSystem& through(const std::string& path) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !hung_ || path.find("/hung") == std::string::npos; });
    return memory_;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool hung_ = true;
  int removed_ = 0;
  MemoryFileSystem memory_;
};

}  // namespace weir::fs::testing
