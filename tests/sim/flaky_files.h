#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "common/base/random.h"
#include "common/fs/memory_file_system.h"

namespace weir::sim {

/// Files in memory on a disk that is full or broken now and then: what writes snapshots is refused,
/// cut short, or done although it answers with an error. Reading and removing work.
///
/// Threads: that of the simulation.
class FlakyFiles final : public fs::FileSystem {
 public:
  /// `per_thousand` is how likely an operation goes wrong; it may change at any time.
  FlakyFiles(fs::FileSystem& files, Random& random, const std::uint32_t& per_thousand)
      : files_(files), random_(random), per_thousand_(per_thousand) {}

  Result<std::unique_ptr<fs::FileWriter>> create(const std::string& path) override {
    WEIR_TRY(auto writer, files_.create(path));
    if (!isOfSnapshots(path)) {
      return writer;
    }
    return std::unique_ptr<fs::FileWriter>(std::make_unique<Writer>(*this, std::move(writer)));
  }
  Result<std::unique_ptr<fs::FileReader>> open(const std::string& path) override {
    return files_.open(path);
  }
  Result<std::unique_ptr<fs::FileReader>> openNoLink(const std::string& path) override {
    return files_.openNoLink(path);
  }
  Result<std::vector<fs::FileInfo>> list(const std::string& path) override {
    return files_.list(path);
  }
  Result<fs::FileInfo> stat(const std::string& path) override { return files_.stat(path); }
  Status makeDirectories(const std::string& path) override { return files_.makeDirectories(path); }
  Status remove(const std::string& path) override { return files_.remove(path); }
  Status removeFile(const std::string& path) override { return files_.removeFile(path); }
  Status syncDirectory(const std::string& path) override { return files_.syncDirectory(path); }
  Status removeDirectory(const std::string& path) override { return files_.removeDirectory(path); }
  Status removeAll(const std::string& path) override { return files_.removeAll(path); }

 private:
  class Writer final : public fs::FileWriter {
   public:
    Writer(FlakyFiles& files, std::unique_ptr<fs::FileWriter> writer)
        : files_(files), writer_(std::move(writer)) {}
    Status append(std::string_view bytes) override {
      if (!files_.goesWrong()) {
        return writer_->append(bytes);
      }
      static_cast<void>(writer_->append(bytes.substr(0, bytes.size() / 2)));
      return files_.error();
    }
    Status commit() override {
      if (!files_.goesWrong()) {
        return writer_->commit();
      }
      if (files_.random_.below(2) == 0) {
        static_cast<void>(writer_->commit());  // Its answer is lost.
      }
      return files_.error();
    }

   private:
    FlakyFiles& files_;  // Our maker.
    std::unique_ptr<fs::FileWriter> writer_;
  };

  /// Not those that ask whether all see one directory: what cannot be told of it ends a job.
  static bool isOfSnapshots(const std::string& path) {
    return path.find("/blobs") == std::string::npos && path.find("/probe-") == std::string::npos;
  }
  bool goesWrong() { return per_thousand_ > 0 && random_.below(1000) < per_thousand_; }
  Error error() {
    return random_.below(2) == 0 ? Error(ErrorCode::kResourceExhausted, "no space left on device")
                                 : Error(ErrorCode::kIo, "the disk answers with an error");
  }

  fs::FileSystem& files_;  // Borrowed from the world, like the rest.
  Random& random_;
  const std::uint32_t& per_thousand_;
};

}  // namespace weir::sim
