#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "common/fs/memory_file_system.h"
#include "common/fs/uri.h"

namespace weir::fs::testing {

/// A file system in memory that goes wrong at one chosen operation, in the ways in which disks and
/// remote file systems do that their interface allows for.
///
/// Every call that changes something, or writes, counts as one operation. A machine that crashes
/// keeps what was committed, and nothing of what was being written; a removal is kept for certain
/// only once its directory was synced afterwards, by a call or by something committed into it.
/// On one thread at a time. Writers must not outlive it.
class FaultyFileSystem final : public FileSystem {
 public:
  enum class Fault : std::uint8_t {
    kRefused,  ///< Nothing happens, and the error says so.
    kFull,     ///< The disk is full: a write is cut short, nothing else happens.
    kUntold,   ///< It happens all the same, as after an answer that was lost. A write is cut short.
    kCrash,    ///< The machine crashes before it; all calls fail until restart().
    kCrashBehind,  ///< The same, after it.
  };

  /// At the nth operation from now; 1 is the next.
  void plan(std::uint64_t nth, Fault fault) { planned_ = {operations_ + nth, fault}; }
  /// Before each operation: where a test lets its clock go on.
  void beSlow(std::function<void()> wait) { wait_ = std::move(wait); }
  /// Whether the planned operation has come.
  bool struck() const { return !planned_ || operations_ >= planned_->first; }
  std::uint64_t operations() const { return operations_; }
  /// The machine is there again. `undone` says of each removal that was not synced, in the order of
  /// their paths, whether the crash has undone it: bit by bit.
  void restart(std::uint64_t undone) {
    down_ = false;
    planned_.reset();
    memory_.loseEverythingNotSynced();
    for (const auto& [path, bytes] : removed_) {
      if ((undone & 1) != 0) {
        static_cast<void>(writeAll(memory_, path, bytes));
      }
      undone >>= 1;
    }
    removed_.clear();
  }
  std::size_t removalsNotSynced() const { return removed_.size(); }
  MemoryFileSystem& memory() { return memory_; }

  Result<std::unique_ptr<FileWriter>> create(const std::string& path) override {
    WEIR_RETURN_IF_ERROR(alive());
    WEIR_TRY(auto writer, memory_.create(path));
    return std::unique_ptr<FileWriter>(std::make_unique<Writer>(*this, path, std::move(writer)));
  }
  Result<std::unique_ptr<FileReader>> open(const std::string& path) override {
    WEIR_RETURN_IF_ERROR(alive());
    return memory_.open(path);
  }
  Result<std::unique_ptr<FileReader>> openNoLink(const std::string& path) override {
    WEIR_RETURN_IF_ERROR(alive());
    return memory_.openNoLink(path);
  }
  Result<std::vector<FileInfo>> list(const std::string& directory) override {
    WEIR_RETURN_IF_ERROR(alive());
    return memory_.list(directory);
  }
  Result<FileInfo> stat(const std::string& path) override {
    WEIR_RETURN_IF_ERROR(alive());
    return memory_.stat(path);
  }
  Status makeDirectories(const std::string& directory) override {
    return change([&] { return memory_.makeDirectories(directory); });
  }
  Status remove(const std::string& path) override {
    return change([&] { return removing(path, [&] { return memory_.remove(path); }); });
  }
  Status removeFile(const std::string& path) override {
    return change([&] { return removing(path, [&] { return memory_.removeFile(path); }); });
  }
  Status syncDirectory(const std::string& directory) override {
    return change([&] {
      Status done = memory_.syncDirectory(directory);
      if (done) {
        synced(join(directory, "any"));
      }
      return done;
    });
  }
  Status removeDirectory(const std::string& directory) override {
    return change([&] { return memory_.removeDirectory(directory); });
  }
  Status removeAll(const std::string& directory) override {
    return change([&] { return memory_.removeAll(directory); });
  }

 private:
  class Writer final : public FileWriter {
   public:
    Writer(FaultyFileSystem& files, std::string path, std::unique_ptr<FileWriter> writer)
        : files_(files), path_(std::move(path)), writer_(std::move(writer)) {}
    Status append(std::string_view bytes) override {
      return files_.change([&] { return writer_->append(bytes); },
                           [&] { return writer_->append(bytes.substr(0, bytes.size() / 2)); });
    }
    Status commit() override {
      return files_.change([&] {
        Status committed = writer_->commit();
        if (committed) {
          files_.synced(path_);
        }
        return committed;
      });
    }

   private:
    FaultyFileSystem& files_;  // Our maker.
    std::string path_;
    std::unique_ptr<FileWriter> writer_;
  };

  static Error full() { return {ErrorCode::kResourceExhausted, "no space left on device"}; }
  static Error broken() { return {ErrorCode::kIo, "the disk answers with an error"}; }
  Status alive() const { return down_ ? Status(broken()) : ok(); }

  template <typename Act>
  Status change(Act act) {
    return change(act, act);
  }
  /// `untold` is what happens of it when its answer is lost.
  template <typename Act, typename Untold>
  Status change(Act act, Untold untold) {
    WEIR_RETURN_IF_ERROR(alive());
    ++operations_;
    if (wait_) {
      wait_();
    }
    if (!planned_ || planned_->first != operations_) {
      return act();
    }
    const Fault fault = planned_->second;
    if (fault == Fault::kUntold || fault == Fault::kCrashBehind) {
      static_cast<void>(untold());
    }
    if (fault == Fault::kFull) {
      if constexpr (!std::is_same_v<Act, Untold>) {
        static_cast<void>(untold());  // A write.
      }
      return full();
    }
    down_ = fault == Fault::kCrash || fault == Fault::kCrashBehind;
    return broken();
  }

  template <typename Act>
  Status removing(const std::string& path, Act act) {
    const auto local = localPath(path);
    const auto bytes = readAll(memory_, path);
    Status removed = act();
    if (removed && local && bytes) {
      removed_.insert_or_assign(*local, *bytes);
    }
    return removed;
  }
  void synced(const std::string& path) {
    const auto local = localPath(path);
    std::erase_if(removed_, [&](const auto& one) {
      return local && (parentOf(one.first) == parentOf(*local) || one.first == *local);
    });
  }

  MemoryFileSystem memory_;
  std::uint64_t operations_ = 0;
  std::optional<std::pair<std::uint64_t, Fault>> planned_;
  std::function<void()> wait_;
  bool down_ = false;
  std::map<std::string, std::string> removed_;  // Files whose removal is not synced: path, bytes.
};

}  // namespace weir::fs::testing
