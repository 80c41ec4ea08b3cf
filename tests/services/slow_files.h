#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "common/fs/local_file_system.h"

namespace weir::services {

/// The local file system; every file that is opened, and every list, takes its time, and what has
/// certain bytes is not written until told.
class SlowFiles final : public fs::FileSystem {
 public:
  Result<std::unique_ptr<fs::FileWriter>> create(const std::string& path) override {
    WEIR_TRY(auto writer, local_.create(path));
    return std::unique_ptr<fs::FileWriter>(std::make_unique<Writer>(*this, std::move(writer)));
  }
  Result<std::unique_ptr<fs::FileReader>> open(const std::string& path) override {
    pause();
    return local_.open(path);
  }
  Result<std::unique_ptr<fs::FileReader>> openNoLink(const std::string& path) override {
    pause();
    return local_.openNoLink(path);
  }
  Result<std::vector<fs::FileInfo>> list(const std::string& path) override {
    pause();
    return local_.list(path);
  }
  Result<fs::FileInfo> stat(const std::string& path) override { return local_.stat(path); }
  Status makeDirectories(const std::string& path) override { return local_.makeDirectories(path); }
  Status remove(const std::string& path) override { return local_.remove(path); }
  Status removeFile(const std::string& path) override { return local_.removeFile(path); }
  Status syncDirectory(const std::string& path) override { return local_.syncDirectory(path); }
  Status removeDirectory(const std::string& path) override { return local_.removeDirectory(path); }
  Status removeAll(const std::string& path) override { return local_.removeAll(path); }

  void slowDown(Duration pause) {
    const std::lock_guard lock(mutex_);
    pause_ = pause;
  }
  void hold(const std::string& bytes) {
    const std::lock_guard lock(mutex_);
    held_ = bytes;
  }
  void letGo() {
    const std::lock_guard lock(mutex_);
    held_.clear();
    changed_.notify_all();
  }

 private:
  class Writer final : public fs::FileWriter {
   public:
    Writer(SlowFiles& files, std::unique_ptr<fs::FileWriter> writer)
        : files_(files), writer_(std::move(writer)) {}
    Status append(std::string_view bytes) override {
      std::unique_lock lock(files_.mutex_);
      files_.changed_.wait(lock, [&] {
        return files_.held_.empty() || bytes.find(files_.held_) == std::string_view::npos;
      });
      lock.unlock();
      return writer_->append(bytes);
    }
    Status commit() override { return writer_->commit(); }

   private:
    SlowFiles& files_;
    std::unique_ptr<fs::FileWriter> writer_;
  };

  void pause() {
    std::unique_lock lock(mutex_);
    const Duration pause = pause_;
    lock.unlock();
    std::this_thread::sleep_for(pause);
  }

  fs::LocalFileSystem local_;
  std::mutex mutex_;
  std::condition_variable changed_;
  Duration pause_{};
  std::string held_;  // Empty: nothing.
};

}  // namespace weir::services
